import { createHash } from 'node:crypto';
import type { LeafHash, NodeHash, RootHash } from '../../src/format/bytes.ts';
import type { ReadNode } from '../../src/merkle/tree.ts';

// RFC 6962 §2.1 transcribed: recursive, over whole lists, with another SHA-256 than the code under test.

function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** Leaf i holds the text "leaf i" (of a tree whose name makes it differ from others). */
export function makeLeaves(count: number, tree = ''): LeafHash[] {
  return Array.from({ length: count }, (_, i) => asHash(sha256(Buffer.of(0), Buffer.from(`${tree}leaf ${i}`))));
}

/** MTH(D), given the leaf hashes. */
export function naiveRoot(leaves: readonly Uint8Array[]): RootHash {
  if (leaves.length === 0) return asHash(sha256());
  if (leaves.length === 1) return asHash(leaves[0] as Uint8Array);
  const k = split(leaves.length);
  return asHash(sha256(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k))));
}

/** PATH(m, D) */
export function naivePath(m: number, leaves: readonly Uint8Array[]): NodeHash[] {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), asHash<NodeHash>(naiveRoot(leaves.slice(k)))]
    : [...naivePath(m - k, leaves.slice(k)), asHash<NodeHash>(naiveRoot(leaves.slice(0, k)))];
}

/** PROOF(m, D) */
export function naiveProof(m: number, leaves: readonly Uint8Array[]): NodeHash[] {
  return subproof(m, leaves, true);
}

function subproof(m: number, leaves: readonly Uint8Array[], complete: boolean): NodeHash[] {
  if (m === leaves.length) return complete ? [] : [asHash<NodeHash>(naiveRoot(leaves))];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), complete), asHash<NodeHash>(naiveRoot(leaves.slice(k)))]
    : [...subproof(m - k, leaves.slice(k), false), asHash<NodeHash>(naiveRoot(leaves.slice(0, k)))];
}

/** Complete subtrees of these leaves; an incomplete one is refused, as a store of finished nodes would have to. */
export function nodesOf(leaves: readonly Uint8Array[]): ReadNode {
  return async (level, index) => {
    const lo = Number(index) * 2 ** level;
    const hi = lo + 2 ** level;
    if (hi > leaves.length)
      throw new Error(`node ${index} of level ${level} is not complete at ${leaves.length} leaves`);
    return asHash(naiveRoot(leaves.slice(lo, hi)));
  };
}

export function asHash<Hash extends Uint8Array>(bytes: Uint8Array): Hash {
  return bytes as Hash;
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
