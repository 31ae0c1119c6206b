import { clearAlarm, raiseAlarm, selectOpenAlarms } from '../db/alarms.ts';
import { insertPublication, notifyLog, selectPublicationDue, type Term } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import type { RootHash } from '../format/bytes.ts';
import { LogError, WITNESS_INCONSISTENCY } from './log-error.ts';
import type { LogReader, SignedCheckpoint } from './log-reader.ts';
import type { Sequencer } from './sequencer.ts';

/** What came of asking for cosignatures on one checkpoint. */
export interface CosigningOutcome {
  /** Distinct witnesses whose valid lines are stored. */
  present: number;
  /** Witnesses that there are. */
  asked: number;
  /** One sentence for each that did not cosign. */
  troubles: string[];
  /** What witnesses say of a tree of this log that ours does not extend; undefined if none does. */
  inconsistency: string | undefined;
}

/** Those who are asked to cosign a checkpoint before it is published. */
export interface Cosigners {
  /** Distinct witnesses that must have cosigned. */
  readonly quorum: number;
  /** `stop`: without the quorum nothing is published. `mark`: it is, and its readers see what is missing. */
  readonly withoutQuorum: 'stop' | 'mark';
  /**
   * Asks those that have not cosigned this checkpoint and stores their valid lines. Resolves within a bounded time.
   * @throws errors of database and log; never for what a witness does
   */
  ask(checkpoint: SignedCheckpoint, ending: AbortSignal): Promise<CosigningOutcome>;
}

export interface PublisherParts {
  q: Queryable;
  reader: LogReader;
  sequencer: Pick<Sequencer, 'term' | 'halt'>;
  /** Left out: nobody is asked. */
  cosigners?: Cosigners;
  /** Told of every failure; the next look tries again. */
  onTrouble?: (error: unknown) => void;
}

/** Open while publications wait for witnesses. */
export const WITNESS_QUORUM_MISSING = 'witness-quorum-missing';

/** At least this often it is looked whether a publication is due. */
const LOOK_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Publishes the newest checkpoint whenever the log has grown and the last publication is `intervalMs` old, on whichever server
 * leads. Witnesses are asked before, and never for a receipt. In this order, each crash leaving what is said:
 *
 * a. Looks whether an operator has yet to judge an inconsistency, and whether a publication is due. Changes nothing.
 * b. Asks the witnesses, all at once. One that answers has recorded our checkpoint for good. A crash leaves witnesses that know a
 *    checkpoint which never is published; the next one is larger, and is proved to extend it.
 * c. Stores each valid line when it comes. A crash leaves lines of a checkpoint that may never be published; nobody reads them.
 * d. A witness knows a tree that ours does not extend: the alarm first, then this process stops signing. A crash between them leaves
 *    the alarm, before which no server begins to sign.
 * e. Without the quorum and with `stop`: the alarm, and no publication; all is asked again, later and later, for the checkpoint that
 *    is newest then. Deposits and receipts go on, and so does anchoring of what was published before.
 * f. The publication: one row in one statement, so that a crash leaves it or not. The term and the interval are looked at again there,
 *    since asking took its time.
 * g. Witnesses that were missing are asked for the newest publication until the next one is due: their lines may come late.
 *
 * Any number of servers may try: a witness that is asked twice for one checkpoint cosigns twice, and the first line is kept.
 */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #intervalMs: number;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  /** Attempts in a row without the quorum, and when the next one is due. */
  #failures = 0;
  #nextAttemptMs = 0;
  /** The publication whose missing witnesses were asked again, how often, and when they are next. */
  #late = { treeSize: 0n, failures: 0, nextMs: 0 };

  constructor(parts: PublisherParts, intervalMs: number) {
    this.#parts = parts;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), Math.min(LOOK_MS, this.#intervalMs));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#looking;
  }

  /**
   * One look. The tree size published; undefined if nothing was due, the quorum is missing, or another server leads.
   * @param intervalMs 0 publishes whatever is new at once
   */
  async publish(intervalMs = this.#intervalMs): Promise<bigint | undefined> {
    const { q, sequencer, cosigners } = this.#parts;
    const term = sequencer.term();
    if (term === undefined) return undefined;
    if (cosigners === undefined) return this.#insert(term, intervalMs);

    // a
    const seen = (await selectOpenAlarms(q)).find(({ code }) => code === WITNESS_INCONSISTENCY);
    if (seen !== undefined) {
      sequencer.halt(new LogError(WITNESS_INCONSISTENCY, seen.detail));
      return undefined;
    }
    const due = await selectPublicationDue(q, term, intervalMs);
    if (due === undefined) {
      await this.#askLate(cosigners);
      return undefined;
    }
    const checkpoint = { ...due, rootHash: new Uint8Array(due.rootHash) as RootHash, note: new Uint8Array(due.note) };

    // b to d
    const outcome = await this.#ask(cosigners, checkpoint);
    if (outcome === undefined) return undefined;

    // e
    if (outcome.present < cosigners.quorum && cosigners.withoutQuorum === 'stop') {
      this.#failures++;
      await raiseAlarm(q, WITNESS_QUORUM_MISSING, describeMissing(outcome, cosigners.quorum), new Date());
      return undefined;
    }

    // f
    const published = await this.#insert(term, intervalMs, due.treeSize);
    if (published === undefined) return undefined;
    this.#failures = 0;
    this.#late = { treeSize: published, failures: 0, nextMs: performance.now() + pauseMs(0) };
    await clearAlarm(q, WITNESS_QUORUM_MISSING, new Date());
    return published;
  }

  async #insert(term: Term, intervalMs: number, treeSize?: bigint): Promise<bigint | undefined> {
    const { q, reader } = this.#parts;
    const published = await insertPublication(q, term, intervalMs, treeSize);
    if (published !== undefined) {
      await reader.refresh();
      await notifyLog(q, 'publication');
    }
    return published;
  }

  /** Undefined if signing ends: a witness knows another tree. */
  async #ask(cosigners: Cosigners, checkpoint: SignedCheckpoint): Promise<CosigningOutcome | undefined> {
    const { q, sequencer } = this.#parts;
    const outcome = await cosigners.ask(checkpoint, this.#ending.signal);
    if (outcome.inconsistency === undefined) return outcome;
    await raiseAlarm(q, WITNESS_INCONSISTENCY, outcome.inconsistency, new Date());
    const error = new LogError(WITNESS_INCONSISTENCY, outcome.inconsistency);
    sequencer.halt(error);
    this.#parts.onTrouble?.(error);
    return undefined;
  }

  /** Step g, now and then. */
  async #askLate(cosigners: Cosigners): Promise<void> {
    const newest = this.#parts.reader.publishedCheckpoint();
    if (newest === undefined) return;
    if (newest.treeSize !== this.#late.treeSize) this.#late = { treeSize: newest.treeSize, failures: 0, nextMs: 0 };
    if (performance.now() < this.#late.nextMs) return;
    const outcome = await this.#ask(cosigners, newest);
    const isComplete = outcome === undefined || outcome.present === outcome.asked;
    this.#late.nextMs = isComplete ? Number.POSITIVE_INFINITY : performance.now() + pauseMs(++this.#late.failures);
  }

  #look(): void {
    if (performance.now() < this.#nextAttemptMs) return;
    const failuresBefore = this.#failures;
    this.#looking ??= this.publish()
      .then(
        () => {},
        (error: unknown) => this.#parts.onTrouble?.(error),
      )
      .finally(() => {
        this.#looking = undefined;
        if (this.#failures > failuresBefore) this.#nextAttemptMs = performance.now() + pauseMs(this.#failures - 1);
      });
  }
}

function pauseMs(failures: number): number {
  return Math.min(LOOK_MS * 2 ** failures, LONGEST_PAUSE_MS);
}

function describeMissing({ present, troubles }: CosigningOutcome, quorum: number): string {
  return `publications wait: ${present} of the ${quorum} witnesses needed cosigned. ${troubles.join('; ')}`;
}
