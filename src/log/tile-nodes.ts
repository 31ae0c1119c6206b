import type { NodeHash } from '../format/bytes.ts';
import { TILE_WIDTH } from '../format/tile.ts';
import { nodeHash } from '../merkle/hash.ts';

const HEIGHT = 8;

/**
 * The hashes of one tile, at most 256, and of the complete subtrees over them up to the tile's root. A tile only grows; what
 * was computed stays. 16 KiB.
 */
export class TileNodes {
  readonly #bytes = new Uint8Array((2 * TILE_WIDTH - 1) * 32);
  #width = 0;

  /** Hashes so far, 0…256. */
  get width(): number {
    return this.#width;
  }

  /** @throws RangeError if the tile is full */
  append(hash: Uint8Array): void {
    if (this.#width === TILE_WIDTH) throw new RangeError(`a tile holds ${TILE_WIDTH} hashes`);
    let offset = this.#width++;
    this.#bytes.set(hash, place(0, offset));
    for (let height = 0; (offset & 1) === 1; ) {
      const parent = nodeHash(this.#at(height, offset - 1), this.#at(height, offset));
      height++;
      offset >>= 1;
      this.#bytes.set(parent, place(height, offset));
    }
  }

  /** Node `offset` of `height` 0…8 above the tile's hashes. @throws RangeError if the tile does not hold all below it */
  node(height: number, offset: number): NodeHash {
    if (height < 0 || height > HEIGHT || offset < 0 || (offset + 1) << height > this.#width) {
      throw new RangeError(`node ${offset} of height ${height} in a tile of ${this.#width} hashes`);
    }
    return this.#at(height, offset).slice() as NodeHash;
  }

  /** The first `width` hashes, 32 bytes each. @throws RangeError if there are fewer */
  hashes(width: number): Uint8Array {
    if (width > this.#width) throw new RangeError(`${width} hashes of a tile of ${this.#width}`);
    return this.#bytes.slice(0, width * 32);
  }

  #at(height: number, offset: number): Uint8Array {
    const start = place(height, offset);
    return this.#bytes.subarray(start, start + 32);
  }
}

/** Byte position: the 256 hashes, then the 128 parents, … then the root. */
function place(height: number, offset: number): number {
  return (2 * TILE_WIDTH - ((2 * TILE_WIDTH) >> height) + offset) * 32;
}
