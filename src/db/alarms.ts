import type { Queryable } from './pool.ts';

export interface Alarm {
  alarmId: bigint;
  /** Kebab-case, stable. */
  code: string;
  detail: string;
  raisedAt: Date;
  clearedAt: Date | null;
}

const COLUMNS = `alarm_id as "alarmId", code, detail, raised_at as "raisedAt", cleared_at as "clearedAt"`;

/** Opens an alarm, or gives the open one of this code its newest detail: one is open per code. */
export async function raiseAlarm(q: Queryable, code: string, detail: string, at: Date): Promise<void> {
  await q.query(
    `insert into alarm (code, detail, raised_at) values ($1, $2, $3)
     on conflict (code) where cleared_at is null do update set detail = excluded.detail`,
    [code, detail, at],
  );
}

/** True if one was open. */
export async function clearAlarm(q: Queryable, code: string, at: Date): Promise<boolean> {
  const { rowCount } = await q.query('update alarm set cleared_at = $2 where code = $1 and cleared_at is null', [
    code,
    at,
  ]);
  return rowCount === 1;
}

export async function selectOpenAlarms(q: Queryable): Promise<Alarm[]> {
  return (await q.query<Alarm>(`select ${COLUMNS} from alarm where cleared_at is null order by alarm_id`)).rows;
}

/** Newest first, open and cleared. */
export async function selectAlarms(q: Queryable, limit: number): Promise<Alarm[]> {
  return (await q.query<Alarm>(`select ${COLUMNS} from alarm order by alarm_id desc limit $1`, [limit])).rows;
}
