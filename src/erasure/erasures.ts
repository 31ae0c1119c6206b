import { recordStatus } from '../certificate/record-status.ts';
import { type CustodyActing, recordCustodyEvent } from '../custody/custodian.ts';
import { selectOpenIntent, updateIntentEnded } from '../db/certificate-intents.ts';
import { selectNewestStatus } from '../db/certificate-statuses.ts';
import {
  deleteDepositContent,
  deleteErasureObject,
  type ErasureBasis,
  type ErasureRow,
  insertErasure,
  lockForErasure,
  lockLegalHolds,
  selectCertificateNamesOfDeposit,
  selectErasure,
  selectErasureObjects,
  selectIncompleteErasures,
  updateErasureCompleted,
} from '../db/erasures.ts';
import { notifyLog } from '../db/leaves.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { ErasureError } from './erasure-error.ts';

export interface ErasuresParts {
  db: Database;
  store: Pick<ObjectStore, 'delete' | 'list'>;
  nowMs: () => number;
  /** Told of every object that could not be deleted; the next round tries again. */
  onTrouble: (error: unknown) => void;
}

/** What is to be erased, and who says so. That he may is the caller's to see. */
export interface ErasureOrder {
  depositId: string;
  /** The deposit's number as the person typed it. */
  depositNo: bigint;
  basis: ErasureBasis;
  acting: CustodyActing & { accountId: string };
  /** Whether a refusal may name the matters on hold. */
  mayNameMatters: boolean;
}

/** The reason that status records of an erased deposit's certificates give. */
export const ERASED_REASON = 'deposit-erased';
const ERASURES_PER_ROUND = 100;

/**
 * Erases what a deposit says, for good: content, names, digests, statements, and the bytes of its certificates. What stays is what says
 * nothing of the content: the leaf, the deposit's number and times, its custody, a tombstone. Of several deposits with equal content each
 * has objects and keys of its own, so that none loses anything by the erasure of another.
 *
 * The acts that cannot be undone, in order:
 *
 * 1. One transaction: lock, look for legal hold, write the tombstone and the names of all objects that have to go, delete rows and keys,
 *    withdraw the certificates, record the custody events with their leaves. A crash leaves all or nothing. From the commit on nobody can
 *    read the content: an object without its key is noise, wherever copies of it may be.
 * 2. Each object: deleted from the store, then its name forgotten. A crash in between leaves a name whose object is gone; deleting it
 *    again succeeds. What an upload or a preview was just writing is looked for under the deposit's own prefix.
 * 3. The tombstone is marked complete. A crash before it repeats 2, which finds nothing.
 *
 * 2 and 3 are begun by `erase` itself and repeated by `finishDue`, at every start and every now and then, on any number of servers:
 * all of it may happen twice. An object under a retention lock stays, unreadable, until its lock ends.
 */
export class Erasures {
  readonly #parts: ErasuresParts;
  #timer: NodeJS.Timeout | undefined;
  #finishing: Promise<void> | undefined;
  #stopping = false;

  constructor(parts: ErasuresParts) {
    this.#parts = parts;
  }

  /** Goes on with what a crash or an outage left, now and every `intervalMs`. */
  start(intervalMs: number): void {
    this.#stopping = false;
    this.#round();
    this.#timer = setInterval(() => this.#round(), intervalMs);
  }

  /** Finishes the deletion under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping = true;
    await this.#finishing;
  }

  /**
   * Resolves once the content cannot be read any more; `completedAt` says whether its ciphertext is gone too. A deposit that was erased
   * before answers as it was then.
   * @throws ErasureError `deposit-under-legal-hold`, `erasure-not-confirmed`; `not-erased` if there is no such deposit
   */
  async erase(order: ErasureOrder): Promise<ErasureRow> {
    const { db, onTrouble } = this.#parts;
    await db.transaction((client) => this.#erase(client, order));
    await notifyLog(db.pool, 'submission');
    await this.#finish(order.depositId).catch(onTrouble);
    return this.of(order.depositId);
  }

  /** What stays of an erased deposit. @throws ErasureError `not-erased` */
  async of(depositId: string): Promise<ErasureRow> {
    const row = await selectErasure(this.#parts.db.pool, depositId);
    if (row === undefined) throw new ErasureError('not-erased', `deposit ${depositId} was not erased`);
    return row;
  }

  /** Steps 2 and 3 of whatever is not complete. @returns how many erasures were looked at */
  async finishDue(): Promise<number> {
    const { db, onTrouble } = this.#parts;
    const due = await selectIncompleteErasures(db.pool, ERASURES_PER_ROUND);
    for (const depositId of due) {
      if (this.#stopping) break;
      await this.#finish(depositId).catch(onTrouble);
    }
    return due.length;
  }

  #round(): void {
    this.#finishing ??= this.finishDue()
      .then(
        () => {},
        (error: unknown) => this.#parts.onTrouble(error),
      )
      .finally(() => {
        this.#finishing = undefined;
      });
  }

  /** Step 1. */
  async #erase(q: Queryable, { depositId, depositNo, basis, acting, mayNameMatters }: ErasureOrder): Promise<void> {
    const at = new Date(this.#parts.nowMs());
    const deposit = await lockForErasure(q, depositId);
    if (deposit === undefined) throw new ErasureError('not-erased', `there is no deposit ${depositId}`);
    if (deposit.leafIndex !== depositNo) {
      throw new ErasureError('erasure-not-confirmed', `${depositNo} is not the number of deposit ${depositId}`);
    }
    if ((await selectErasure(q, depositId)) !== undefined) return;
    const holds = await lockLegalHolds(q, depositId);
    if (holds.length > 0) throw underHold(depositId, mayNameMatters ? holds : []);
    await insertErasure(q, { depositId, accountId: acting.accountId, userId: acting.userId, basis, erasedAt: at });
    await this.#withdrawCertificates(q, depositId, acting, at);
    await deleteDepositContent(q, depositId, at);
    await recordCustodyEvent(q, {
      depositId,
      kind: 'erased',
      actor: acting,
      at,
      detail: { basis, depositNo: String(depositNo) },
    });
  }

  async #withdrawCertificates(q: Queryable, depositId: string, actor: CustodyActing, at: Date): Promise<void> {
    const withdraw = (certificateNo: string, digest: Uint8Array) =>
      recordStatus(q, { certificateNo, digest, status: 'withdrawn', reason: ERASED_REASON, atMs: at.getTime() });
    const intent = await selectOpenIntent(q, depositId);
    if (intent !== undefined) {
      // Its digest is a leaf already: the log says that nothing will come of it.
      await updateIntentEnded(q, intent.certificateNo, 'given-up');
      await withdraw(intent.certificateNo, intent.digest);
    }
    for (const { certificateNo, digest } of await selectCertificateNamesOfDeposit(q, depositId)) {
      if (await isWithdrawn(q, certificateNo)) continue;
      await withdraw(certificateNo, digest);
      const detail = { certificateNo, reason: ERASED_REASON };
      await recordCustodyEvent(q, { depositId, kind: 'withdrawn', actor, at, detail });
    }
  }

  /** Steps 2 and 3. Rejects with the first failure, after all objects were tried. */
  async #finish(depositId: string): Promise<void> {
    const { db, store, nowMs } = this.#parts;
    const failures: unknown[] = [];
    const remove = async (name: string) => {
      try {
        await store.delete(name);
        await deleteErasureObject(db.pool, name);
      } catch (error) {
        failures.push(error);
      }
    };
    for (const name of await selectErasureObjects(db.pool, depositId)) await remove(name);
    // Collected first: a list that shrinks while it is read may skip names.
    const left: string[] = [];
    for await (const name of store.list(`deposit/${depositId}/`)) left.push(name);
    for (const name of left) await remove(name);
    if (failures.length > 0) throw failures[0];
    await updateErasureCompleted(db.pool, depositId, new Date(nowMs()));
  }
}

async function isWithdrawn(q: Queryable, certificateNo: string): Promise<boolean> {
  const newest = await selectNewestStatus(q, certificateNo);
  if (newest === undefined) return false;
  const { body } = newest;
  const record = parseCanonicalJson(body, { maxBytes: body.length, maxDepth: MAX_DEPTH }) as { status?: string };
  return record.status === 'withdrawn';
}

function underHold(depositId: string, matters: readonly { matterId: string; title: string }[]): ErasureError {
  const named = matters.map(({ matterId, title }) => `${title} (${matterId})`).join(', ');
  const why = named === '' ? '' : `: ${named}`;
  return new ErasureError(
    'deposit-under-legal-hold',
    `deposit ${depositId} is kept while a matter with it is on legal hold${why}`,
  );
}
