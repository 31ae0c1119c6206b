import { createHash } from 'node:crypto';
import type { ArchiveAlgorithm } from '../db/archive.ts';
import { compareBytes } from '../format/bytes.ts';

/** Leaves of one tree: its token is shared by so many, and an evidence record has at most fifteen lists. */
export const MAX_TREE_LEAVES = 16_384;

export function digest(algorithm: ArchiveAlgorithm, ...parts: Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** Hash over the hashes in binary ascending order (RFC 4998 §4.2). */
export function branch(algorithm: ArchiveAlgorithm, hashes: readonly Uint8Array[]): Uint8Array {
  return digest(algorithm, ...sorted(hashes));
}

export function sorted(hashes: readonly Uint8Array[]): Uint8Array[] {
  return [...hashes].sort(compareBytes);
}

/** A binary hash tree of RFC 4998 §4.2. A node without a neighbour goes up as it is. */
export class HashTree {
  readonly #levels: Uint8Array[][];

  /** @param leaves at least one */
  constructor(algorithm: ArchiveAlgorithm, leaves: readonly Uint8Array[]) {
    if (leaves.length === 0) throw new RangeError('a tree of no leaves');
    this.#levels = [[...leaves]];
    for (let level = this.#levels[0] as Uint8Array[]; level.length > 1; ) {
      const next: Uint8Array[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const pair = level.slice(i, i + 2);
        next.push(pair.length === 1 ? (pair[0] as Uint8Array) : branch(algorithm, pair));
      }
      this.#levels.push(next);
      level = next;
    }
  }

  get root(): Uint8Array {
    return (this.#levels.at(-1) as Uint8Array[])[0] as Uint8Array;
  }

  /** From the leaf's neighbour up; levels on which there is none are left out. */
  siblings(position: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (const [height, level] of this.#levels.entries()) {
      const sibling = level[(position >> height) ^ 1];
      if (height < this.#levels.length - 1 && sibling !== undefined) found.push(sibling);
    }
    return found;
  }
}
