import type { TileRow } from '../db/leaves.ts';
import type { RootHash } from '../format/bytes.ts';
import { MAX_TILE_LEVEL, TILE_WIDTH } from '../format/tile.ts';
import { leafHash } from '../merkle/hash.ts';
import { RightEdge, rootNodes } from '../merkle/tree.ts';
import { type TileReader, tileWidth } from './tile-reader.ts';

const HEIGHT = 8;

/** Leaf data of leaves 256 · index …, one to 256 of them, beginning with the first. */
export interface Bundle {
  index: bigint;
  entries: Uint8Array[];
}

/** What appending leaves brings about. */
export interface Growth {
  /** Tiles that became full, lower levels first. */
  fullTiles: TileRow[];
  /** Every entry bundle with a new leaf, whole: all full but the last. */
  bundles: Bundle[];
}

/** All that is needed of the tree to append leaves: its right edge and its last, partial tiles. At most 2,047 hashes. */
export class GrowingTree {
  readonly #edge: RightEdge;
  /** For each tile level, the hashes of its last tile, 0…255. */
  readonly #hashes: Uint8Array[][];
  /** Leaf data of the last bundle, 0…255. */
  #entries: Uint8Array[];

  private constructor(edge: RightEdge, hashes: Uint8Array[][], entries: Uint8Array[]) {
    this.#edge = edge;
    this.#hashes = hashes;
    this.#entries = entries;
  }

  /** @throws LogError `tree-incomplete` */
  static async at(size: bigint, tiles: TileReader): Promise<GrowingTree> {
    const edge = new RightEdge(size, await tiles.nodes(rootNodes(size), size));
    const hashes = await Promise.all(
      Array.from({ length: MAX_TILE_LEVEL + 1 }, async (_, level) => {
        const index = size >> BigInt(HEIGHT * (level + 1));
        const width = tileWidth(level, index, size);
        if (width === 0) return [];
        const bytes = (await tiles.tile(level, index, width)).hashes(width);
        return Array.from({ length: width }, (_, i) => bytes.subarray(i * 32, i * 32 + 32));
      }),
    );
    return new GrowingTree(edge, hashes, await tiles.leaves(size - (size % BigInt(TILE_WIDTH)), size));
  }

  get size(): bigint {
    return this.#edge.size;
  }

  root(): RootHash {
    return this.#edge.root();
  }

  /** A tree that grows on its own from here. */
  copy(): GrowingTree {
    return new GrowingTree(
      this.#edge.copy(),
      this.#hashes.map((level) => [...level]),
      [...this.#entries],
    );
  }

  append(leaves: readonly Uint8Array[]): Growth {
    const fullTiles: TileRow[] = [];
    const bundles: Bundle[] = [];
    for (const leaf of leaves) {
      const leafIndex = this.size;
      this.#entries.push(leaf);
      if (this.#entries.length === TILE_WIDTH) {
        bundles.push({ index: leafIndex / BigInt(TILE_WIDTH), entries: this.#entries });
        this.#entries = [];
      }
      for (const { level, index, hash } of this.#edge.append(leafHash(leaf))) {
        if (level % HEIGHT !== 0 || level / HEIGHT > MAX_TILE_LEVEL) continue;
        const hashes = this.#hashes[level / HEIGHT] as Uint8Array[];
        hashes.push(hash);
        if (hashes.length < TILE_WIDTH) continue;
        fullTiles.push({ level: level / HEIGHT, tileIndex: index / BigInt(TILE_WIDTH), hashes: Buffer.concat(hashes) });
        this.#hashes[level / HEIGHT] = [];
      }
    }
    if (leaves.length > 0 && this.#entries.length > 0) {
      bundles.push({ index: this.size / BigInt(TILE_WIDTH), entries: [...this.#entries] });
    }
    return { fullTiles, bundles };
  }
}
