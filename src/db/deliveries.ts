import type { NoticeAbout } from './notices.ts';
import type { Queryable } from './pool.ts';

export type DeliveryState = 'waiting' | 'sent' | 'given-up' | 'cancelled';

/** One notice on its way to one receiver. */
export interface DeliveryRow {
  deliveryId: string;
  ordinal: bigint;
  noticeId: string;
  accountId: string;
  kind: string;
  about: NoticeAbout;
  /** Of the notice. */
  at: Date;
  webhookId: string | null;
  userId: string | null;
  address: string | null;
  state: DeliveryState;
  attempts: number;
  madeAt: Date;
  dueAt: Date;
  lastAttemptAt: Date | null;
  outcome: string | null;
  endedAt: Date | null;
}

const DELIVERY = `d.delivery_id as "deliveryId", d.ordinal, d.notice_id as "noticeId", d.account_id as "accountId", n.kind, n.about, n.at,
  d.webhook_id as "webhookId", d.user_id as "userId", d.address, d.state, d.attempts, d.made_at as "madeAt", d.due_at as "dueAt",
  d.last_attempt_at as "lastAttemptAt", d.outcome, d.ended_at as "endedAt"`;

/** Newest first; `before` is an ordinal, null for the first page. */
export async function selectDeliveries(
  q: Queryable,
  accountId: string,
  limit: number,
  before: bigint | null,
): Promise<DeliveryRow[]> {
  const { rows } = await q.query<DeliveryRow>(
    `select ${DELIVERY} from delivery d join notice n using (notice_id)
     where d.account_id = $1 and ($3::bigint is null or d.ordinal < $3) order by d.ordinal desc limit $2`,
    [accountId, limit, before],
  );
  return rows;
}

export async function insertWebhookDelivery(
  q: Queryable,
  delivery: { noticeId: string; accountId: string; webhookId: string; at: Date },
): Promise<string> {
  const { rows } = await q.query<{ deliveryId: string }>(
    `insert into delivery (notice_id, account_id, webhook_id, made_at, due_at) values ($1, $2, $3, $4, $4)
     returning delivery_id as "deliveryId"`,
    [delivery.noticeId, delivery.accountId, delivery.webhookId, delivery.at],
  );
  return (rows[0] as { deliveryId: string }).deliveryId;
}

/** The next one to the webhook, due or not: none goes before it. */
export async function selectFirstWaitingDelivery(q: Queryable, webhookId: string): Promise<DeliveryRow | undefined> {
  const { rows } = await q.query<DeliveryRow>(
    `select ${DELIVERY} from delivery d join notice n using (notice_id)
     where d.webhook_id = $1 and d.state = 'waiting' order by d.ordinal limit 1`,
    [webhookId],
  );
  return rows[0];
}

/** The attempt that failed is counted, and the next one is due at `dueAt`. */
export async function updateDeliveriesFailed(
  q: Queryable,
  deliveryIds: readonly string[],
  { at, dueAt, outcome }: { at: Date; dueAt: Date; outcome: string },
): Promise<void> {
  await q.query(
    `update delivery set attempts = attempts + 1, last_attempt_at = $2, due_at = $3, outcome = left($4, 300)
     where delivery_id = any($1) and state = 'waiting'`,
    [deliveryIds, at, dueAt, outcome],
  );
}

/** After a last attempt, which is counted. */
export async function updateDeliveriesEnded(
  q: Queryable,
  deliveryIds: readonly string[],
  { state, at, outcome }: { state: 'sent' | 'given-up'; at: Date; outcome: string },
): Promise<void> {
  await q.query(
    `update delivery set state = $2, attempts = attempts + 1, last_attempt_at = $3, ended_at = $3, outcome = left($4, 300)
     where delivery_id = any($1) and state = 'waiting'`,
    [deliveryIds, state, at, outcome],
  );
}

/** All that wait for the webhook. */
export async function cancelDeliveriesTo(q: Queryable, webhookId: string, outcome: string, at: Date): Promise<number> {
  const { rowCount } = await q.query(
    `update delivery set state = 'cancelled', ended_at = $3, outcome = $2 where webhook_id = $1 and state = 'waiting'`,
    [webhookId, outcome, at],
  );
  return rowCount ?? 0;
}

/**
 * Puts waiting notices of each member into a mail of `newMailId()`, at most `perMail` and only if he got no mail since `quietSince`.
 * To be called by one server at a time.
 */
export async function bundleMails(
  q: Queryable,
  {
    limit,
    perMail,
    quietSince,
    newMailId,
  }: { limit: number; perMail: number; quietSince: Date; newMailId: () => string },
): Promise<number> {
  const { rows } = await q.query<{ accountId: string; userId: string }>(
    `select account_id as "accountId", user_id as "userId" from delivery d
     where state = 'waiting' and address is not null and mail_id is null
       and not exists (select from delivery s where s.account_id = d.account_id and s.user_id = d.user_id
         and s.address is not null and (s.state = 'sent' and s.ended_at > $2 or s.state = 'waiting' and s.mail_id is not null))
     group by account_id, user_id order by min(ordinal) limit $1`,
    [limit, quietSince],
  );
  for (const { accountId, userId } of rows) {
    await q.query(
      `update delivery set mail_id = $3 where delivery_id in (
         select delivery_id from delivery where account_id = $1 and user_id = $2 and state = 'waiting' and mail_id is null
         order by ordinal limit $4)`,
      [accountId, userId, newMailId(), perMail],
    );
  }
  return rows.length;
}

/** A mail that is to be sent: notices of one account for one of its members, in their order. */
export interface DueMail {
  mailId: string;
  deliveries: DeliveryRow[];
}

export async function selectDueMails(q: Queryable, limit: number, at: Date): Promise<DueMail[]> {
  const { rows } = await q.query<DeliveryRow & { mailId: string }>(
    `select ${DELIVERY}, d.mail_id as "mailId" from delivery d join notice n using (notice_id)
     where d.mail_id in (select mail_id from delivery where state = 'waiting' and address is not null and mail_id is not null and due_at <= $2
       group by mail_id order by min(ordinal) limit $1) and d.state = 'waiting'
     order by d.ordinal`,
    [limit, at],
  );
  const mails = new Map<string, DeliveryRow[]>();
  for (const { mailId, ...row } of rows) mails.set(mailId, [...(mails.get(mailId) ?? []), row]);
  return [...mails].map(([mailId, deliveries]) => ({ mailId, deliveries }));
}

/** What ended before. */
export async function deleteEndedDeliveries(q: Queryable, before: Date): Promise<number> {
  const { rowCount } = await q.query('delete from delivery where ended_at < $1', [before]);
  return rowCount ?? 0;
}
