import type { lookup } from 'node:dns';
import {
  cancelDeliveriesTo,
  type DeliveryRow,
  selectFirstWaitingDelivery,
  updateDeliveriesEnded,
  updateDeliveriesFailed,
} from '../db/deliveries.ts';
import type { Database, Queryable } from '../db/pool.ts';
import {
  endWebhookLease,
  leaseDueWebhooks,
  type SendingWebhookRow,
  updateWebhookDisabled,
  updateWebhookFailing,
  type WebhookRow,
} from '../db/webhooks.ts';
import { utcTimeOf } from '../format/fields.ts';
import { encodeJson } from '../format/json.ts';
import { ExchangeError, exchange } from '../network/bounded-exchange.ts';
import type { MasterKeyRing } from '../storage/master-key.ts';
import { GIVE_UP_AFTER_MS, nextAttemptAt } from './back-off.ts';
import { recordNotice } from './notice.ts';
import { noticeText } from './notice-text.ts';
import { openSecrets } from './webhook-secret.ts';
import { signatureHeader } from './webhook-signature.ts';

export interface WebhookWorkerParts {
  db: Database;
  keys: MasterKeyRing;
  /** Without a slash at the end. */
  publicUrl: string;
  version: string;
  /** `any` is for tests and for trying it out: then private addresses and plain http are called too. */
  peers: 'any' | 'public';
  nowMs: () => number;
  /** Told of what is no receiver's fault. */
  onTrouble: (error: unknown) => void;
  /** For one request, name look-up and answer included. */
  timeoutMs?: number;
  /** As in `exchange`. */
  lookUp?: typeof lookup;
  trustedRoots?: string;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024;
const WEBHOOKS_AT_ONCE = 16;
/** One receiver is served so long before others get the place. */
const TURN_MS = 20_000;
/** Longer than a turn and one request: nobody else sends to it meanwhile. */
const LEASE_MS = 60_000;

/**
 * Sends notices to webhooks: to each in order and one at a time, to several at once. Any number of servers may run one: a webhook is
 * leased by who sends to it. The row is marked after the answer, so a crash between leads to the same delivery again, under the same id.
 */
export class WebhookWorker {
  readonly #parts: WebhookWorkerParts;
  readonly #active = new Map<string, Promise<void>>();
  #stopping = false;

  constructor(parts: WebhookWorkerParts) {
    this.#parts = parts;
  }

  /** Begins with what is due, and waits for none of it: a slow receiver holds up nobody else. */
  async turn(): Promise<void> {
    const { db, nowMs, onTrouble } = this.#parts;
    const free = WEBHOOKS_AT_ONCE - this.#active.size;
    if (free <= 0 || this.#stopping) return;
    const at = nowMs();
    for (const webhook of await leaseDueWebhooks(db.pool, free, new Date(at), new Date(at + LEASE_MS))) {
      const serving = this.#serve(webhook)
        .catch(onTrouble)
        .finally(() => this.#active.delete(webhook.webhookId));
      this.#active.set(webhook.webhookId, serving);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#active.values());
  }

  /** Ends after the requests under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.settled();
  }

  async #serve(webhook: SendingWebhookRow): Promise<void> {
    const { db, nowMs } = this.#parts;
    const until = nowMs() + TURN_MS;
    const secrets = await openSecrets(this.#parts.keys, webhook, nowMs());
    let goesOn = true;
    while (goesOn && !this.#stopping && nowMs() < until) {
      const delivery = await selectFirstWaitingDelivery(db.pool, webhook.webhookId);
      goesOn =
        delivery !== undefined &&
        delivery.dueAt.getTime() <= nowMs() &&
        (await this.#deliver(webhook, secrets, delivery));
    }
    await endWebhookLease(db.pool, webhook.webhookId, new Date(nowMs()));
  }

  /** @returns true if the next one may follow */
  async #deliver(webhook: WebhookRow, secrets: readonly string[], delivery: DeliveryRow): Promise<boolean> {
    const { db, nowMs } = this.#parts;
    const outcome = await this.#send(webhook.url, secrets, delivery);
    const at = new Date(nowMs());
    const ids = [delivery.deliveryId];
    if (/^2\d\d$/.test(outcome)) {
      await db.transaction(async (q) => {
        await updateDeliveriesEnded(q, ids, { state: 'sent', at, outcome });
        await updateWebhookFailing(q, webhook.webhookId, null);
      });
      return true;
    }
    const isGone = outcome === '410';
    await db.transaction(async (q) => {
      if (!isGone && at.getTime() - delivery.madeAt.getTime() < GIVE_UP_AFTER_MS) {
        await updateDeliveriesFailed(q, ids, {
          at,
          dueAt: nextAttemptAt(delivery.madeAt, delivery.attempts + 1, at.getTime()),
          outcome,
        });
        await updateWebhookFailing(q, webhook.webhookId, at);
        return;
      }
      await updateDeliveriesEnded(q, ids, { state: 'given-up', at, outcome });
      await disable(q, webhook, outcome, isGone ? 'gone' : 'failed', at);
    });
    return false;
  }

  /** @returns the status, or why there is none */
  async #send(url: string, secrets: readonly string[], delivery: DeliveryRow): Promise<string> {
    const { publicUrl, version, peers, nowMs, timeoutMs = TIMEOUT_MS, lookUp, trustedRoots } = this.#parts;
    const bytes = webhookBody(delivery, publicUrl);
    try {
      if (peers === 'public' && !url.startsWith('https:')) {
        throw new ExchangeError('exchange-address-invalid', 'only https is called');
      }
      const { status } = await exchange({
        url,
        body: { mediaType: 'application/json', bytes },
        headers: {
          'User-Agent': `tiezheng/${version}`,
          'Tiezheng-Delivery': delivery.deliveryId,
          'Tiezheng-Signature': signatureHeader(secrets, Math.floor(nowMs() / 1000), bytes),
        },
        maxBytes: MAX_ANSWER_BYTES,
        timeoutMs,
        peers,
        ...(lookUp && { lookUp }),
        ...(trustedRoots !== undefined && { trustedRoots }),
      });
      return String(status);
    } catch (error) {
      // Where a name leads is nobody's to learn from us: the code is all that the account sees.
      if (error instanceof ExchangeError) return error.code;
      throw error;
    }
  }
}

/** Canonical bytes of tiezheng/notice/v1; a repetition has the same. */
export function webhookBody(delivery: DeliveryRow, publicUrl: string): Uint8Array {
  const { deliveryId, noticeId, accountId, kind, about, at } = delivery;
  return encodeJson({
    type: 'tiezheng/notice/v1',
    deliveryId,
    noticeId,
    accountId,
    kind,
    about: { ...about },
    at: utcTimeOf(at.getTime()),
    url: publicUrl + noticeText(kind, about).page,
  });
}

async function disable(q: Queryable, webhook: WebhookRow, outcome: string, because: string, at: Date): Promise<void> {
  const { webhookId, accountId } = webhook;
  if (!(await updateWebhookDisabled(q, webhookId, because, at))) return;
  await cancelDeliveriesTo(q, webhookId, 'webhook-disabled', at);
  await recordNotice(q, {
    accountId,
    kind: 'webhook-disabled',
    key: `${webhookId} ${at.getTime()}`,
    about: { webhookId, outcome, because },
    at,
  });
}
