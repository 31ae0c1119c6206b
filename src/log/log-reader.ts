import { selectNewestCheckpoint, selectNewestPublication } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import type { LeafData, NodeHash, RootHash } from '../format/bytes.ts';
import { encodeEntryBundle, TILE_WIDTH, type TileId } from '../format/tile.ts';
import { emptyRoot, nodeHash } from '../merkle/hash.ts';
import { consistencyProofNodes, inclusionProofNodes, type NodeId, rootNodes } from '../merkle/tree.ts';
import { LogError } from './log-error.ts';
import { TileReader, tileWidth } from './tile-reader.ts';

/** A checkpoint that the register has accepted, so that it may leave the process. */
export interface SignedCheckpoint {
  treeSize: bigint;
  rootHash: RootHash;
  /** The note with the log's signature only, exact. */
  note: Uint8Array;
}

export interface PublishedCheckpoint extends SignedCheckpoint {
  publishedAt: Date;
}

/**
 * What may be told of the log: nothing beyond the newest checkpoint that the register has accepted. Any number of processes
 * may read; each knows what is newest since its last `refresh`, which the sequencer of the same process calls at all news.
 */
export class LogReader {
  readonly #q: Queryable;
  readonly #tiles: TileReader;
  #latest: SignedCheckpoint | undefined;
  #published: PublishedCheckpoint | undefined;

  constructor(q: Queryable) {
    this.#q = q;
    this.#tiles = new TileReader(q);
  }

  /** Looks for newer checkpoints and publications in the database. */
  async refresh(): Promise<void> {
    const [latest, published] = await Promise.all([selectNewestCheckpoint(this.#q), selectNewestPublication(this.#q)]);
    if (latest !== undefined) this.accepted({ ...latest, rootHash: asRoot(latest.rootHash) });
    if (published !== undefined && published.treeSize > (this.#published?.treeSize ?? -1n)) {
      this.#published = { ...published, rootHash: asRoot(published.rootHash) };
    }
  }

  /** The register has accepted `checkpoint`, and all its leaves and full tiles are in the database. */
  accepted({ treeSize, rootHash, note }: SignedCheckpoint): void {
    if (treeSize > (this.#latest?.treeSize ?? -1n)) this.#latest = { treeSize, rootHash, note };
  }

  /** The database was filled again after it had lost leaves. */
  forgetTiles(): void {
    this.#tiles.forget();
  }

  /** Leaves under the newest checkpoint, after a look into the database; 0 before the first checkpoint. */
  async size(): Promise<bigint> {
    await this.refresh();
    return this.#size();
  }

  /** Undefined before the first one. */
  latestCheckpoint(): SignedCheckpoint | undefined {
    return this.#latest;
  }

  /** The newest one under `/log/checkpoint`; undefined before the first publication. */
  publishedCheckpoint(): PublishedCheckpoint | undefined {
    return this.#published;
  }

  /**
   * The hash of the complete subtree over leaves index · 2^level …
   * @throws LogError `beyond-checkpoint`
   */
  readNode = async (level: number, index: bigint): Promise<NodeHash> => {
    this.#requireCovered((index + 1n) << BigInt(level), `node ${index} of level ${level}`);
    const [hash] = await this.#tiles.nodes([{ level, index }], this.#size());
    return hash as NodeHash;
  };

  /** The root of the tree as it was at `treeSize`. @throws LogError `beyond-checkpoint` */
  async rootAt(treeSize: bigint): Promise<RootHash> {
    this.#requireCovered(treeSize, `tree size ${treeSize}`);
    if (treeSize === 0n) return emptyRoot();
    const [root] = await this.#fold([rootNodes(treeSize)]);
    return root as Uint8Array as RootHash;
  }

  /** As merkle's `inclusionProof`. @throws LogError `beyond-checkpoint`, ProofError */
  async inclusionProof(leafIndex: bigint, treeSize: bigint): Promise<NodeHash[]> {
    this.#requireCovered(treeSize, `tree size ${treeSize}`);
    return this.#fold(inclusionProofNodes(leafIndex, treeSize));
  }

  /** As merkle's `consistencyProof`. @throws LogError `beyond-checkpoint`, ProofError */
  async consistencyProof(size1: bigint, size2: bigint): Promise<NodeHash[]> {
    this.#requireCovered(size2, `tree size ${size2}`);
    return this.#fold(consistencyProofNodes(size1, size2));
  }

  /**
   * A tile's bytes: hashes of 32 bytes, or an entry bundle. Of any width that the newest checkpoint covers; undefined for any
   * other. c2sp.org/tlog-tiles
   */
  async tile({ level, index, width }: TileId): Promise<Uint8Array | undefined> {
    if (level === 'entries') return this.entryBundle(index, width);
    if (width < 1 || tileWidth(level, index, this.#size()) < width) return undefined;
    return (await this.#tiles.tile(level, index, width)).hashes(width);
  }

  /** The leaf data of leaves 256 · index …, as an entry bundle; undefined unless the newest checkpoint covers all `width`. */
  async entryBundle(index: bigint, width: number): Promise<Uint8Array | undefined> {
    if (width < 1 || tileWidth(0, index, this.#size()) < width) return undefined;
    const first = index * BigInt(TILE_WIDTH);
    return encodeEntryBundle(await this.#tiles.leaves(first, first + BigInt(width)));
  }

  /** @throws LogError `beyond-checkpoint` */
  async leafData(leafIndex: bigint): Promise<LeafData> {
    this.#requireCovered(leafIndex + 1n, `leaf ${leafIndex}`);
    const [leaf] = await this.#tiles.leaves(leafIndex, leafIndex + 1n);
    return new Uint8Array(leaf as Buffer) as LeafData;
  }

  /**
   * As merkle's own proofs from a `ReadNode`, but with one wait at most where all tiles are at hand: a batch makes thousands
   * of proofs at once.
   */
  async #fold(lists: readonly NodeId[][]): Promise<NodeHash[]> {
    const hashes = await this.#tiles.nodes(lists.flat(), this.#size());
    let at = 0;
    return lists.map(({ length }) => {
      at += length;
      return hashes.slice(at - length, at).reduceRight((right, left) => nodeHash(left, right));
    });
  }

  #size(): bigint {
    return this.#latest?.treeSize ?? 0n;
  }

  #requireCovered(end: bigint, what: string): void {
    const size = this.#size();
    if (end > size)
      throw new LogError('beyond-checkpoint', `${what} is beyond the newest checkpoint, of ${size} leaves`);
  }
}

function asRoot(bytes: Buffer): RootHash {
  return new Uint8Array(bytes) as RootHash;
}
