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
  selectDepositsNotErased,
  selectErasure,
  selectErasureObjects,
  selectIncompleteErasures,
  updateErasureCompleted,
} from '../db/erasures.ts';
import { notifyLog } from '../db/leaves.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { type ObjectStore, readAll } from '../storage/object-store.ts';
import { ErasureError } from './erasure-error.ts';
import { encodeErasureNote, erasureNoteName, NOTES_PREFIX, parseErasureNote } from './erasure-note.ts';

export interface ErasuresParts {
  db: Database;
  store: Pick<ObjectStore, 'put' | 'get' | 'head' | 'delete' | 'list'>;
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
  acting: CustodyActing;
  /** Whether a refusal may name the matters on hold. */
  mayNameMatters: boolean;
}

/** The reason that status records of an erased deposit's certificates give. */
export const ERASED_REASON = 'deposit-erased';
const ERASURES_PER_ROUND = 100;
const NOTES_AT_A_TIME = 500;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

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
 * 2. A note of it is put into the object store: a database that is restored to before 1 has forgotten it. Putting it again succeeds.
 * 3. Each object: deleted from the store, then its name forgotten. A crash in between leaves a name whose object is gone; deleting it
 *    again succeeds. What an upload or a preview was just writing is looked for under the deposit's own prefix.
 * 4. The tombstone is marked complete. A crash before it repeats 2 and 3, which find nothing.
 *
 * 2 to 4 are begun by `erase` itself and repeated by `finishDue`, at every start and every now and then, on any number of servers:
 * all of it may happen twice. At each start, `eraseAgain` does once more what the notes say and the database does not know. An object under a retention lock stays, unreadable, until its lock ends.
 */
export class Erasures {
  readonly #parts: ErasuresParts;
  #timer: NodeJS.Timeout | undefined;
  #finishing: Promise<void> | undefined;
  #stopping = false;

  constructor(parts: ErasuresParts) {
    this.#parts = parts;
  }

  /** Goes on with what a crash, an outage or a restored database left, now and every `intervalMs`. */
  start(intervalMs: number): void {
    this.#stopping = false;
    this.#round(async () => {
      await this.eraseAgain();
      await this.finishDue();
    });
    this.#timer = setInterval(() => this.#round(() => this.finishDue()), intervalMs);
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
    return this.of(db.pool, order.depositId);
  }

  /**
   * What stays of an erased deposit.
   * @param seen what whoever asks sees
   * @throws ErasureError `not-erased`
   */
  async of(seen: Queryable, depositId: string): Promise<ErasureRow> {
    const row = await selectErasure(seen, depositId);
    if (row === undefined) throw new ErasureError('not-erased', `deposit ${depositId} was not erased`);
    return row;
  }

  /**
   * Erases again what the object store remembers as erased and the database has as it was handed in: it was restored.
   * @returns ids of the deposits that were erased now
   */
  async eraseAgain(): Promise<string[]> {
    const { db, store, onTrouble } = this.#parts;
    const noted: string[] = [];
    for await (const name of store.list(NOTES_PREFIX)) noted.push(name.slice(NOTES_PREFIX.length));
    const erased: string[] = [];
    for (let i = 0; i < noted.length && !this.#stopping; i += NOTES_AT_A_TIME) {
      const known = noted.slice(i, i + NOTES_AT_A_TIME).filter((id) => UUID.test(id));
      for (const depositId of await selectDepositsNotErased(db.pool, known)) {
        try {
          await this.#eraseAsNoted(depositId);
          erased.push(depositId);
        } catch (error) {
          onTrouble(error);
        }
      }
    }
    return erased;
  }

  async #eraseAsNoted(depositId: string): Promise<void> {
    const found = await this.#parts.store.get(erasureNoteName(depositId));
    if (found === undefined) return;
    const { depositNo, basis, erasedAt } = parseErasureNote(await readAll(found.content));
    const acting = { accountId: null, userId: null, by: 'service' } as const;
    const order = { depositId, depositNo: BigInt(depositNo), basis, acting, mayNameMatters: true };
    await this.#parts.db.transaction((client) => this.#erase(client, order, { firstAt: erasedAt }));
    await notifyLog(this.#parts.db.pool, 'submission');
    await this.#finish(depositId);
  }

  /** Steps 2 to 4 of whatever is not complete. @returns how many erasures were looked at */
  async finishDue(): Promise<number> {
    const { db, onTrouble } = this.#parts;
    const due = await selectIncompleteErasures(db.pool, ERASURES_PER_ROUND);
    for (const depositId of due) {
      if (this.#stopping) break;
      await this.#finish(depositId).catch(onTrouble);
    }
    return due.length;
  }

  #round(work: () => Promise<unknown>): void {
    this.#finishing ??= work()
      .then(
        () => {},
        (error: unknown) => this.#parts.onTrouble(error),
      )
      .finally(() => {
        this.#finishing = undefined;
      });
  }

  /** Step 1. @param more further detail of the custody event */
  async #erase(q: Queryable, order: ErasureOrder, more: Record<string, string> = {}): Promise<void> {
    const { depositId, depositNo, basis, acting, mayNameMatters } = order;
    const at = new Date(this.#parts.nowMs());
    const deposit = await lockForErasure(q, depositId);
    if (deposit === undefined) throw new ErasureError('not-erased', `there is no deposit ${depositId}`);
    if (deposit.leafIndex !== depositNo) {
      throw new ErasureError('erasure-not-confirmed', `${depositNo} is not the number of deposit ${depositId}`);
    }
    if ((await selectErasure(q, depositId)) !== undefined) return;
    const holds = await lockLegalHolds(q, depositId);
    if (holds.length > 0) throw underHold(depositId, mayNameMatters ? holds : []);
    const { accountId } = deposit;
    await insertErasure(q, { depositId, accountId, userId: acting.userId, basis, erasedAt: at });
    await this.#withdrawCertificates(q, depositId, acting, at);
    await deleteDepositContent(q, depositId, at);
    await recordCustodyEvent(q, {
      depositId,
      kind: 'erased',
      actor: acting,
      at,
      detail: { basis, depositNo: String(depositNo), ...more },
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

  /** Steps 2 to 4. Rejects with the first failure, after all objects were tried. */
  async #finish(depositId: string): Promise<void> {
    const { db, store, nowMs } = this.#parts;
    const note = erasureNoteName(depositId);
    // One that is there already is of the first time, before the database was restored.
    if ((await store.head(note)) === undefined) {
      await store.put(note, encodeErasureNote(await this.of(db.pool, depositId)));
    }
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
