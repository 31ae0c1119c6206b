import { selectCustodyChain, selectCustodyLeaves, selectCustodyTimeline } from '../db/custody.ts';
import type { Database } from '../db/pool.ts';
import { type Fence, fenced, readWithin } from '../db/row-security.ts';
import { encodeHex } from '../format/bytes.ts';
import { type CustodyActor, parseCustodyActor, parseCustodyEvent } from '../format/custody.ts';
import { beginCustody } from './custodian.ts';

export interface TimelineEvent {
  index: number;
  kind: string;
  /** UTC. */
  at: string;
  /** Whole minutes since the event before, rounded down; null for the first. */
  gapMinutes: number | null;
  /** Null where it was erased or stays closed. */
  actor: Pick<CustodyActor, 'accountId' | 'userId' | 'by' | 'linkId' | 'name'> | null;
  detail: Record<string, string>;
  /** SHA-256 of the event, hex. */
  hash: string;
  /** True if a leaf in the log covers it. */
  inTheLog: boolean;
}

export interface Timeline {
  /** Events recorded. */
  count: number;
  /** How many of them the newest leaf covers, and its place; null before the first leaf. */
  leaf: { count: number; leafIndex: number } | null;
  /** Newest first. */
  events: TimelineEvent[];
  /** For `before` of the next page; null on the last one. */
  next: number | null;
}

/**
 * What was recorded of a deposit, newest first, as far as it is within the fence.
 * @param before events with a smaller index
 * @throws CustodyError `custody-deposit-unknown`
 */
export async function readTimeline(
  db: Database,
  fence: Fence,
  depositId: string,
  { before, limit, actors }: { before: number; limit: number; actors: 'opened' | 'closed' },
): Promise<Timeline> {
  await beginCustody(db, fenced(db, fence), depositId);
  const { chain, leaves, rows } = await readWithin(db, fence, async (q) => ({
    chain: await selectCustodyChain(q, depositId),
    leaves: await selectCustodyLeaves(q, depositId),
    rows: await selectCustodyTimeline(q, depositId, before, limit),
  }));
  const newest = leaves.findLast(({ leafIndex }) => leafIndex !== null);
  const last = rows.at(-1);
  return {
    count: chain?.eventCount ?? 0,
    leaf: newest === undefined ? null : { count: newest.eventCount, leafIndex: Number(newest.leafIndex) },
    events: rows.map((row) => {
      const { index, kind, at, detail } = parseCustodyEvent(row.body);
      return {
        index,
        kind,
        at,
        gapMinutes: row.previousAt === null ? null : Math.floor((row.at.getTime() - row.previousAt.getTime()) / 60_000),
        actor: row.actor === null || actors === 'closed' ? null : told(parseCustodyActor(row.actor)),
        detail,
        hash: encodeHex(row.hash),
        inTheLog: index < (newest?.eventCount ?? 0),
      };
    }),
    next: last === undefined || last.index === 0 ? null : last.index,
  };
}

function told({ accountId, userId, by, linkId, name }: CustodyActor): NonNullable<TimelineEvent['actor']> {
  return { accountId, userId, by, linkId, name };
}
