import { insertBlockHeader, selectNewestBlockHeader } from '../db/anchors.ts';
import type { Database } from '../db/pool.ts';
import { encodeHex0x, parseHex0x } from '../format/bytes.ts';
import { blockTimeMs } from './block-time.ts';
import type { ChainClient } from './chain-client.ts';
import { encodeBlockHeader } from './receipt-proof.ts';

/** What `record.notBefore` names. */
export interface FinalBlock {
  /** CAIP-2. */
  chain: string;
  /** 0x and 64 hex digits. */
  blockHash: string;
}

export interface FinalBlocksParts {
  db: Database;
  client: ChainClient;
  /** Least time between two looks at the chain. */
  pollMs: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told when the chain cannot be asked, or a header does not have its hash. */
  onTrouble: (error: unknown) => void;
}

/** An older block would say little about when a record was assembled. */
const OLDEST_MS = 60 * 60_000;
/** Of the newest ones, in case the chain's clock is ahead of ours and the very newest lies in our future. */
const BLOCKS_KEPT = 16;

interface Known {
  blockHash: Uint8Array;
  blockNumber: bigint;
  timeMs: number;
  /** Null on chains whose header hash cannot be rebuilt. */
  header: Uint8Array | null;
  seenFinalAt: Date;
  /** Whether table `block_header` has it. */
  isStored: boolean;
}

/**
 * The newest final block of one chain, for records to name: whoever names it was written after it. Looks at the chain beside
 * the deposits, so that these never wait for it. A header is checked against its hash when it comes, and stored before the first
 * record names it.
 */
export class FinalBlocks {
  readonly #parts: FinalBlocksParts;
  /** Newest last. */
  #known: Known[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: FinalBlocksParts) {
    this.#parts = parts;
  }

  /** Returns at once: the chain may be away for long. */
  start(): void {
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /**
   * The newest final block known whose time is at most `nowMs` and at most one hour older; null if there is none, as while the
   * chain is away. Its header is in the database when this resolves.
   */
  async newestFinalBlock(nowMs: number): Promise<FinalBlock | null> {
    const { db, client } = this.#parts;
    const block = this.#known.findLast(({ timeMs }) => timeMs <= nowMs && timeMs >= nowMs - OLDEST_MS);
    if (block === undefined) return null;
    const { chain } = client.profile;
    if (!block.isStored) {
      const { timeMs, isStored: _, ...row } = block;
      // A crash after this leaves a header that no record names: harmless.
      await insertBlockHeader(db.pool, { ...row, chain, blockTime: new Date(timeMs) });
      block.isStored = true;
    }
    return { chain, blockHash: encodeHex0x(block.blockHash) };
  }

  async #look(): Promise<void> {
    try {
      if (this.#known.length === 0) await this.#recall();
      await this.refresh();
    } catch (error) {
      this.#parts.onTrouble(error);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => this.start(), this.#parts.pollMs);
  }

  /** What this process or another has seen before: it was final and is so still. */
  async #recall(): Promise<void> {
    const { db, client } = this.#parts;
    const row = await selectNewestBlockHeader(db.pool, client.profile.chain);
    if (row === undefined || this.#known.length > 0) return;
    const { blockHash, blockNumber, header, seenFinalAt } = row;
    this.#known.push({ blockHash, blockNumber, header, seenFinalAt, timeMs: row.blockTime.getTime(), isStored: true });
  }

  /** One look at the chain. @throws ChainError `wrong-chain`, `header-not-reproduced`, and those of the client */
  async refresh(): Promise<void> {
    const { client, now } = this.#parts;
    const final = await client.finalBlockNumber();
    const newest = this.#known.at(-1);
    if (final === undefined || (newest !== undefined && newest.blockNumber >= final)) return;
    // A record that named a block of another chain could not be mended.
    await client.verifyChain();
    const block = await client.blockByNumber(final);
    if (block === undefined) return;
    const { headerHash } = client.profile;
    this.#known.push({
      blockHash: parseHex0x(block.hash),
      blockNumber: block.number,
      timeMs: blockTimeMs(client.profile, block.timestamp),
      header: headerHash === 'none' ? null : encodeBlockHeader(block, headerHash),
      seenFinalAt: new Date(now()),
      isStored: false,
    });
    this.#known = this.#known.slice(-BLOCKS_KEPT);
  }
}
