import type { Queryable } from './pool.ts';

/**
 * Counts an attempt that is about to be made, in one statement, so that of many at once no more than `limit` pass. The first one too
 * many within `windowMs` locks the subject for `lockMs`; those after it lock it no longer. After lock or window it begins again.
 * @returns until when the subject waits; null if the attempt may be made
 */
export async function countSignInAttempt(
  q: Queryable,
  subject: Uint8Array,
  at: Date,
  { limit, windowMs, lockMs }: { limit: number; windowMs: number; lockMs: number },
): Promise<Date | null> {
  const { rows } = await q.query<{ until: Date | null }>(
    `insert into sign_in_guard as g (subject, failures, since) values ($1, 1, $2)
     on conflict (subject) do update set (failures, since, locked_until) = (
       select
         case when over then 1 else g.failures + 1 end,
         case when over then $2 else g.since end,
         case when over then null when g.failures >= $4 then coalesce(g.locked_until, $5) end
       from (select coalesce(g.locked_until <= $2, g.since <= $3) as over) as judged)
     returning locked_until as until`,
    [subject, at, new Date(at.getTime() - windowMs), limit, new Date(at.getTime() + lockMs)],
  );
  return rows[0]?.until ?? null;
}

export async function deleteSignInGuard(q: Queryable, subject: Uint8Array): Promise<void> {
  await q.query('delete from sign_in_guard where subject = $1', [subject]);
}

/** What counts no more at `before`. */
export async function deleteOldSignInGuards(q: Queryable, before: Date): Promise<void> {
  await q.query('delete from sign_in_guard where since < $1 and (locked_until is null or locked_until < $1)', [before]);
}
