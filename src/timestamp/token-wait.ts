import type { Queryable } from '../db/pool.ts';
import { selectSettledTreeSize } from '../db/timestamps.ts';

export interface TokenWaitParts {
  q: Queryable;
  /** Addresses of the authorities whose tokens are worth waiting for. */
  authorities: () => readonly string[];
  /** After its publication. */
  waitMs: number;
  nowMs: () => number;
}

/** One answer of the database serves all deposits of a look. */
const REUSED_MS = 250;

/** Tells whether the certificate of a deposit should still wait for tokens: for `waitMs` after its publication at the longest. */
export class TokenWait {
  readonly #parts: TokenWaitParts;
  #settled: { atMs: number; treeSize: Promise<bigint | undefined> } | undefined;

  constructor(parts: TokenWaitParts) {
    this.#parts = parts;
  }

  /** False once a publication over the leaf has all its tokens, or is old enough to do without. */
  async isAwaited(leafIndex: bigint): Promise<boolean> {
    const { q, waitMs, nowMs } = this.#parts;
    const authorities = this.#parts.authorities();
    if (authorities.length === 0) return false;
    if (this.#settled === undefined || Math.abs(nowMs() - this.#settled.atMs) > REUSED_MS) {
      this.#settled = { atMs: nowMs(), treeSize: selectSettledTreeSize(q, authorities, waitMs) };
    }
    const settled = await this.#settled.treeSize;
    return settled === undefined || leafIndex >= settled;
  }
}
