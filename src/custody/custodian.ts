import { randomBytes } from 'node:crypto';
import { selectAccount } from '../db/accounts.ts';
import {
  type CustodyChainRow,
  insertCustodyChain,
  insertCustodyEvent,
  insertCustodyLeaf,
  lockCustodyChain,
  lockDepositShared,
  selectCustodyChain,
  selectRepeatedEvent,
  updateCustodyChain,
} from '../db/custody.ts';
import { selectDeposit } from '../db/deposits.ts';
import { notifyLog } from '../db/leaves.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { encodeHex, sha256 } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import {
  type CustodyActor,
  type CustodyEvent,
  type CustodyKind,
  type CustodyRecord,
  custodyActorSchema,
  custodyEventSchema,
} from '../format/custody.ts';
import { checkFields, utcTimeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { appendRecord } from '../log/append-record.ts';
import { CustodyError } from './custody-error.ts';

/** Who acts. `accountId` is null for whoever holds a link and for the service itself. */
export interface CustodyActing {
  accountId: string | null;
  userId: string | null;
  by: CustodyActor['by'];
  linkId?: string;
}

export interface CustodyAct {
  depositId: string;
  kind: CustodyKind;
  actor: CustodyActing;
  /** Operator's clock. An event never gets an earlier time than the one before it. */
  at: Date;
  /** Codes, numbers and digests, never a name of a person: at most 16 members of at most 300 characters. */
  detail?: Record<string, string>;
  /**
   * The same act of the same actor with the same detail counts for this one if it is not older than so many milliseconds: a page that
   * looks for progress every second views once.
   */
  repeatsWithinMs?: number;
}

/** An event that was recorded. */
export interface RecordedEvent {
  /** Its place in the deposit's chain, from 0. */
  index: number;
  /** SHA-256 of its canonical bytes. */
  hash: Uint8Array;
  at: Date;
  /** Submission of the leaf that covers it; null if that is still to be written. */
  leaf: bigint | null;
}

/** The log hears of these at once, and not within the next minutes. */
const AT_ONCE: readonly CustodyKind[] = [
  'exported',
  'handed-over',
  'hand-over-confirmed',
  'hand-over-cancelled',
  'withdrawn',
  'superseded',
  'reinstated',
  'erased',
];
/** Each of these is in the log by a record of its own: alone they ask for no leaf, or every deposit would have two more. */
const KNOWN_TO_THE_LOG: readonly CustodyKind[] = ['received', 'certified', 'content-received'];
/** Anybody with a link may export as often as he likes: then the log hears of it with the next leaf that is due. */
const EXPORT_LEAF_GAP_MS = 60_000;

/**
 * Adds an event to the deposit's chain, in the caller's transaction: together with the act that it tells of, or, where bytes leave,
 * committed before the first of them (`recordedBefore`), so that a crash leaves one event too many and never one too few.
 *
 * The chain's row is locked until the end of that transaction, and the hash is computed under the lock: of two that come at once the
 * second one sees the first one's hash. Of several deposits in one transaction, callers take the ids in ascending order.
 *
 * For kinds that the log hears of at once, the leaf is handed in by the same transaction; callers wake the log after the commit
 * (`notifyLog`).
 *
 * @param q a client inside a transaction, never the pool
 * @throws CustodyError `custody-deposit-unknown`; FormatError `invalid-field` for the detail
 */
export async function recordCustodyEvent(q: Queryable, act: CustodyAct): Promise<RecordedEvent> {
  const { depositId, kind } = act;
  // The deposit before its chain, everywhere: whoever issues a certificate holds the deposit's row and then asks for the chain.
  const deposit = await requireDeposit(q, depositId);
  const chain = (await lockCustodyChain(q, depositId)) ?? (await openChain(q, depositId, deposit));
  const repeatKey = repeatKeyOf(act);
  if (act.repeatsWithinMs !== undefined) {
    const since = new Date(act.at.getTime() - act.repeatsWithinMs);
    const same = await selectRepeatedEvent(q, depositId, repeatKey, since);
    if (same !== undefined) return { ...same, leaf: null };
  }
  const added = await addEvent(q, act, repeatKey, { index: chain.eventCount, previous: chain.headHash }, chain.lastAt);
  const next: CustodyChainRow = {
    ...chain,
    eventCount: added.index + 1,
    headHash: Buffer.from(added.hash),
    lastAt: added.at,
    newsSince: KNOWN_TO_THE_LOG.includes(kind) ? chain.newsSince : (chain.newsSince ?? added.at),
  };
  const leaf = isDueAtOnce(kind, chain.leafAt, added.at) ? await appendLeaf(q, depositId, next, added.at) : null;
  await updateCustodyChain(
    q,
    depositId,
    leaf === null ? next : { ...next, leafCount: next.eventCount, leafAt: added.at, newsSince: null },
  );
  return { ...added, leaf };
}

/**
 * As `recordCustodyEvent`, in a transaction of its own that is durable when this resolves: for what is about to leave the service.
 * @throws as `recordCustodyEvent`
 */
export async function recordedBefore(db: Database, act: CustodyAct): Promise<RecordedEvent> {
  if (act.repeatsWithinMs !== undefined) {
    // Most looks are repeated ones: they need no lock.
    const since = new Date(act.at.getTime() - act.repeatsWithinMs);
    const same = await selectRepeatedEvent(db.pool, act.depositId, repeatKeyOf(act), since);
    if (same !== undefined) return { ...same, leaf: null };
  }
  const recorded = await db.transaction((client) => recordCustodyEvent(client, act));
  if (recorded.leaf !== null) await notifyLog(db.pool, 'submission');
  return recorded;
}

/**
 * Hands in the leaf that commits to the whole chain as it stands in `chain`. The caller holds the row's lock and notes it there.
 * @returns the submission
 */
export async function appendLeaf(
  q: Queryable,
  depositId: string,
  chain: Pick<CustodyChainRow, 'eventCount' | 'headHash'>,
  at: Date,
): Promise<bigint> {
  const record: CustodyRecord = {
    type: 'tiezheng/custody/v1',
    depositId,
    count: chain.eventCount,
    headHash: encodeHex(chain.headHash),
    salt: newSalt(),
  };
  const { submissionId, body } = await appendRecord(q, record);
  await insertCustodyLeaf(q, { submissionId, depositId, eventCount: chain.eventCount, body, at });
  return submissionId;
}

function isDueAtOnce(kind: CustodyKind, leafAt: Date | null, at: Date): boolean {
  if (!AT_ONCE.includes(kind)) return false;
  return kind !== 'exported' || leafAt === null || at.getTime() - leafAt.getTime() >= EXPORT_LEAF_GAP_MS;
}

/**
 * Begins the deposit's chain unless it has begun.
 * @param seen what the reader sees, for whom it begins: of a deposit that is not there nothing is written
 * @throws CustodyError `custody-deposit-unknown`
 */
export async function beginCustody(db: Database, seen: Queryable, depositId: string): Promise<void> {
  if ((await selectCustodyChain(seen, depositId)) !== undefined) return;
  if ((await selectDeposit(seen, depositId)) === undefined) throw depositUnknown(depositId);
  await db.transaction(async (client) => openChain(client, depositId, await requireDeposit(client, depositId)));
}

async function requireDeposit(q: Queryable, depositId: string): Promise<{ accountId: string; receivedAt: Date }> {
  const deposit = await lockDepositShared(q, depositId);
  if (deposit === undefined) throw depositUnknown(depositId);
  return deposit;
}

function depositUnknown(depositId: string): CustodyError {
  return new CustodyError('custody-deposit-unknown', `there is no deposit ${depositId}`);
}

/** Every chain begins with the deposit itself, told of when something else is to be told. */
async function openChain(
  q: Queryable,
  depositId: string,
  { accountId, receivedAt }: { accountId: string; receivedAt: Date },
): Promise<CustodyChainRow> {
  const received: CustodyAct = {
    depositId,
    kind: 'received',
    actor: { accountId, userId: null, by: 'service' },
    at: receivedAt,
  };
  const event = await eventOf(q, received, { index: 0, previous: null }, receivedAt);
  const begins = { eventCount: 1, headHash: event.hash, lastAt: receivedAt };
  if (await insertCustodyChain(q, depositId, begins)) {
    await insertCustodyEvent(q, depositId, { ...event, repeatKey: repeatKeyOf(received) });
  }
  // Whoever was faster has committed by now: an insert that meets another's waits for it.
  const chain = await lockCustodyChain(q, depositId);
  if (chain === undefined) throw new Error(`the custody chain of ${depositId} began and is not there`);
  return chain;
}

interface Place {
  index: number;
  previous: Uint8Array | null;
}

async function addEvent(
  q: Queryable,
  act: CustodyAct,
  repeatKey: Uint8Array,
  place: Place,
  lastAt: Date,
): Promise<Pick<RecordedEvent, 'index' | 'hash' | 'at'>> {
  const event = await eventOf(q, act, place, act.at > lastAt ? act.at : lastAt);
  await insertCustodyEvent(q, act.depositId, { ...event, repeatKey });
  return event;
}

async function eventOf(q: Queryable, act: CustodyAct, place: Place, at: Date) {
  const { accountId, userId, by, linkId } = act.actor;
  const account = accountId === null ? undefined : await selectAccount(q, accountId);
  const actor: CustodyActor = checkFields(custodyActorSchema, {
    type: 'tiezheng/custody-actor/v1',
    accountId,
    userId,
    by,
    linkId: linkId ?? null,
    name: account?.name ?? null,
    salt: newSalt(),
  });
  const event: CustodyEvent = checkFields(custodyEventSchema, {
    type: 'tiezheng/custody-event/v1',
    depositId: act.depositId,
    index: place.index,
    previous: place.previous === null ? null : encodeHex(place.previous),
    kind: act.kind,
    at: utcTimeOf(at.getTime()),
    actor: encodeHex(commit(actor)),
    detail: act.detail ?? {},
    salt: newSalt(),
  });
  const body = encodeJson(event as unknown as JsonValue);
  const hash: Uint8Array = sha256(body);
  return { index: place.index, kind: act.kind, at, hash, body, actor: encodeJson(actor as unknown as JsonValue) };
}

function repeatKeyOf({ kind, actor, detail }: CustodyAct): Uint8Array {
  const { accountId, userId, by, linkId } = actor;
  return sha256(encodeJson({ kind, accountId, userId, by, linkId: linkId ?? null, detail: detail ?? {} }));
}

function newSalt(): string {
  return encodeHex(randomBytes(32));
}
