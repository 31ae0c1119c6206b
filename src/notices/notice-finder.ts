import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { deleteEndedDeliveries } from '../db/deliveries.ts';
import {
  insertAnchoredNotices,
  insertGrantReceivedNotices,
  insertHandOverNotices,
  insertRenewalDueNotices,
  insertStuckNotices,
  insertUploadExpiringNotices,
  spreadNotices,
} from '../db/notices.ts';
import type { Database } from '../db/pool.ts';
import { MAILED_BY_DEFAULT } from './notice.ts';

export interface NoticeFinderParts {
  db: Database;
  nowMs: () => number;
  /** A deposit that has no final anchor after so long is stuck. */
  stuckAfterMs: number;
  /** False where nobody sends mails. */
  byMail: boolean;
}

const LEAVES_AT_ONCE = 2000;
const NOTICES_AT_ONCE = 500;
/** Causes that take a look at many rows, and are in no hurry. */
const SLOW_SWEEP_MS = 60_000;
const STUCK_AGAIN_MS = 24 * 3600_000;
/** A service that was away for longer tells nobody of grants made before. */
const GRANTS_LOOKED_AT_MS = 7 * 24 * 3600_000;
const UPLOAD_WARNING_MS = 24 * 3600_000;
/** The delivery log goes back so far. */
const KEEP_DELIVERIES_MS = 90 * 24 * 3600_000;

/**
 * Finds causes that have left rows but no notice, and makes deliveries of all notices, whoever wrote them. Any number of servers may
 * run one: they take turns. Each step is one transaction; a crash leaves it done or not, and the next turn goes on.
 */
export class NoticeFinder {
  readonly #parts: NoticeFinderParts;
  #slowSweepAt = Number.NEGATIVE_INFINITY;

  constructor(parts: NoticeFinderParts) {
    this.#parts = parts;
  }

  async turn(): Promise<void> {
    await withAdvisoryLock(this.#parts.db, 'notices', async () => {
      await this.#find();
      await this.#spread();
    });
  }

  async #find(): Promise<void> {
    const { db, nowMs, stuckAfterMs } = this.#parts;
    const at = new Date(nowMs());
    while ((await db.transaction((q) => insertAnchoredNotices(q, LEAVES_AT_ONCE, at))) > 0);
    await insertHandOverNotices(db.pool, at);
    await insertGrantReceivedNotices(db.pool, new Date(at.getTime() - GRANTS_LOOKED_AT_MS), at);
    if (nowMs() - this.#slowSweepAt < SLOW_SWEEP_MS) return;
    await insertStuckNotices(
      db.pool,
      new Date(at.getTime() - stuckAfterMs),
      `${Math.floor(at.getTime() / STUCK_AGAIN_MS)}`,
      at,
    );
    await insertUploadExpiringNotices(db.pool, UPLOAD_WARNING_MS, at);
    await insertRenewalDueNotices(db.pool, at);
    await deleteEndedDeliveries(db.pool, new Date(at.getTime() - KEEP_DELIVERIES_MS));
    this.#slowSweepAt = nowMs();
  }

  async #spread(): Promise<void> {
    const { db, nowMs, byMail } = this.#parts;
    const at = new Date(nowMs());
    const mailed = byMail ? MAILED_BY_DEFAULT : null;
    while ((await db.transaction((q) => spreadNotices(q, NOTICES_AT_ONCE, mailed, at))) > 0);
  }
}
