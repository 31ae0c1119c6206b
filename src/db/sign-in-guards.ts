import type { Queryable } from './pool.ts';

/** Until when the subject waits; undefined if it does not, at `at`. */
export async function selectSignInLock(q: Queryable, subject: Uint8Array, at: Date): Promise<Date | undefined> {
  const { rows } = await q.query<{ until: Date }>(
    'select locked_until as until from sign_in_guard where subject = $1 and locked_until > $2',
    [subject, at],
  );
  return rows[0]?.until;
}

/**
 * Counts one attempt before it is made, so that several at once cannot all pass. The one that reaches `limit` within `windowMs` locks
 * the subject for `lockMs`; an attempt after lock or window begins at one again.
 */
export async function countSignInAttempt(
  q: Queryable,
  subject: Uint8Array,
  at: Date,
  { limit, windowMs, lockMs }: { limit: number; windowMs: number; lockMs: number },
): Promise<void> {
  await q.query(
    `insert into sign_in_guard as g (subject, failures, since) values ($1, 1, $2)
     on conflict (subject) do update set
       failures = case when g.since <= $3 or g.locked_until <= $2 then 1 else g.failures + 1 end,
       since = case when g.since <= $3 or g.locked_until <= $2 then $2 else g.since end,
       locked_until = case
         when g.since <= $3 or g.locked_until <= $2 then null
         when g.failures + 1 >= $4 then coalesce(g.locked_until, $5)
         else g.locked_until end`,
    [subject, at, new Date(at.getTime() - windowMs), limit, new Date(at.getTime() + lockMs)],
  );
}

export async function deleteSignInGuard(q: Queryable, subject: Uint8Array): Promise<void> {
  await q.query('delete from sign_in_guard where subject = $1', [subject]);
}

/** What counts no more at `before`. */
export async function deleteOldSignInGuards(q: Queryable, before: Date): Promise<void> {
  await q.query('delete from sign_in_guard where since < $1 and (locked_until is null or locked_until < $1)', [before]);
}
