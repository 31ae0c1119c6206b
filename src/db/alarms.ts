import type { Queryable } from './pool.ts';

export interface Alarm {
  alarmId: bigint;
  /** Kebab-case, stable. */
  code: string;
  /** What it is about where there are several, such as a chain and contract; empty for the log itself. */
  subject: string;
  detail: string;
  raisedAt: Date;
  clearedAt: Date | null;
}

const COLUMNS = `alarm_id as "alarmId", code, subject, detail, raised_at as "raisedAt", cleared_at as "clearedAt"`;

/** Opens an alarm, or gives the open one of this code and subject its newest detail: one is open per code and subject. */
export async function raiseAlarm(q: Queryable, code: string, detail: string, at: Date, subject = ''): Promise<void> {
  await q.query(
    `insert into alarm (code, subject, detail, raised_at) values ($1, $2, $3, $4)
     on conflict (code, subject) where cleared_at is null do update set detail = excluded.detail
     where alarm.detail <> excluded.detail`,
    [code, subject, detail, at],
  );
}

/** True if one was open. */
export async function clearAlarm(q: Queryable, code: string, at: Date, subject = ''): Promise<boolean> {
  const { rowCount } = await q.query(
    'update alarm set cleared_at = $3 where code = $1 and subject = $2 and cleared_at is null',
    [code, subject, at],
  );
  return rowCount === 1;
}

/** Those of the given codes that are about the log itself. */
export async function clearLogAlarms(q: Queryable, codes: readonly string[], at: Date): Promise<void> {
  await q.query(
    `update alarm set cleared_at = $2 where code = any($1::text[]) and subject = '' and cleared_at is null`,
    [codes, at],
  );
}

export async function selectOpenAlarms(q: Queryable): Promise<Alarm[]> {
  return (await q.query<Alarm>(`select ${COLUMNS} from alarm where cleared_at is null order by alarm_id`)).rows;
}

/** Open and cleared ones about one subject, newest first. */
export async function selectAlarmsAbout(q: Queryable, subject: string, codes: readonly string[]): Promise<Alarm[]> {
  const { rows } = await q.query<Alarm>(
    `select ${COLUMNS} from alarm where subject = $1 and code = any($2) order by alarm_id desc`,
    [subject, codes],
  );
  return rows;
}

/** Newest first, open and cleared. */
export async function selectAlarms(q: Queryable, limit: number): Promise<Alarm[]> {
  return (await q.query<Alarm>(`select ${COLUMNS} from alarm order by alarm_id desc limit $1`, [limit])).rows;
}
