import { selectDeposit } from '../db/deposits.ts';
import { selectReferencedObjectNames } from '../db/objects.ts';
import type { Database } from '../db/pool.ts';
import type { ObjectStore } from '../storage/object-store.ts';

const NAMES_AT_A_TIME = 500;
/** Longer than any upload may take: what is younger may yet be named by a deposit. */
export const ORPHAN_AGE_MS = 24 * 3600_000;

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
  for await (const name of orphans({ db, store }, nowMs - olderThanMs, Number.POSITIVE_INFINITY)) {
    if (name === undefined) continue;
    await store.delete(name);
    removed++;
  }
  return removed;
}

export interface OrphanCount {
  /** Objects looked at. */
  objects: number;
  orphans: number;
  /** False if there are more objects than `mostObjects`. */
  isWhole: boolean;
}

/** What `removeOrphanObjects` would remove, of the first `mostObjects` that the store lists. */
export async function countOrphanObjects(
  parts: { db: Database; store: ObjectStore },
  nowMs: number,
  olderThanMs: number,
  mostObjects: number,
): Promise<OrphanCount> {
  const count: OrphanCount = { objects: 0, orphans: 0, isWhole: true };
  for await (const name of orphans(parts, nowMs - olderThanMs, mostObjects + 1)) {
    if (count.objects === mostObjects) return { ...count, isWhole: false };
    count.objects++;
    if (name !== undefined) count.orphans++;
  }
  return count;
}

/** For each object its name if nothing mentions it, and undefined otherwise. */
async function* orphans(
  { db, store }: { db: Database; store: ObjectStore },
  madeBeforeMs: number,
  mostObjects: number,
): AsyncGenerator<string | undefined> {
  let objects = 0;
  let names: string[] = [];
  for await (const name of store.list('deposit/')) {
    if (objects++ === mostObjects) break;
    const madeAtMs = madeAtMsOf(depositIdOf(name));
    if (madeAtMs === undefined || madeAtMs > madeBeforeMs) {
      yield undefined;
      continue;
    }
    names.push(name);
    if (names.length === NAMES_AT_A_TIME) {
      yield* unnamed(db, names);
      names = [];
    }
  }
  yield* unnamed(db, names);
}

async function* unnamed(db: Database, names: readonly string[]): AsyncGenerator<string | undefined> {
  if (names.length === 0) return;
  const named = await selectReferencedObjectNames(db.pool, [...names]);
  for (const name of names) {
    const isMentioned = named.has(name) || (await selectDeposit(db.pool, depositIdOf(name))) !== undefined;
    yield isMentioned ? undefined : name;
  }
}

function depositIdOf(objectName: string): string {
  return objectName.split('/')[1] ?? '';
}

/** The first 48 bits of a version 7 UUID are milliseconds since 1970 (RFC 9562 §5.7). Undefined for anything else. */
function madeAtMsOf(uuid: string): number | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(uuid);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}
