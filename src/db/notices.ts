import type { Queryable } from './pool.ts';

export type NoticeAbout = Readonly<Record<string, string | number>>;
export type NoticeLanguage = 'both' | 'zh' | 'en';

export interface NoticeRow {
  noticeId: string;
  ordinal: bigint;
  accountId: string;
  kind: string;
  about: NoticeAbout;
  at: Date;
}

export interface NewNotice {
  accountId: string;
  kind: string;
  /** 1 to 200 characters. */
  key: string;
  about: NoticeAbout;
  at: Date;
}

const NOTICE = `n.notice_id as "noticeId", n.ordinal, n.account_id as "accountId", n.kind, n.about, n.at`;

/** True if the account has no notice of this kind and key yet, and now has one. */
export async function insertNotice(q: Queryable, notice: NewNotice): Promise<boolean> {
  const { rowCount } = await q.query(
    `insert into notice (account_id, kind, key, about, at) values ($1, $2, $3, $4, $5)
     on conflict (account_id, kind, key) do nothing`,
    [notice.accountId, notice.kind, notice.key, JSON.stringify(notice.about), notice.at],
  );
  return rowCount === 1;
}

/** One whose deliveries the caller makes himself. Its key is new. @returns its id */
export async function insertSpreadNotice(q: Queryable, notice: NewNotice): Promise<string> {
  const { rows } = await q.query<{ noticeId: string }>(
    `insert into notice (account_id, kind, key, about, at, spread_at) values ($1, $2, $3, $4, $5, $5)
     returning notice_id as "noticeId"`,
    [notice.accountId, notice.kind, notice.key, JSON.stringify(notice.about), notice.at],
  );
  return (rows[0] as { noticeId: string }).noticeId;
}

/** Newest first; `before` is an ordinal, null for the first page. */
export async function selectNotices(
  q: Queryable,
  accountId: string,
  limit: number,
  before: bigint | null,
): Promise<NoticeRow[]> {
  const { rows } = await q.query<NoticeRow>(
    `select ${NOTICE} from notice n where n.account_id = $1 and ($3::bigint is null or n.ordinal < $3)
     order by n.ordinal desc limit $2`,
    [accountId, limit, before],
  );
  return rows;
}

// ---------------------------------------------------------------- causes, found from what they have left

/**
 * A notice for each deposit in the tree that a final anchor came to cover since the last sweep, at most `limit` at once. To be called
 * in a transaction: the sweep moves on together with the notices.
 * @returns how many leaves it went on
 */
export async function insertAnchoredNotices(q: Queryable, limit: number, at: Date): Promise<number> {
  const { rows } = await q.query<{ done: bigint; anchored: bigint }>(
    `select s.leaf_index as done, least(s.leaf_index + $1, (select coalesce(max(tree_size), 0) from anchor where state = 'final')) as anchored
     from notice_sweep s where s.name = 'anchored' for update`,
    [limit],
  );
  const [sweep] = rows;
  if (sweep === undefined || sweep.anchored <= sweep.done) return 0;
  await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select d.account_id, 'anchored', d.deposit_id::text,
       json_build_object('depositId', d.deposit_id, 'chain', a.chain, 'treeSize', a.tree_size), $3
     from submission s join deposit d using (submission_id)
     join lateral (select chain, tree_size from anchor where state = 'final' and tree_size > s.leaf_index order by tree_size limit 1) a on true
     where s.leaf_index >= $1 and s.leaf_index < $2 order by s.leaf_index
     on conflict (account_id, kind, key) do nothing`,
    [sweep.done, sweep.anchored, at],
  );
  await q.query(`update notice_sweep set leaf_index = $1 where name = 'anchored'`, [sweep.anchored]);
  return Number(sweep.anchored - sweep.done);
}

/** For the deposit's account, in the transaction that issues the certificate. */
export async function insertCertifiedNotice(
  q: Queryable,
  depositId: string,
  certificateNo: string,
  at: Date,
): Promise<void> {
  await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select account_id, 'certified', $2, json_build_object('depositId', deposit_id, 'certificateNo', $2::text), $3 from deposit where deposit_id = $1
     on conflict (account_id, kind, key) do nothing`,
    [depositId, certificateNo, at],
  );
}

/** For the deposit's owner, if that is not who sees it; `window` ends the key. True if it is new. */
export async function insertGrantOpenedNotice(
  q: Queryable,
  { depositId, byAccountId, at }: { depositId: string; byAccountId: string; at: Date },
  window: string,
): Promise<boolean> {
  const { rowCount } = await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select account_id, 'grant-opened', 'deposit ' || $1::text || ' ' || $2::text || $4::text,
       json_build_object('depositId', deposit_id, 'byAccountId', $2::text), $3
     from deposit where deposit_id = $1::uuid and account_id <> $2::uuid
     on conflict (account_id, kind, key) do nothing`,
    [depositId, byAccountId, at, window],
  );
  return rowCount === 1;
}

/** One for each account with deposits from before `receivedBefore` that no final anchor covers; `key` names the window. */
export async function insertStuckNotices(q: Queryable, receivedBefore: Date, key: string, at: Date): Promise<number> {
  const { rowCount } = await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select d.account_id, 'stuck', $2, json_build_object('deposits', count(*),
       'oldestReceivedAt', to_char(min(d.received_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), $3
     from submission s join deposit d using (submission_id)
     where (s.leaf_index is null or s.leaf_index >= (select coalesce(max(tree_size), 0) from anchor where state = 'final'))
       and d.received_at < $1
     group by d.account_id
     on conflict (account_id, kind, key) do nothing`,
    [receivedBefore, key, at],
  );
  return rowCount ?? 0;
}

/** One for each hand-over that names an account of this service as receiver and still waits for it. */
export async function insertHandOverNotices(q: Queryable, at: Date): Promise<number> {
  const { rowCount } = await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select h.receiver_account, 'hand-over-waiting', h.hand_over_id::text, json_build_object('handOverId', h.hand_over_id,
       'depositId', h.deposit_id, 'expiresAt', to_char(h.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), h.handed_over_at
     from hand_over h join account a on a.account_id = h.receiver_account
     where h.ended is null and h.expires_at > $1
       and not exists (select from notice n where n.account_id = h.receiver_account and n.kind = 'hand-over-waiting' and n.key = h.hand_over_id::text)
     order by h.handed_over_at
     on conflict (account_id, kind, key) do nothing`,
    [at],
  );
  return rowCount ?? 0;
}

/**
 * One for each grant of the last days, to the account that it is for or that it names, or to the person whose confirmed address it names. Found
 * here and not written by whoever gives it: how long giving takes would tell whether there is such an account, or an address has a user.
 */
export async function insertGrantReceivedNotices(q: Queryable, madeAfter: Date, at: Date): Promise<number> {
  const { rowCount } = await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select r.account_id, 'grant-received', g.grant_id::text, json_strip_nulls(json_build_object('grantId', g.grant_id,
       'depositId', g.deposit_id, 'matterId', g.matter_id, 'byAccountId', g.account_id)), g.created_at
     from access_grant g cross join lateral (
       select g.grantee_account_id as account_id where g.grantee_account_id is not null
       union
       select a.account_id from account a where g.grantee_account_id is null and a.account_id = g.invited_account_id
       union
       select a.account_id from auth."user" u join membership m on m.user_id = u."id" join account a using (account_id)
       where g.grantee_account_id is null and u."email" = g.invited_email and u."emailVerified" and a.kind = 'person') r
     where g.created_at > $1 and g.request_id is null and g.revoked_at is null and (g.expires_at is null or g.expires_at > $2)
       and not exists (select from notice n where n.account_id = r.account_id and n.kind = 'grant-received' and n.key = g.grant_id::text)
     order by g.created_at
     on conflict (account_id, kind, key) do nothing`,
    [madeAfter, at],
  );
  return rowCount ?? 0;
}

/**
 * While something is due for renewal: one notice to each account with a certificate from before that was found, and to those who run
 * the service. Until it was cleared and found anew.
 */
export async function insertRenewalDueNotices(q: Queryable, at: Date): Promise<number> {
  const { rowCount } = await q.query(
    `with due as (select min(raised_at) as since from alarm where code = 'renewal-due' and cleared_at is null having count(*) > 0),
       told as (select since, to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as key from due)
     insert into notice (account_id, kind, key, about, at)
     select a.account_id, 'renewal-due', t.key,
       case when o.deposits > 0 then json_build_object('deposits', o.deposits, 'dueSince', t.key) else json_build_object('dueSince', t.key) end, $1
     from told t cross join account a
     cross join lateral (select count(*) as deposits from deposit d
       where d.account_id = a.account_id
         and exists (select from certificate c where c.deposit_id = d.deposit_id and c.issued_at < t.since)) o
     where (o.deposits > 0 or 'operator' = any (a.roles))
       and not exists (select from notice n where n.account_id = a.account_id and n.kind = 'renewal-due' and n.key = t.key)
     on conflict (account_id, kind, key) do nothing`,
    [at],
  );
  return rowCount ?? 0;
}

/** One for each upload that would end within `withinMs` and has not moved for an hour: by upload and day of its end. */
export async function insertUploadExpiringNotices(q: Queryable, withinMs: number, at: Date): Promise<number> {
  const { rowCount } = await q.query(
    `insert into notice (account_id, kind, key, about, at)
     select u.account_id, 'upload-expiring', u.upload_id || ' ' || to_char(u.expires_at at time zone 'UTC', 'YYYY-MM-DD'),
       json_build_object('uploadId', u.upload_id, 'depositId', u.deposit_id, 'fileIndex', u.file_index,
         'expiresAt', to_char(u.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), $2
     from upload u
     where u.state = 'open' and u.offset_bytes < u.size_bytes and u.expires_at > $2 and u.expires_at <= $2::timestamptz + $1 * interval '1 ms'
       and u.created_at < $2::timestamptz - interval '1 hour'
     on conflict (account_id, kind, key) do nothing`,
    [withinMs, at],
  );
  return rowCount ?? 0;
}

// ---------------------------------------------------------------- who is told

/**
 * Makes deliveries of notices that have none yet, in their order: to the webhooks of the account that want the kind, and to its members
 * with a confirmed address who want it by mail. In one transaction, and alone: two at once would mix up the order.
 * @param mailedByDefault kinds that members get who have not chosen; null: nobody gets mails
 */
export async function spreadNotices(
  q: Queryable,
  limit: number,
  mailedByDefault: readonly string[] | null,
  at: Date,
): Promise<number> {
  const { rows } = await q.query<{ noticeId: string }>(
    `select notice_id as "noticeId" from notice where spread_at is null order by ordinal limit $1 for update`,
    [limit],
  );
  const ids = rows.map(({ noticeId }) => noticeId);
  if (ids.length === 0) return 0;
  await q.query(
    `insert into delivery (notice_id, account_id, webhook_id, made_at, due_at)
     select n.notice_id, n.account_id, w.webhook_id, $2, $2
     from notice n join webhook w on w.account_id = n.account_id
     where n.notice_id = any($1) and w.disabled_at is null and w.removed_at is null and (w.kinds is null or n.kind = any(w.kinds))
       and n.kind <> 'test'
     order by n.ordinal on conflict do nothing`,
    [ids, at],
  );
  if (mailedByDefault !== null)
    await q.query(
      `insert into delivery (notice_id, account_id, user_id, address, made_at, due_at)
     select n.notice_id, n.account_id, u."id", u."email", $2, $2
     from notice n join membership m on m.account_id = n.account_id join auth."user" u on u."id" = m.user_id
     left join notice_preference own on own.account_id = n.account_id and own.user_id = u."id"
     left join notice_preference common on common.account_id = n.account_id and common.user_id = ''
     where n.notice_id = any($1) and u."emailVerified" and length(u."email") <= 254
       and n.kind = any(coalesce(own.email_kinds, common.email_kinds, $3))
     order by n.ordinal on conflict do nothing`,
      [ids, at, mailedByDefault],
    );
  await q.query('update notice set spread_at = $2 where notice_id = any($1)', [ids, at]);
  return ids.length;
}

export interface NoticePreference {
  language: NoticeLanguage;
  emailKinds: string[];
}

/** What the user has chosen, else what the account has; undefined if neither has. Empty `userId`: the account alone. */
export async function selectNoticePreference(
  q: Queryable,
  accountId: string,
  userId: string,
): Promise<NoticePreference | undefined> {
  const { rows } = await q.query<NoticePreference>(
    `select language, email_kinds as "emailKinds" from notice_preference
     where account_id = $1 and user_id in ($2, '') order by user_id desc limit 1`,
    [accountId, userId],
  );
  return rows[0];
}

/** @param chosen.newToken for the first mail; a token that there is stays */
export async function upsertNoticePreference(
  q: Queryable,
  chosen: NoticePreference & { accountId: string; userId: string; newToken: string; at: Date },
): Promise<void> {
  await q.query(
    `insert into notice_preference (account_id, user_id, language, email_kinds, unsubscribe_token, changed_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (account_id, user_id) do update set language = excluded.language, email_kinds = excluded.email_kinds, changed_at = excluded.changed_at`,
    [chosen.accountId, chosen.userId, chosen.language, chosen.emailKinds, chosen.newToken, chosen.at],
  );
}

/** The user's language and the token of his mails, written down with `otherwise` if he has none. */
export async function openNoticePreference(
  q: Queryable,
  otherwise: NoticePreference & { accountId: string; userId: string; newToken: string; at: Date },
): Promise<{ language: NoticeLanguage; unsubscribeToken: string }> {
  await q.query(
    `insert into notice_preference (account_id, user_id, language, email_kinds, unsubscribe_token, changed_at)
     select $1, $2, coalesce(c.language, $3), coalesce(c.email_kinds, $4), $5, $6
     from (select) one left join notice_preference c on c.account_id = $1 and c.user_id = ''
     on conflict (account_id, user_id) do nothing`,
    [otherwise.accountId, otherwise.userId, otherwise.language, otherwise.emailKinds, otherwise.newToken, otherwise.at],
  );
  const { rows } = await q.query<{ language: NoticeLanguage; unsubscribeToken: string }>(
    `select language, unsubscribe_token as "unsubscribeToken" from notice_preference where account_id = $1 and user_id = $2`,
    [otherwise.accountId, otherwise.userId],
  );
  return rows[0] as { language: NoticeLanguage; unsubscribeToken: string };
}

/** No mails of notices any more to whom the token was sent, those on their way included. False if there is no such token. */
export async function endNoticeMails(q: Queryable, token: string, at: Date): Promise<boolean> {
  const { rows } = await q.query<{ accountId: string; userId: string }>(
    `update notice_preference set email_kinds = '{}', changed_at = $2 where unsubscribe_token = $1
     returning account_id as "accountId", user_id as "userId"`,
    [token, at],
  );
  const [whose] = rows;
  if (whose === undefined) return false;
  await q.query(
    `update delivery set state = 'cancelled', ended_at = $3, outcome = 'unsubscribed'
     where account_id = $1 and user_id = $2 and state = 'waiting'`,
    [whose.accountId, whose.userId, at],
  );
  return true;
}
