import { randomBytes, randomUUID } from 'node:crypto';
import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import {
  bundleMails,
  type DeliveryRow,
  type DueMail,
  selectDueMails,
  updateDeliveriesEnded,
  updateDeliveriesFailed,
} from '../db/deliveries.ts';
import { openNoticePreference } from '../db/notices.ts';
import type { Database } from '../db/pool.ts';
import { backOffMs, GIVE_UP_AFTER_MS, nextAttemptAt } from './back-off.ts';
import { type MailCarrier, MailError } from './mail.ts';
import { MAILED_BY_DEFAULT } from './notice.ts';
import { noticeMail } from './notice-mail.ts';

export interface MailWorkerParts {
  db: Database;
  carrier: MailCarrier;
  /** Without a slash at the end. */
  publicUrl: string;
  /** After a mail a member gets the next one so much later at the earliest, with all that happened since. */
  quietMs: number;
  nowMs: () => number;
  /** Told of every failure. */
  onTrouble: (error: unknown) => void;
}

const MEMBERS_AT_ONCE = 100;
const NOTICES_PER_MAIL = 50;
const MAILS_AT_ONCE = 50;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** Servers restart; people need to know of one that stays away. */
const ALARM_AFTER_MS = 10 * 60_000;
export const MAIL_ALARM = 'mail-server-unreachable';

/**
 * Sends notices by mail. Any number of servers may run one: they take turns. A mail is put together in the rows before it is sent and
 * marked afterwards, so a crash between leads to the same mail again, with the same Message-ID.
 */
export class MailWorker {
  readonly #parts: MailWorkerParts;
  /** Of the server as a whole, not of one mail; this process's own. */
  #failures = 0;
  #failingSince: number | undefined;
  /** Also by a process before this one. */
  #mayBeAlarmed = true;
  #pauseUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: MailWorkerParts) {
    this.#parts = parts;
  }

  async turn(): Promise<void> {
    if (this.#parts.nowMs() < this.#pauseUntil) return;
    await withAdvisoryLock(this.#parts.db, 'notice mails', () => this.#send());
  }

  async #send(): Promise<void> {
    const { db, quietMs, nowMs } = this.#parts;
    await db.transaction((q) =>
      bundleMails(q, {
        limit: MEMBERS_AT_ONCE,
        perMail: NOTICES_PER_MAIL,
        quietSince: new Date(nowMs() - quietMs),
        newMailId: randomUUID,
      }),
    );
    for (const mail of await selectDueMails(db.pool, MAILS_AT_ONCE, new Date(nowMs()))) {
      // Where the server itself is away, the others would wait as long and end in the same way.
      if (!(await this.#sendOne(mail))) return;
    }
  }

  /** @returns false if the server is away */
  async #sendOne(mail: DueMail): Promise<boolean> {
    const { db, carrier, publicUrl, nowMs, onTrouble } = this.#parts;
    const ids = mail.deliveries.map(({ deliveryId }) => deliveryId);
    const { accountId, userId, address, attempts, madeAt } = mail.deliveries[0] as DeliveryRow;
    try {
      const { language, unsubscribeToken } = await openNoticePreference(db.pool, {
        ...{ accountId, userId: userId as string, language: 'both', emailKinds: [...MAILED_BY_DEFAULT] },
        newToken: randomBytes(32).toString('base64url'),
        at: new Date(nowMs()),
      });
      await carrier.send(
        noticeMail({
          id: mail.mailId,
          to: address as string,
          language,
          notices: mail.deliveries,
          publicUrl,
          unsubscribeUrl: `${publicUrl}/api/v1/notices/unsubscribe?token=${unsubscribeToken}`,
        }),
      );
    } catch (error) {
      onTrouble(error);
      const at = new Date(nowMs());
      if (!(error instanceof MailError)) throw error;
      const outcome = `${error.code}: ${error.message}`;
      const isOver = at.getTime() - madeAt.getTime() >= GIVE_UP_AFTER_MS;
      if (isOver || error.code === 'mail-rejected' || error.code === 'mail-invalid') {
        await updateDeliveriesEnded(db.pool, ids, { state: 'given-up', at, outcome });
      } else {
        const dueAt = nextAttemptAt(madeAt, attempts + 1, at.getTime());
        await updateDeliveriesFailed(db.pool, ids, { at, dueAt, outcome });
      }
      if (error.code !== 'mail-server-unreachable') return true;
      await this.#pause(error.message);
      return false;
    }
    // A crash here sends the same mail again.
    await updateDeliveriesEnded(db.pool, ids, { state: 'sent', at: new Date(nowMs()), outcome: 'sent' });
    if (this.#mayBeAlarmed) await clearAlarm(db.pool, MAIL_ALARM, new Date(nowMs()));
    this.#mayBeAlarmed = false;
    this.#failures = 0;
    this.#failingSince = undefined;
    return true;
  }

  async #pause(message: string): Promise<void> {
    const { db, nowMs } = this.#parts;
    const now = nowMs();
    this.#failingSince ??= now;
    this.#mayBeAlarmed = true;
    this.#failures++;
    this.#pauseUntil = now + Math.min(backOffMs(this.#failures), LONGEST_PAUSE_MS);
    if (now - this.#failingSince >= ALARM_AFTER_MS) await raiseAlarm(db.pool, MAIL_ALARM, message, new Date(now));
  }
}
