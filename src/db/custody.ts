import type { Queryable } from './pool.ts';

/** Where one deposit's chain of events ends. */
export interface CustodyChainRow {
  eventCount: number;
  /** SHA-256 of the last event. */
  headHash: Buffer;
  lastAt: Date;
  /** Events that the newest leaf handed in covers. */
  leafCount: number;
  leafAt: Date | null;
  /** Time of the first event that waits for a leaf; null if none does. */
  newsSince: Date | null;
}

const CHAIN = `event_count as "eventCount", head_hash as "headHash", last_at as "lastAt", leaf_count as "leafCount",
  leaf_at as "leafAt", news_since as "newsSince"`;

/** Until the end of the transaction nobody else adds to this chain. Undefined if nothing was ever recorded. */
export async function lockCustodyChain(q: Queryable, depositId: string): Promise<CustodyChainRow | undefined> {
  const { rows } = await q.query<CustodyChainRow>(
    `select ${CHAIN} from custody_chain where deposit_id = $1 for update`,
    [depositId],
  );
  return rows[0];
}

export async function selectCustodyChain(q: Queryable, depositId: string): Promise<CustodyChainRow | undefined> {
  const { rows } = await q.query<CustodyChainRow>(`select ${CHAIN} from custody_chain where deposit_id = $1`, [
    depositId,
  ]);
  return rows[0];
}

/**
 * Who handed the deposit in and when; undefined if there is none. Until the end of the transaction nobody locks its row for himself.
 */
export async function lockDepositShared(
  q: Queryable,
  depositId: string,
): Promise<{ accountId: string; receivedAt: Date } | undefined> {
  const { rows } = await q.query<{ accountId: string; receivedAt: Date }>(
    `select account_id as "accountId", received_at as "receivedAt" from deposit where deposit_id = $1 for key share`,
    [depositId],
  );
  return rows[0];
}

/** False, and nothing is changed, if the chain has begun already. */
export async function insertCustodyChain(
  q: Queryable,
  depositId: string,
  chain: Pick<CustodyChainRow, 'eventCount' | 'lastAt'> & { headHash: Uint8Array },
): Promise<boolean> {
  const { rowCount } = await q.query(
    `insert into custody_chain (deposit_id, event_count, head_hash, last_at) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [depositId, chain.eventCount, chain.headHash, chain.lastAt],
  );
  return rowCount === 1;
}

/** For the holder of the row's lock. */
export async function updateCustodyChain(
  q: Queryable,
  depositId: string,
  chain: Omit<CustodyChainRow, 'headHash'> & { headHash: Uint8Array },
): Promise<void> {
  await q.query(
    `update custody_chain set event_count = $2, head_hash = $3, last_at = $4, leaf_count = $5, leaf_at = $6, news_since = $7
     where deposit_id = $1`,
    [depositId, chain.eventCount, chain.headHash, chain.lastAt, chain.leafCount, chain.leafAt, chain.newsSince],
  );
}

export async function insertCustodyEvent(
  q: Queryable,
  depositId: string,
  event: {
    index: number;
    kind: string;
    at: Date;
    hash: Uint8Array;
    repeatKey: Uint8Array;
    body: Uint8Array;
    actor: Uint8Array;
  },
): Promise<void> {
  const { index, kind, at, hash, repeatKey, body, actor } = event;
  await q.query(
    `insert into custody_event (deposit_id, event_index, kind, at, event_hash, repeat_key, body)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [depositId, index, kind, at, hash, repeatKey, body],
  );
  await q.query('insert into custody_actor (deposit_id, event_index, body) values ($1, $2, $3)', [
    depositId,
    index,
    actor,
  ]);
}

export interface CustodyEventRow {
  index: number;
  at: Date;
  /** SHA-256 of body. */
  hash: Buffer;
  /** Canonical bytes of tiezheng/custody-event/v1. */
  body: Buffer;
  /** Canonical bytes of tiezheng/custody-actor/v1; null once erased. */
  actor: Buffer | null;
}

const EVENT = `e.event_index as "index", e.at, e.event_hash as "hash", e.body, a.body as "actor"`;
const EVENTS = 'custody_event e left join custody_actor a using (deposit_id, event_index)';

/** In their order: those before `end`. */
export async function selectCustodyEvents(q: Queryable, depositId: string, end: number): Promise<CustodyEventRow[]> {
  const { rows } = await q.query<CustodyEventRow>(
    `select ${EVENT} from ${EVENTS} where e.deposit_id = $1 and e.event_index < $2 order by e.event_index`,
    [depositId, end],
  );
  return rows;
}

/** Newest first: those before `before`, and of each the time of the one that went before it. */
export async function selectCustodyTimeline(
  q: Queryable,
  depositId: string,
  before: number,
  limit: number,
): Promise<(CustodyEventRow & { previousAt: Date | null })[]> {
  const { rows } = await q.query<CustodyEventRow & { previousAt: Date | null }>(
    `select ${EVENT}, p.at as "previousAt"
     from ${EVENTS} left join custody_event p on p.deposit_id = e.deposit_id and p.event_index = e.event_index - 1
     where e.deposit_id = $1 and e.event_index < $2 order by e.event_index desc limit $3`,
    [depositId, before, limit],
  );
  return rows;
}

/** The newest event of this key at or after `since`, if there is one. */
export async function selectRepeatedEvent(
  q: Queryable,
  depositId: string,
  repeatKey: Uint8Array,
  since: Date,
): Promise<{ index: number; hash: Buffer; at: Date } | undefined> {
  const { rows } = await q.query<{ index: number; hash: Buffer; at: Date }>(
    `select event_index as "index", event_hash as "hash", at from custody_event
     where deposit_id = $1 and repeat_key = $2 and at >= $3 order by at desc limit 1`,
    [depositId, repeatKey, since],
  );
  return rows[0];
}

// ---------------------------------------------------------------- leaves

export async function insertCustodyLeaf(
  q: Queryable,
  leaf: { submissionId: bigint; depositId: string; eventCount: number; body: Uint8Array; at: Date },
): Promise<void> {
  await q.query(
    `insert into custody_leaf (submission_id, deposit_id, event_count, body, recorded_at) values ($1, $2, $3, $4, $5)`,
    [leaf.submissionId, leaf.depositId, leaf.eventCount, leaf.body, leaf.at],
  );
}

export interface CustodyLeafRow {
  submissionId: bigint;
  eventCount: number;
  /** Canonical bytes of tiezheng/custody/v1. */
  body: Buffer;
  /** Null until the leaf is in the tree. */
  leafIndex: bigint | null;
}

const LEAF = 'l.submission_id as "submissionId", l.event_count as "eventCount", l.body, s.leaf_index as "leafIndex"';

/** In the order in which they were handed in. */
export async function selectCustodyLeaves(q: Queryable, depositId: string): Promise<CustodyLeafRow[]> {
  const { rows } = await q.query<CustodyLeafRow>(
    `select ${LEAF} from custody_leaf l join submission s using (submission_id)
     where l.deposit_id = $1 order by l.submission_id`,
    [depositId],
  );
  return rows;
}

/** Locks chains whose news is at least as old as `newsBefore`, but none that somebody else holds. In the order of their ids. */
export async function lockCustodyChainsDue(
  q: Queryable,
  newsBefore: Date,
  limit: number,
): Promise<(CustodyChainRow & { depositId: string })[]> {
  const { rows } = await q.query<CustodyChainRow & { depositId: string }>(
    `select deposit_id as "depositId", ${CHAIN} from custody_chain
     where news_since <= $1 order by news_since, deposit_id limit $2 for update skip locked`,
    [newsBefore, limit],
  );
  return rows;
}
