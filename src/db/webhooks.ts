import type { Queryable } from './pool.ts';

export interface WebhookRow {
  webhookId: string;
  accountId: string;
  url: string;
  /** Null: every kind. */
  kinds: string[] | null;
  createdAt: Date;
  failingSince: Date | null;
  disabledAt: Date | null;
  disabledBecause: string | null;
}

/** With what signs, which nobody's requests read. */
export interface SendingWebhookRow extends WebhookRow {
  secretKeyId: string;
  wrappedSecret: Buffer;
  previousKeyId: string | null;
  previousSecret: Buffer | null;
  previousUntil: Date | null;
}

/** A secret as it is kept. */
export interface WrappedSecret {
  keyId: string;
  wrapped: Uint8Array;
}

const WEBHOOK = `w.webhook_id as "webhookId", w.account_id as "accountId", w.url, w.kinds, w.created_at as "createdAt",
  w.failing_since as "failingSince", w.disabled_at as "disabledAt", w.disabled_because as "disabledBecause"`;
const SECRETS = `w.secret_key_id as "secretKeyId", w.wrapped_secret as "wrappedSecret", w.previous_key_id as "previousKeyId",
  w.previous_secret as "previousSecret", w.previous_until as "previousUntil"`;

/** False if the account has `most` already. To be called in a transaction, which locks the account's row. */
export async function insertWebhook(
  q: Queryable,
  webhook: {
    webhookId: string;
    accountId: string;
    url: string;
    kinds: readonly string[] | null;
    secret: WrappedSecret;
    userId: string | null;
    at: Date;
  },
  most: number,
): Promise<boolean> {
  await q.query('select from account where account_id = $1 for update', [webhook.accountId]);
  const { rows } = await q.query<{ count: bigint }>(
    'select count(*) from webhook where account_id = $1 and removed_at is null',
    [webhook.accountId],
  );
  if (Number(rows[0]?.count) >= most) return false;
  await q.query(
    `insert into webhook (webhook_id, account_id, url, kinds, secret_key_id, wrapped_secret, created_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      webhook.webhookId,
      webhook.accountId,
      webhook.url,
      webhook.kinds,
      webhook.secret.keyId,
      webhook.secret.wrapped,
      webhook.at,
      webhook.userId,
    ],
  );
  return true;
}

/** Oldest first. */
export async function selectWebhooks(q: Queryable, accountId: string): Promise<WebhookRow[]> {
  const { rows } = await q.query<WebhookRow>(
    `select ${WEBHOOK} from webhook w where w.account_id = $1 and w.removed_at is null order by w.created_at, w.webhook_id`,
    [accountId],
  );
  return rows;
}

/** Undefined if the account has no such webhook: another's is not told from one that never was. */
export async function selectWebhook(
  q: Queryable,
  accountId: string,
  webhookId: string,
): Promise<WebhookRow | undefined> {
  const { rows } = await q.query<WebhookRow>(
    `select ${WEBHOOK} from webhook w where w.account_id = $1 and w.webhook_id = $2 and w.removed_at is null`,
    [accountId, webhookId],
  );
  return rows[0];
}

/** True if it was active. */
export async function updateWebhookDisabled(
  q: Queryable,
  webhookId: string,
  because: string,
  at: Date,
): Promise<boolean> {
  const { rowCount } = await q.query(
    'update webhook set disabled_at = $3, disabled_because = $2 where webhook_id = $1 and disabled_at is null',
    [webhookId, because, at],
  );
  return rowCount === 1;
}

export async function updateWebhookEnabled(q: Queryable, webhookId: string): Promise<void> {
  await q.query(
    'update webhook set disabled_at = null, disabled_because = null, failing_since = null where webhook_id = $1',
    [webhookId],
  );
}

export async function updateWebhookRemoved(q: Queryable, webhookId: string, at: Date): Promise<void> {
  await q.query(
    `update webhook set removed_at = $2, previous_key_id = null, previous_secret = null, previous_until = null where webhook_id = $1`,
    [webhookId, at],
  );
}

/** The secret of before signs beside the new one until `previousUntil`. */
export async function updateWebhookSecret(
  q: Queryable,
  webhookId: string,
  secret: WrappedSecret,
  previousUntil: Date,
): Promise<void> {
  await q.query(
    `update webhook set previous_key_id = secret_key_id, previous_secret = wrapped_secret, previous_until = $4,
       secret_key_id = $2, wrapped_secret = $3 where webhook_id = $1`,
    [webhookId, secret.keyId, secret.wrapped, previousUntil],
  );
}

/** When the first of the failures in a row was; null after a success. */
export async function updateWebhookFailing(q: Queryable, webhookId: string, since: Date | null): Promise<void> {
  await q.query(
    `update webhook set failing_since = case when $2::timestamptz is null then null else coalesce(failing_since, $2) end
     where webhook_id = $1 and (failing_since is null) = ($2::timestamptz is not null)`,
    [webhookId, since],
  );
}

/** Takes webhooks whose next delivery is due and that no other server sends to, until `leaseUntil` at most. */
export async function leaseDueWebhooks(
  q: Queryable,
  limit: number,
  at: Date,
  leaseUntil: Date,
): Promise<SendingWebhookRow[]> {
  const { rows } = await q.query<SendingWebhookRow>(
    `update webhook w set leased_until = $3 where webhook_id in (
       select c.webhook_id from webhook c
       where c.webhook_id in (select webhook_id from delivery where state = 'waiting' and webhook_id is not null)
         and c.disabled_at is null and c.removed_at is null and (c.leased_until is null or c.leased_until <= $2)
         and (select due_at from delivery d where d.webhook_id = c.webhook_id and d.state = 'waiting' order by d.ordinal limit 1) <= $2
       order by c.leased_until nulls first limit $1 for update skip locked)
     returning ${WEBHOOK}, ${SECRETS}`,
    [limit, at, leaseUntil],
  );
  return rows;
}

export async function endWebhookLease(q: Queryable, webhookId: string, at: Date): Promise<void> {
  await q.query('update webhook set leased_until = $2 where webhook_id = $1', [webhookId, at]);
}
