import { selectDeposit } from '../db/deposits.ts';
import { selectReferencedObjectNames } from '../db/objects.ts';
import type { Database } from '../db/pool.ts';
import type { ObjectStore } from '../storage/object-store.ts';

const NAMES_AT_A_TIME = 500;

/**
 * Removes objects whose deposit never came to be: the upload broke off with the process, or the commit failed while the store
 * was away. Only those of ids made more than `olderThanMs` before `nowMs`, because other servers may be receiving: it must be
 * longer than any upload may take. Objects of a deposit that exists are never touched.
 * @returns how many objects were removed
 */
export async function removeOrphanObjects(
  { db, store }: { db: Database; store: ObjectStore },
  nowMs: number,
  olderThanMs: number,
): Promise<number> {
  let removed = 0;
  let names: string[] = [];
  const flush = async () => {
    removed += await removeUnnamed({ db, store }, names);
    names = [];
  };
  for await (const name of store.list('deposit/')) {
    const madeAtMs = madeAtMsOf(depositIdOf(name));
    if (madeAtMs === undefined || madeAtMs > nowMs - olderThanMs) continue;
    names.push(name);
    if (names.length === NAMES_AT_A_TIME) await flush();
  }
  await flush();
  return removed;
}

async function removeUnnamed({ db, store }: { db: Database; store: ObjectStore }, names: string[]): Promise<number> {
  if (names.length === 0) return 0;
  const named = await selectReferencedObjectNames(db.pool, names);
  let removed = 0;
  for (const name of names) {
    if (named.has(name) || (await selectDeposit(db.pool, depositIdOf(name))) !== undefined) continue;
    await store.delete(name);
    removed++;
  }
  return removed;
}

function depositIdOf(objectName: string): string {
  return objectName.split('/')[1] ?? '';
}

/** The first 48 bits of a version 7 UUID are milliseconds since 1970 (RFC 9562 §5.7). Undefined for anything else. */
function madeAtMsOf(uuid: string): number | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(uuid);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}
