import { selectFinalTreeSizes } from '../db/anchors.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeHex0x } from '../format/bytes.ts';
import type { ContractRef } from '../format/log.ts';
import type { DueDeposit } from './issue.ts';

export interface AwaitedChainsParts {
  q: Queryable;
  /** All that the log is anchored in. */
  contracts: readonly ContractRef[];
  /** How long the others are waited for once the first has a final anchor; milliseconds. */
  waitMs: number;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

/** Hundreds of deposits may be asked about in one look; anchors become final minutes apart. */
const REUSED_MS = 500;

/**
 * A certificate waits until every chain has a final anchor that covers its deposit, or until the first one is as old as the wait
 * allows: it then carries those that are there. A chain that is away thus delays certificates and never prevents them.
 */
export class AwaitedChains {
  readonly #parts: AwaitedChainsParts;
  /** Leaves below this wait no more. */
  #settled: { untilMs: number; treeSize: Promise<bigint> } | undefined;

  constructor(parts: AwaitedChainsParts) {
    this.#parts = parts;
  }

  /** True while a chain is still to be waited for. */
  readonly awaits = async ({ leafIndex }: Pick<DueDeposit, 'leafIndex'>): Promise<boolean> => {
    const now = this.#parts.nowMs();
    if (this.#settled === undefined || now >= this.#settled.untilMs) {
      this.#settled = { untilMs: now + REUSED_MS, treeSize: this.#settledSize(now) };
      this.#settled.treeSize.catch(() => {
        this.#settled = undefined;
      });
    }
    return leafIndex >= (await this.#settled.treeSize);
  };

  async #settledSize(now: number): Promise<bigint> {
    const { q, contracts, waitMs } = this.#parts;
    const anchored = await selectFinalTreeSizes(q, new Date(now - waitMs));
    const sizes = contracts.map(
      ({ chain, address }) =>
        anchored.find((a) => a.chain === chain && encodeHex0x(a.contract) === address)?.newest ?? 0n,
    );
    const [byAll = 0n] = sizes.toSorted(ascending);
    return [byAll, ...anchored.map(({ newestBefore }) => newestBefore)].toSorted(ascending).at(-1) as bigint;
  }
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}
