import { randomUUID } from 'node:crypto';
import { selectOpenAlarms } from '../db/alarms.ts';
import { notifyLog, type Term, updateLogLeader, updateLogLease, updateLogLeaseReleased } from '../db/leaves.ts';
import type { LogRecord } from '../format/log.ts';
import { type Integration, IntegrationWaiters } from './integration-waiters.ts';
import { type LogIdentity, openLog } from './leaf-zero.ts';
import { isStopping, LogError, WITNESS_INCONSISTENCY } from './log-error.ts';
import { LogListener } from './log-listener.ts';
import { BatchFailed, LogWriter, type LogWriterParts } from './log-writer.ts';
import { Signal } from './signal.ts';

export interface SequencerParts extends Omit<LogWriterParts, 'onTrouble'> {
  /** What leaf 0 says, or will say if the log is opened now. */
  identity: LogIdentity;
  /** Told of every failure that is tried again. */
  onTrouble?: (error: unknown) => void;
}

export interface SequencerTimings {
  /** Shortest time from the start of one batch to the start of the next; a submission that finds none running starts one. */
  batchWindowMs: number;
  /** Leaves in a batch at most. */
  maxBatchLeaves: number;
  /** How long the log may be without a leader after one was paused. One whose connection ends is replaced at once. */
  leaseMs: number;
  /** How often rows are looked at without being told of them. */
  pollMs: number;
  /** Pause after a failure. */
  retryMs: number;
}

export const SEQUENCER_TIMINGS: SequencerTimings = {
  batchWindowMs: 50,
  maxBatchLeaves: 2000,
  leaseMs: 5000,
  pollMs: 500,
  retryMs: 1000,
};

export interface SequencerState {
  /** This process writes the log. */
  leading: boolean;
  /** Why this process will sign nothing until a person has looked and it was started anew. An alarm is raised. */
  stopped?: { code: string; message: string };
  /** The last failure, while it is tried again. */
  trouble?: { code: string; message: string };
  /** Leaves under the newest checkpoint that this process knows of. */
  size: bigint;
}

/**
 * Puts submissions into the log, on whichever server leads, and tells those who wait on all of them. One per process.
 * LogWriter does the writing and says what makes it safe.
 */
export class Sequencer {
  readonly #parts: SequencerParts;
  readonly #timings: SequencerTimings;
  readonly #waiters: IntegrationWaiters;
  readonly #listener: LogListener;
  readonly #wake = new Signal();
  /** Cuts pauses short. */
  readonly #end = new Signal();
  #running: Promise<void> | undefined;
  #ending = false;
  #poll: NodeJS.Timeout | undefined;
  #catchingUp: Promise<void> | undefined;
  #missedNews = false;
  #tellLeader: NodeJS.Immediate | undefined;
  #term: Term | undefined;
  /** The highest submission that this process has put into the log. */
  #newestIntegrated = 0n;
  #stopped: LogError | undefined;
  /** Why signing is to end, from outside of the writing itself. */
  #halted: LogError | undefined;
  #trouble: Error | undefined;
  /** When the leader last came round; undefined while it waits for something to do. */
  #busySinceMs: number | undefined;
  #removal: Promise<void> = Promise.resolve();

  constructor(parts: SequencerParts, timings: Partial<SequencerTimings> = {}) {
    this.#parts = parts;
    this.#timings = { ...SEQUENCER_TIMINGS, ...timings };
    this.#waiters = new IntegrationWaiters(parts.db.pool, parts.reader);
    this.#listener = new LogListener(
      parts.db.pool,
      parts.identity.origin,
      (news) => this.#hear(news),
      (error) => this.#report(error),
    );
  }

  /**
   * Opens the log with leaf 0 if there is none, and begins to lead or to follow.
   * @returns what leaf 0 says
   * @throws LogError `log-record-differs`; errors of database and object store
   */
  async start(): Promise<LogRecord> {
    const { db, objects, identity, reader } = this.#parts;
    const record = await openLog(db.pool, objects, identity);
    await reader.refresh();
    await this.#listener.start();
    this.#poll = setInterval(() => this.#catchUp(), this.#timings.pollMs);
    this.#running = this.#run();
    return record;
  }

  /** Ends after the batch under way and lets another server lead at once. Those who wait are told `log-stopped`. */
  async stop(): Promise<void> {
    this.#ending = true;
    this.#wake.raise();
    this.#end.raise();
    await this.#running;
    clearInterval(this.#poll);
    clearImmediate(this.#tellLeader);
    await this.#catchingUp;
    await this.#removal;
    await this.#listener.stop();
    this.#waiters.rejectAll(serverStopping());
  }

  state(): SequencerState {
    return {
      leading: this.#term !== undefined,
      ...(this.#stopped && { stopped: described(this.#stopped) }),
      ...(this.#trouble && { trouble: described(this.#trouble) }),
      size: this.#parts.reader.latestCheckpoint()?.treeSize ?? 0n,
    };
  }

  /** While this process leads. */
  term(): Term | undefined {
    return this.#term;
  }

  /**
   * Signs nothing more, as after a fault of the log's own; a batch under way is still ended.
   * @param reason of a code that `isStopping` knows. Its alarm is open already, so that no other server goes on
   */
  halt(reason: LogError): void {
    this.#halted ??= reason;
    this.#wake.raise();
  }

  /**
   * Resolves when the submission, whose transaction is committed, is under a checkpoint that the register has accepted. May
   * be asked again, at any time, on any server.
   * @throws LogError `integration-timeout` or `log-stopped`: the submission is kept and gets into the log later
   */
  async integrated(submissionId: bigint, timeoutMs: number): Promise<Integration> {
    if (this.#stopped) throw logStopped(this.#stopped);
    if (this.#ending) throw serverStopping();
    const integration = this.#waiters.wait(submissionId, timeoutMs);
    if (this.#term === undefined) this.#wakeLeader();
    else if (submissionId > this.#newestIntegrated) this.#wake.raise();
    // Its batch may have been done before it was asked for.
    else this.#catchUp();
    return integration;
  }

  /** Once for all who ask in the same turn of the event loop. */
  #wakeLeader(): void {
    this.#tellLeader ??= setImmediate(() => {
      this.#tellLeader = undefined;
      void this.#notify('submission');
    });
  }

  async #run(): Promise<void> {
    while (!this.#ending) {
      try {
        if (this.#halted) throw this.#halted;
        const term = await this.#takeLead();
        if (term !== undefined) {
          await this.#refuseIfWitnessed(term);
          await this.#lead(term);
        } else {
          this.#trouble = undefined;
          await this.#end.wait(this.#timings.pollMs);
        }
      } catch (error) {
        if (isStopping(error)) {
          this.#stopped = error;
          this.#report(error);
          this.#waiters.rejectAll(logStopped(error));
          return;
        }
        if (!(error instanceof LogError && error.code === 'term-over')) this.#report(error);
        await this.#end.wait(this.#timings.retryMs);
      }
    }
  }

  /** A holder of the lock knows that the last leader's connection is gone, so it need not wait for the lease to run out. */
  async #takeLead(): Promise<Term | undefined> {
    const force = await this.#listener.tryLock();
    return updateLogLeader(this.#parts.db.pool, randomUUID(), this.#timings.leaseMs, force);
  }

  /** What a witness has seen stands until an operator has judged it, over restarts and on every server. */
  async #refuseIfWitnessed(term: Term): Promise<void> {
    const seen = (await selectOpenAlarms(this.#parts.db.pool)).find(({ code }) => code === WITNESS_INCONSISTENCY);
    if (seen === undefined) return;
    await this.#resign(term);
    throw new LogError(WITNESS_INCONSISTENCY, seen.detail);
  }

  async #lead(term: Term): Promise<void> {
    const { leaseMs } = this.#timings;
    let over: Error | undefined;
    const renew = async () => {
      // A step that hangs must not keep the lead for ever.
      if (this.#busySinceMs !== undefined && performance.now() - this.#busySinceMs > leaseMs) return;
      try {
        await this.#listener.tryLock();
        if (await updateLogLease(this.#parts.db.pool, term, leaseMs)) return;
        over = new LogError('term-over', 'another server leads now');
        this.#wake.raise();
      } catch (error) {
        this.#report(error);
      }
    };
    const renewal = setInterval(renew, leaseMs / 3);
    this.#busySinceMs = performance.now();
    try {
      const parts = { ...this.#parts, onTrouble: (error: unknown) => this.#report(error) };
      const writer = await LogWriter.begin(parts, term, leaseMs);
      this.#term = term;
      this.#trouble = undefined;
      await this.#notify('checkpoint');
      await this.#waiters.lookUp();
      await this.#write(writer, () => over);
    } finally {
      this.#term = undefined;
      clearInterval(renewal);
      await this.#resign(term);
    }
  }

  async #write(writer: LogWriter, termOver: () => Error | undefined): Promise<void> {
    const { batchWindowMs, maxBatchLeaves, pollMs, retryMs } = this.#timings;
    this.#removeSuperseded(writer);
    while (!this.#ending) {
      const over = this.#halted ?? termOver();
      if (over) throw over;
      const startedMs = performance.now();
      this.#busySinceMs = startedMs;
      let batch: Awaited<ReturnType<LogWriter['integrate']>>;
      try {
        batch = await writer.integrate(maxBatchLeaves);
        this.#trouble = undefined;
      } catch (error) {
        if (!(error instanceof BatchFailed)) throw error;
        this.#report(error.cause);
        await this.#idle(this.#end.wait(retryMs));
        continue;
      }
      if (batch === undefined) {
        await this.#idle(this.#wake.wait(pollMs));
        continue;
      }
      this.#waiters.integrated(batch.leaves, batch.checkpoint);
      await this.#notify('checkpoint');
      this.#removeSuperseded(writer);
      const restMs = batchWindowMs - (performance.now() - startedMs);
      if (restMs > 0) await this.#idle(this.#end.wait(restMs));
    }
  }

  /** So that another server need not wait. If it does not get through, the lease runs out by itself. */
  async #resign(term: Term): Promise<void> {
    try {
      await updateLogLeaseReleased(this.#parts.db.pool, term);
      await this.#listener.unlock();
    } catch (error) {
      this.#report(error);
    }
  }

  #hear(news: string): void {
    if (news === 'submission') {
      if (this.#term !== undefined) this.#wake.raise();
    } else if (news !== 'checkpoint' || this.#term === undefined) this.#catchUp();
  }

  /** One look at a time; news that come meanwhile cause one more. */
  #catchUp(): void {
    if (this.#catchingUp !== undefined) {
      this.#missedNews = true;
      return;
    }
    this.#missedNews = false;
    this.#catchingUp = this.#parts.reader
      .refresh()
      .then(() => this.#waiters.lookUp())
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#catchingUp = undefined;
        if (this.#missedNews && !this.#ending) this.#catchUp();
      });
  }

  async #notify(news: 'submission' | 'checkpoint'): Promise<void> {
    try {
      await notifyLog(this.#parts.db.pool, news);
    } catch (error) {
      // The others look by themselves, only later.
      this.#report(error);
    }
  }

  async #idle(wait: Promise<void>): Promise<void> {
    this.#busySinceMs = undefined;
    await wait;
    this.#busySinceMs = performance.now();
  }

  /** Beside the next batch, and perhaps beyond the term: what no longer is needed hinders nobody. */
  #removeSuperseded(writer: LogWriter): void {
    this.#removal = this.#removal.then(() => writer.removeSuperseded());
  }

  #report(error: unknown): void {
    this.#trouble = error instanceof Error ? error : new Error(String(error));
    this.#parts.onTrouble?.(error);
  }
}

function logStopped(cause: LogError): LogError {
  return new LogError('log-stopped', `the submission is kept, but the log has stopped: ${cause.message}`, { cause });
}

function serverStopping(): LogError {
  return new LogError('log-stopped', 'the submission is kept, but this server is stopping');
}

function described(error: Error & { code?: unknown }): { code: string; message: string } {
  return { code: typeof error.code === 'string' ? error.code : 'unforeseen', message: error.message };
}
