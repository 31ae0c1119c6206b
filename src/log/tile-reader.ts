import { selectLeaves, selectTiles } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import type { NodeHash } from '../format/bytes.ts';
import { MAX_TILE_LEVEL, TILE_WIDTH } from '../format/tile.ts';
import { leafHash } from '../merkle/hash.ts';
import type { NodeId } from '../merkle/tree.ts';
import { LogError } from './log-error.ts';
import { TileNodes } from './tile-nodes.ts';

const HEIGHT = 8;
/** Kept at least, and at most twice as many; 16 KiB each. */
const CACHED_TILES = 256;

/**
 * Tiles and nodes over the leaves in the database, under a checkpoint or not. Full tiles are stored, partial ones computed
 * from leaves and from the full tiles below. Keeps what was used last in memory: a tile never changes, it only grows.
 */
export class TileReader {
  readonly #q: Queryable;
  #recent = new Map<number, TileNodes>();
  /** What was recent before; what is not used again goes when `#recent` is full. */
  #older = new Map<number, TileNodes>();
  /** Reads under way, one for each tile, so that two requests do not both grow it. */
  readonly #reading = new Map<number, Promise<TileNodes>>();

  constructor(q: Queryable) {
    this.#q = q;
  }

  /** A tile with at least `width` hashes. @throws LogError `tree-incomplete` if the database has not that many leaves */
  async tile(level: number, index: bigint, width: number): Promise<TileNodes> {
    const key = keyOf(level, index);
    for (;;) {
      const known = this.#cached(key, width);
      if (known !== undefined) return known;
      const reading = this.#reading.get(key);
      if (reading === undefined) break;
      await reading.catch(() => {});
    }
    const reading = this.#grow(level, index, width, this.#cached(key, 0) ?? new TileNodes());
    this.#reading.set(key, reading);
    try {
      const tile = await reading;
      this.#keep(key, tile);
      return tile;
    } finally {
      this.#reading.delete(key);
    }
  }

  /**
   * The hashes of complete subtrees, in the order asked for. `treeSize`: leaves that the caller knows to be there, at least
   * those below the nodes; it decides how wide tiles are read. @throws LogError `tree-incomplete`
   */
  async nodes(ids: readonly NodeId[], treeSize: bigint): Promise<NodeHash[]> {
    const hashes: NodeHash[] = [];
    for (const { level, index } of ids) {
      const tileLevel = Math.min(level >> 3, MAX_TILE_LEVEL);
      const height = level - tileLevel * HEIGHT;
      const tileIndex = index >> BigInt(HEIGHT - height);
      const offset = Number(index - (tileIndex << BigInt(HEIGHT - height)));
      const key = keyOf(tileLevel, tileIndex);
      const tile =
        this.#cached(key, (offset + 1) << height) ??
        (await this.tile(tileLevel, tileIndex, tileWidth(tileLevel, tileIndex, treeSize)));
      hashes.push(tile.node(height, offset));
    }
    return hashes;
  }

  /** Leaf data of the leaves first ≤ index < end. @throws LogError `tree-incomplete` if one is missing */
  async leaves(first: bigint, end: bigint): Promise<Buffer[]> {
    const leaves = await selectLeaves(this.#q, first, end);
    if (BigInt(leaves.length) !== end - first) {
      throw new LogError('tree-incomplete', `of leaves ${first} to ${end - 1n} the database has ${leaves.length}`);
    }
    return leaves;
  }

  /** For when the database itself was replaced. */
  forget(): void {
    this.#recent.clear();
    this.#older.clear();
  }

  /** Adds to `tile` up to `width`. Nothing is added unless all is. */
  async #grow(level: number, index: bigint, width: number, tile: TileNodes): Promise<TileNodes> {
    const start = index * BigInt(TILE_WIDTH);
    const have = tile.width;
    if (width === TILE_WIDTH) {
      const [stored] = await selectTiles(this.#q, level, index, index + 1n);
      if (stored === undefined) throw new LogError('tree-incomplete', `full tile ${level}/${index} is missing`);
      for (let i = have; i < width; i++) tile.append(stored.hashes.subarray(i * 32, i * 32 + 32));
    } else if (level === 0) {
      for (const leaf of await this.leaves(start + BigInt(have), start + BigInt(width))) tile.append(leafHash(leaf));
    } else {
      const end = start + BigInt(width);
      const below = await selectTiles(this.#q, level - 1, start + BigInt(have), end);
      if (below.length !== width - have) {
        throw new LogError(
          'tree-incomplete',
          `of ${width - have} full tiles of level ${level - 1} up to ${end - 1n} there are ${below.length}`,
        );
      }
      for (const { hashes } of below) tile.append(rootOfFullTile(hashes));
    }
    return tile;
  }

  #cached(key: number, width: number): TileNodes | undefined {
    let tile = this.#recent.get(key);
    if (tile === undefined) {
      tile = this.#older.get(key);
      if (tile !== undefined) this.#keep(key, tile);
    }
    return tile !== undefined && tile.width >= width ? tile : undefined;
  }

  #keep(key: number, tile: TileNodes): void {
    this.#recent.set(key, tile);
    if (this.#recent.size < CACHED_TILES) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}

/** Tile indices are below 2⁴⁰, so the key is exact. */
function keyOf(level: number, index: bigint): number {
  return Number(index) * HEIGHT + level;
}

/** Hashes of tile `index` of `level` in a tree of `treeSize` leaves, 0…256. */
export function tileWidth(level: number, index: bigint, treeSize: bigint): number {
  const beyond = (treeSize >> BigInt(HEIGHT * level)) - index * BigInt(TILE_WIDTH);
  if (beyond <= 0n) return 0;
  return beyond > BigInt(TILE_WIDTH) ? TILE_WIDTH : Number(beyond);
}

function rootOfFullTile(hashes: Buffer): NodeHash {
  const tile = new TileNodes();
  for (let i = 0; i < TILE_WIDTH; i++) tile.append(hashes.subarray(i * 32, i * 32 + 32));
  return tile.node(HEIGHT, 0);
}
