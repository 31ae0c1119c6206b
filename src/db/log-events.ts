import type { LogEvent } from '../format/log-event.ts';
import type { Queryable } from './pool.ts';

export interface LogEventRow {
  /** Canonical bytes of tiezheng/log-event/v1. */
  body: Buffer;
  /** Undefined where the row was put back after a restore. */
  submissionId: bigint | null;
  /** Null until the leaf is in the tree. */
  leafIndex: bigint | null;
  recordedAt: Date;
}

/** Its leaf is handed in, in the same transaction. */
export async function insertLogEvent(
  q: Queryable,
  row: { event: LogEvent['event']; leafData: Uint8Array; body: Uint8Array; submissionId: bigint; at: Date },
): Promise<void> {
  await q.query(
    'insert into log_event (event, leaf_data, body, submission_id, recorded_at) values ($1, $2, $3, $4, $5)',
    [row.event, row.leafData, row.body, row.submissionId, row.at],
  );
}

/** A row that a restored database had lost, though its leaf is in the tree. One that is there stays. */
export async function insertRefilledLogEvent(
  q: Queryable,
  row: { event: LogEvent['event']; leafData: Uint8Array; body: Uint8Array; leafIndex: bigint; at: Date },
): Promise<void> {
  await q.query(
    `insert into log_event (event, leaf_data, body, refilled_index, recorded_at) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [row.event, row.leafData, row.body, row.leafIndex, row.at],
  );
}

/** In the order of their leaves; those that wait for theirs come last. */
export async function selectLogEvents(q: Queryable, event: LogEvent['event']): Promise<LogEventRow[]> {
  const { rows } = await q.query<LogEventRow>(
    `select e.body, e.submission_id as "submissionId", coalesce(e.refilled_index, s.leaf_index) as "leafIndex",
            e.recorded_at as "recordedAt"
     from log_event e left join submission s using (submission_id)
     where e.event = $1 order by coalesce(e.refilled_index, s.leaf_index) nulls last, e.log_event_id`,
    [event],
  );
  return rows;
}

export async function selectNewestLogEvent(q: Queryable, event: LogEvent['event']): Promise<LogEventRow | undefined> {
  const { rows } = await q.query<LogEventRow>(
    `select e.body, e.submission_id as "submissionId", coalesce(e.refilled_index, s.leaf_index) as "leafIndex",
            e.recorded_at as "recordedAt"
     from log_event e left join submission s using (submission_id)
     where e.event = $1 order by e.log_event_id desc limit 1`,
    [event],
  );
  return rows[0];
}

/** Rotations handed in whose leaf waits for its place; hardly ever one. */
export async function selectWaitingRotations(q: Queryable): Promise<{ submissionId: bigint; body: Buffer }[]> {
  const { rows } = await q.query<{ submissionId: bigint; body: Buffer }>(
    `select e.submission_id as "submissionId", e.body
     from submission s join log_event e using (submission_id)
     where s.leaf_index is null and e.event = 'key-rotation' order by 1`,
  );
  return rows;
}

/** Until the end of the transaction no other one that asks hands in an event. */
export async function lockLogEvents(q: Queryable): Promise<void> {
  await q.query('lock table log_event in share row exclusive mode');
}
