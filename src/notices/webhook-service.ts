import { randomUUID } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';
import { cancelDeliveriesTo, insertWebhookDelivery } from '../db/deliveries.ts';
import { insertSpreadNotice } from '../db/notices.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { fenced } from '../db/row-security.ts';
import {
  insertWebhook,
  selectWebhook,
  selectWebhooks,
  updateWebhookDisabled,
  updateWebhookEnabled,
  updateWebhookRemoved,
  updateWebhookSecret,
  type WebhookRow,
} from '../db/webhooks.ts';
import { ExchangeError, refusePrivateAddress } from '../network/bounded-exchange.ts';
import type { MasterKeyRing } from '../storage/master-key.ts';
import type { NoticeKind } from './notice.ts';
import { NoticeError } from './notice-error.ts';
import { wrapSecret } from './webhook-secret.ts';
import { makeSecretBytes, spellSecret } from './webhook-signature.ts';

export interface WebhookServiceParts {
  db: Database;
  keys: MasterKeyRing;
  peers: 'any' | 'public';
  nowMs: () => number;
}

export const MAX_WEBHOOKS = 10;
/** So long the secret of before signs beside the new one. */
export const ROTATION_MS = 24 * 3600_000;

/** The webhooks of accounts. */
export class WebhookService {
  readonly #parts: WebhookServiceParts;

  constructor(parts: WebhookServiceParts) {
    this.#parts = parts;
  }

  /**
   * @returns the webhook and its secret, which is shown this once
   * @throws NoticeError `webhook-address-refused`, `too-many-webhooks`
   */
  async create(wanted: {
    accountId: string;
    userId: string | null;
    url: string;
    kinds: readonly NoticeKind[] | null;
  }): Promise<{ webhook: WebhookRow; secret: string }> {
    const { db, keys, nowMs } = this.#parts;
    const { accountId, userId, kinds } = wanted;
    const url = this.#checkUrl(wanted.url);
    const webhookId = uuidV7();
    const bytes = makeSecretBytes();
    const secret = await wrapSecret(keys, webhookId, bytes);
    const webhook = { webhookId, accountId, userId, url, kinds, secret, at: new Date(nowMs()) };
    if (!(await db.transaction((q) => insertWebhook(q, webhook, MAX_WEBHOOKS)))) {
      throw new NoticeError('too-many-webhooks', `an account has at most ${MAX_WEBHOOKS} webhooks`);
    }
    return { webhook: await this.#find(accountId, webhookId), secret: spellSecret(bytes) };
  }

  list(accountId: string): Promise<WebhookRow[]> {
    return selectWebhooks(this.#seenBy(accountId), accountId);
  }

  /** The new secret, shown this once; the one before signs too for a day. @throws NoticeError `webhook-not-found` */
  async rotateSecret(accountId: string, webhookId: string): Promise<string> {
    const { db, keys, nowMs } = this.#parts;
    await this.#find(accountId, webhookId);
    const bytes = makeSecretBytes();
    const secret = await wrapSecret(keys, webhookId, bytes);
    await updateWebhookSecret(db.pool, webhookId, secret, new Date(nowMs() + ROTATION_MS));
    return spellSecret(bytes);
  }

  /** What waits for it is cancelled. Disabled already, it stays as it is. @throws NoticeError `webhook-not-found` */
  async disable(accountId: string, webhookId: string): Promise<WebhookRow> {
    const { db, nowMs } = this.#parts;
    await this.#find(accountId, webhookId);
    const at = new Date(nowMs());
    await db.transaction(async (q) => {
      if (!(await updateWebhookDisabled(q, webhookId, 'account', at))) return;
      await cancelDeliveriesTo(q, webhookId, 'webhook-disabled', at);
    });
    return this.#find(accountId, webhookId);
  }

  /** Gets what happens from now on. @throws NoticeError `webhook-not-found` */
  async enable(accountId: string, webhookId: string): Promise<WebhookRow> {
    await this.#find(accountId, webhookId);
    await updateWebhookEnabled(this.#parts.db.pool, webhookId);
    return this.#find(accountId, webhookId);
  }

  /** @throws NoticeError `webhook-not-found` */
  async remove(accountId: string, webhookId: string): Promise<void> {
    const { db, nowMs } = this.#parts;
    await this.#find(accountId, webhookId);
    const at = new Date(nowMs());
    await db.transaction(async (q) => {
      await updateWebhookRemoved(q, webhookId, at);
      await cancelDeliveriesTo(q, webhookId, 'webhook-removed', at);
    });
  }

  /** Sends a notice of kind `test` to this webhook alone, behind those that wait. @throws NoticeError `webhook-not-found`, `webhook-disabled` */
  async sendTest(accountId: string, webhookId: string): Promise<string> {
    const { db, nowMs } = this.#parts;
    const { disabledAt } = await this.#find(accountId, webhookId);
    if (disabledAt !== null) throw new NoticeError('webhook-disabled', 'enable the webhook before it is tested');
    const at = new Date(nowMs());
    return db.transaction(async (q) => {
      const notice = { accountId, kind: 'test', key: randomUUID(), about: { webhookId }, at };
      const noticeId = await insertSpreadNotice(q, notice);
      return insertWebhookDelivery(q, { noticeId, accountId, webhookId, at });
    });
  }

  async #find(accountId: string, webhookId: string): Promise<WebhookRow> {
    const webhook = await selectWebhook(this.#seenBy(accountId), accountId, webhookId);
    if (webhook === undefined) throw new NoticeError('webhook-not-found', `there is no webhook ${webhookId}`);
    return webhook;
  }

  #seenBy(accountId: string): Queryable {
    const { db, nowMs } = this.#parts;
    return fenced(db, { accountId, at: new Date(nowMs()) });
  }

  /** What a name leads to is looked at with each delivery: it may change. */
  #checkUrl(text: string): string {
    const refuse = (why: string) => new NoticeError('webhook-address-refused', `the address ${why}`);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const schemes = this.#parts.peers === 'any' ? ['https:', 'http:'] : ['https:'];
    if (url === undefined || !schemes.includes(url.protocol)) throw refuse('begins with https://');
    if (url.username !== '' || url.password !== '' || url.hash !== '')
      throw refuse('has no user, password or fragment');
    if (url.href.length > 500) throw refuse('has more than 500 characters');
    if (this.#parts.peers === 'any') return url.href;
    try {
      refusePrivateAddress(url.href);
    } catch (error) {
      if (error instanceof ExchangeError) throw refuse('is no public one');
      throw error;
    }
    return url.href;
  }
}
