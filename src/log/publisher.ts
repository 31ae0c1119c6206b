import { insertPublication, notifyLog } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import type { LogReader } from './log-reader.ts';
import type { Sequencer } from './sequencer.ts';

export interface PublisherParts {
  q: Queryable;
  reader: LogReader;
  sequencer: Pick<Sequencer, 'term'>;
  /** Told of every failure; the next look tries again. */
  onTrouble?: (error: unknown) => void;
}

/** At least this often it is looked whether a publication is due. */
const LOOK_MS = 1000;

/**
 * Publishes the newest checkpoint whenever the log has grown and the last publication is `intervalMs` old, on whichever server
 * leads. A publication is one row, written in one statement: a crash leaves it or not, and the next look goes on from there.
 */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: PublisherParts, intervalMs: number) {
    this.#parts = parts;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), Math.min(LOOK_MS, this.#intervalMs));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /**
   * One look. The tree size published; undefined if nothing was due or another server leads.
   * @param intervalMs 0 publishes whatever is new at once
   */
  async publish(intervalMs = this.#intervalMs): Promise<bigint | undefined> {
    const { q, reader, sequencer } = this.#parts;
    const term = sequencer.term();
    if (term === undefined) return undefined;
    const treeSize = await insertPublication(q, term, intervalMs);
    if (treeSize !== undefined) {
      await reader.refresh();
      await notifyLog(q, 'publication');
    }
    return treeSize;
  }

  #look(): void {
    this.#looking ??= this.publish()
      .then(
        () => {},
        (error: unknown) => this.#parts.onTrouble?.(error),
      )
      .finally(() => {
        this.#looking = undefined;
      });
  }
}
