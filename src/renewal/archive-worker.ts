import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import { Turns } from '../turns.ts';
import { archiveNewDeposits } from './deposit-archive.ts';
import { type DueItem, selectDue } from './due.ts';
import { ARCHIVE_LOCK, type RenewalParts, renewTimestamps } from './renew.ts';
import { RenewalError } from './renewal-error.ts';

export interface ArchiveWorkerParts extends Omit<RenewalParts, 'vault' | 'onProgress'> {
  /** Between two looks for deposits that have no evidence record yet. */
  intervalMs: number;
  onTrouble: (error: unknown) => void;
}

/** Alarms about the archive; none of them holds a deposit up. */
export const ARCHIVE_ALARMS = ['renewal-due', 'archive-stamping-failed'] as const;
const LOOK_INTERVAL_MS = 24 * 3600_000;
const FAILURES_UNTIL_ALARM = 3;
const LONGEST_PAUSE_MS = 6 * 3600_000;

/**
 * Begins evidence records for new deposits, and looks once a day at what is due for renewal. It renews by itself only what the settings
 * allow; otherwise it raises `renewal-due`, which the next look that finds nothing due clears.
 */
export class ArchiveWorker {
  readonly #parts: ArchiveWorkerParts;
  readonly #turns = new Turns(() => this.turn());
  #lookedMs: number | undefined;
  #failures = 0;

  constructor(parts: ArchiveWorkerParts) {
    this.#parts = parts;
  }

  /** Returns at once. */
  start(): void {
    this.#turns.start();
  }

  /** Resolves when the request under way has ended. */
  async stop(): Promise<void> {
    await this.#turns.stop();
  }

  /** Stamps what waits, and looks if a day has passed. Never rejects. @returns milliseconds until the next turn */
  async turn(): Promise<number> {
    const { db, nowMs, intervalMs, onTrouble } = this.#parts;
    try {
      await withAdvisoryLock(db, ARCHIVE_LOCK, () => this.#stampWaiting());
      const nowLookedMs = nowMs();
      if (this.#lookedMs === undefined || Math.abs(nowLookedMs - this.#lookedMs) >= LOOK_INTERVAL_MS) {
        await this.#look();
        this.#lookedMs = nowLookedMs;
      }
      await clearAlarm(db.pool, 'archive-stamping-failed', new Date(nowMs()));
      this.#failures = 0;
      return intervalMs;
    } catch (error) {
      onTrouble(error);
      this.#failures++;
      if (error instanceof RenewalError && this.#failures >= FAILURES_UNTIL_ALARM) {
        const detail = `${error.code}: ${error.message}`;
        await raiseAlarm(db.pool, 'archive-stamping-failed', detail, new Date(nowMs())).catch(onTrouble);
      }
      return Math.min(intervalMs * 2 ** Math.min(this.#failures, 16), LONGEST_PAUSE_MS);
    }
  }

  async #stampWaiting(): Promise<void> {
    const { db, stamper } = this.#parts;
    await stamper.complete();
    await archiveNewDeposits(db.pool, stamper, this.#turns.signal);
  }

  async #look(): Promise<void> {
    const { db, settings, nowMs } = this.#parts;
    if (settings.automatic === 'timestamp-renewal') {
      await withAdvisoryLock(db, ARCHIVE_LOCK, () => renewTimestamps({ ...this.#parts, vault: undefined }));
    }
    const due = (await selectDue(db.pool, settings, nowMs())).filter((item) => item.due);
    const at = new Date(nowMs());
    if (due.length === 0) await clearAlarm(db.pool, 'renewal-due', at);
    else await raiseAlarm(db.pool, 'renewal-due', describeDue(due), at);
  }
}

/** In one line: what ends first, and how much else there is. `tiezheng renew --dry-run` tells all. */
function describeDue([first, ...more]: readonly DueItem[]): string {
  if (first === undefined) return '';
  const rest = more.length === 0 ? '' : `; ${more.length} more`;
  return `${first.action}: ${first.of} ends on ${first.until?.slice(0, 10)} (${first.what}: ${first.count})${rest}; see tiezheng renew --dry-run`;
}
