import type { Queryable } from '../db/pool.ts';
import { selectSequencedSubmissions } from '../db/submissions.ts';
import { LogError } from './log-error.ts';
import type { LogReader, SignedCheckpoint } from './log-reader.ts';

/** A leaf's place in the log, under a checkpoint that the register has accepted. */
export interface Integration {
  leafIndex: bigint;
  treeSize: bigint;
  /** Signed note with the log's signature only, exact. */
  note: Uint8Array;
  /** 32 bytes each, leaf side first. */
  inclusionProof: Uint8Array[];
}

interface Waiter {
  resolve(place: { leafIndex: bigint; checkpoint: SignedCheckpoint }): void;
  reject(error: Error): void;
}

/** Those in this process who wait for a submission to get into the log. */
export class IntegrationWaiters {
  readonly #q: Queryable;
  readonly #reader: LogReader;
  readonly #waiting = new Map<bigint, Set<Waiter>>();

  constructor(q: Queryable, reader: LogReader) {
    this.#q = q;
    this.#reader = reader;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** @throws LogError `integration-timeout`, or what `rejectAll` was given */
  async wait(submissionId: bigint, timeoutMs: number): Promise<Integration> {
    const { leafIndex, checkpoint } = await this.#place(submissionId, timeoutMs);
    const { treeSize, note } = checkpoint;
    return { leafIndex, treeSize, note, inclusionProof: await this.#reader.inclusionProof(leafIndex, treeSize) };
  }

  /** These leaves are under `checkpoint`. */
  integrated(leaves: Iterable<{ submissionId: bigint; leafIndex: bigint }>, checkpoint: SignedCheckpoint): void {
    for (const { submissionId, leafIndex } of leaves) {
      for (const waiter of this.#waiting.get(submissionId) ?? []) waiter.resolve({ leafIndex, checkpoint });
    }
  }

  /** Looks into the database for those who wait: another process may have taken their leaves in. */
  async lookUp(): Promise<void> {
    const checkpoint = this.#reader.latestCheckpoint();
    if (this.#waiting.size === 0 || checkpoint === undefined) return;
    const found = await selectSequencedSubmissions(this.#q, [...this.#waiting.keys()]);
    this.integrated(
      found.filter(({ leafIndex }) => leafIndex < checkpoint.treeSize),
      checkpoint,
    );
  }

  rejectAll(error: Error): void {
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.reject(error);
  }

  async #place(submissionId: bigint, timeoutMs: number): Promise<{ leafIndex: bigint; checkpoint: SignedCheckpoint }> {
    const waiters = this.#waiting.get(submissionId) ?? new Set();
    this.#waiting.set(submissionId, waiters);
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        waiter = { resolve, reject };
        waiters.add(waiter);
        timer = setTimeout(() => {
          const message = `submission ${submissionId} is kept, but was not in the log after ${timeoutMs} ms`;
          reject(new LogError('integration-timeout', message));
        }, timeoutMs);
      });
    } finally {
      clearTimeout(timer);
      waiters.delete(waiter as Waiter);
      if (waiters.size === 0) this.#waiting.delete(submissionId);
    }
  }
}
