import { lockCustodyChainsDue, updateCustodyChain } from '../db/custody.ts';
import { notifyLog } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { appendLeaf } from './custodian.ts';

export interface LeafWriterParts {
  db: Database;
  /** How long news of a deposit may wait for its leaf. */
  intervalMs: number;
  nowMs: () => number;
  /** Told of every failure; the next look tries again. */
  onTrouble: (error: unknown) => void;
}

/** Chains of one transaction. */
const GROUP = 100;

/**
 * Writes one leaf for every deposit whose news has waited long enough, however many events came meanwhile: a link opened a thousand
 * times in ten minutes is a thousand events and one leaf.
 *
 * The order, and what a crash leaves:
 *
 * 1. An act and its event, in one transaction (`recordCustodyEvent`), or the event before the bytes leave. A crash leaves neither, or
 *    an event of an act that did not come to pass: one too many, never one too few. The chain's row then says since when it has news.
 * 2. One transaction: lock chains that are due, hand in the leaf of each, note in its row what the leaf covers. A crash leaves all or
 *    nothing; a chain without its leaf is still due.
 * 3. The log is woken. A crash before that delays the leaf until the log looks by itself.
 *
 * Several servers: rows that another one has locked are passed over. One that finds a chain after the other's commit finds no news in it.
 */
export class CustodyLeafWriter {
  readonly #parts: LeafWriterParts;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #stopping = false;

  constructor(parts: LeafWriterParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopping = false;
    const pollMs = Math.min(Math.max(Math.round(this.#parts.intervalMs / 20), 200), 15_000);
    this.#timer = setInterval(() => this.#look(), pollMs);
  }

  /** Finishes the transaction under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping = true;
    await this.#looking;
  }

  /** One look. @returns how many leaves were handed in */
  async writeDue(): Promise<number> {
    const { db } = this.#parts;
    let written = 0;
    for (let more = true; more && !this.#stopping; ) {
      const group = await this.#writeGroup();
      written += group;
      more = group === GROUP;
    }
    if (written > 0) await notifyLog(db.pool, 'submission');
    return written;
  }

  #look(): void {
    this.#looking ??= this.writeDue()
      .then(
        () => {},
        (error: unknown) => this.#parts.onTrouble(error),
      )
      .finally(() => {
        this.#looking = undefined;
      });
  }

  #writeGroup(): Promise<number> {
    const { db, intervalMs, nowMs } = this.#parts;
    const now = new Date(nowMs());
    return db.transaction(async (client) => {
      const due = await lockCustodyChainsDue(client, new Date(now.getTime() - intervalMs), GROUP);
      for (const { depositId, ...chain } of due) {
        await appendLeaf(client, depositId, chain, now);
        const covered = { ...chain, leafCount: chain.eventCount, leafAt: now, newsSince: null };
        await updateCustodyChain(client, depositId, covered);
      }
      return due.length;
    });
  }
}
