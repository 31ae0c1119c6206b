import { ProofError } from '../errors.ts';
import type { LeafHash, NodeHash, RootHash } from '../format/bytes.ts';
import { emptyRoot, nodeHash, requireHash } from './hash.ts';

/** 2⁴⁸ leaves: the largest tree the contract anchors, so that index and size fit any 64-bit integer and any JSON number. */
export const MAX_TREE_SIZE = 2n ** 48n;

/**
 * A complete subtree: it covers the leaves index · 2^level up to, not including, (index + 1) · 2^level, all of them present.
 * Its hash never changes again, however the tree grows. Level 0 is the leaves, and there the hash is the leaf hash.
 * C2SP tlog-tiles store exactly the nodes of levels 0, 8, 16 …; the others follow from one tile.
 */
export interface NodeId {
  /** 0 ≤ level ≤ 48 */
  level: number;
  index: bigint;
}

/** A complete subtree and its hash. */
export interface CompleteNode extends NodeId {
  hash: NodeHash;
}

/** Looks up the hash of a complete subtree. May be asked for several nodes at once and for the same node again. */
export type ReadNode = (level: number, index: bigint) => NodeHash | Promise<NodeHash>;

/**
 * The fewest complete subtrees that cover the leaves lo ≤ leaf < hi, from left to right; none if lo = hi.
 *
 * @throws ProofError `size-out-of-range` unless 0 ≤ lo ≤ hi ≤ 2⁴⁸.
 */
export function completeSubtrees(lo: bigint, hi: bigint): NodeId[] {
  requireTreeSize(hi, 0n);
  if (lo < 0n || lo > hi) throw new ProofError('size-out-of-range', `range begins at leaf ${lo}, not in 0…${hi}`);
  const nodes: NodeId[] = [];
  while (lo < hi) {
    let level = 0;
    let width = 1n;
    while ((lo & width) === 0n && lo + 2n * width <= hi) {
      level++;
      width *= 2n;
    }
    nodes.push({ level, index: lo / width });
    lo += width;
  }
  return nodes;
}

/**
 * The complete subtrees that the root of a tree of `treeSize` leaves is made of, from left to right.
 *
 * @throws ProofError `size-out-of-range` unless 0 ≤ treeSize ≤ 2⁴⁸.
 */
export function rootNodes(treeSize: bigint): NodeId[] {
  return completeSubtrees(0n, treeSize);
}

/**
 * What the hashes of an inclusion proof are made of (RFC 6962 §2.1.1): one list for each hash, in the proof's order, and in it
 * the complete subtrees, from left to right, that fold into it. Only the list nearest the tree's right edge has more than one.
 *
 * @throws ProofError `size-out-of-range` unless 1 ≤ treeSize ≤ 2⁴⁸, `index-out-of-range` unless 0 ≤ leafIndex < treeSize.
 */
export function inclusionProofNodes(leafIndex: bigint, treeSize: bigint): NodeId[][] {
  requireLeafIndex(leafIndex, treeSize);
  const lists: NodeId[][] = [];
  let lo = 0n;
  let hi = treeSize;
  while (hi - lo > 1n) {
    const split = lo + largestPowerBelow(hi - lo);
    if (leafIndex < split) {
      lists.push(completeSubtrees(split, hi));
      hi = split;
    } else {
      lists.push(completeSubtrees(lo, split));
      lo = split;
    }
  }
  return lists.reverse();
}

/**
 * The same for the consistency proof from `size1` to `size2` leaves (RFC 6962 §2.1.2); empty if they are equal.
 *
 * @throws ProofError `size-out-of-range` unless 1 ≤ size1 ≤ size2 ≤ 2⁴⁸.
 */
export function consistencyProofNodes(size1: bigint, size2: bigint): NodeId[][] {
  requireTreeSize(size2, 1n);
  if (size1 < 1n || size1 > size2)
    throw new ProofError('size-out-of-range', `first size ${size1} is not in 1…${size2}`);
  const lists: NodeId[][] = [];
  let lo = 0n;
  let hi = size2;
  while (hi !== size1) {
    const split = lo + largestPowerBelow(hi - lo);
    if (size1 <= split) {
      lists.push(completeSubtrees(split, hi));
      hi = split;
    } else {
      lists.push(completeSubtrees(lo, split));
      lo = split;
    }
  }
  // From the first leaf on, what is left is the whole first tree, whose root the verifier has.
  if (lo > 0n) lists.push(completeSubtrees(lo, hi));
  return lists.reverse();
}

/**
 * The root of the tree of `treeSize` leaves.
 *
 * @throws ProofError `size-out-of-range` unless 0 ≤ treeSize ≤ 2⁴⁸; whatever `readNode` throws.
 */
export async function rootAt(treeSize: bigint, readNode: ReadNode): Promise<RootHash> {
  if (treeSize === 0n) return emptyRoot();
  return (await foldNodes(rootNodes(treeSize), readNode)) as Uint8Array as RootHash;
}

/**
 * The hashes of the proof that leaf `leafIndex` is in the tree of `treeSize` leaves: from the leaf's sibling up to the root's child.
 *
 * @throws ProofError as {@link inclusionProofNodes}; whatever `readNode` throws.
 */
export async function inclusionProof(leafIndex: bigint, treeSize: bigint, readNode: ReadNode): Promise<NodeHash[]> {
  return Promise.all(inclusionProofNodes(leafIndex, treeSize).map((nodes) => foldNodes(nodes, readNode)));
}

/**
 * The hashes of the proof that the tree of `size2` leaves begins with the tree of `size1` leaves, in RFC 9162 §2.1.4 order.
 *
 * @throws ProofError as {@link consistencyProofNodes}; whatever `readNode` throws.
 */
export async function consistencyProof(size1: bigint, size2: bigint, readNode: ReadNode): Promise<NodeHash[]> {
  return Promise.all(consistencyProofNodes(size1, size2).map((nodes) => foldNodes(nodes, readNode)));
}

/**
 * The right edge of a tree as its next leaf needs it: the right edge of the tree of `treeSize` leaves, read from its nodes.
 *
 * @throws ProofError `size-out-of-range` unless 0 ≤ treeSize ≤ 2⁴⁸; whatever `readNode` throws.
 */
export async function rightEdgeAt(treeSize: bigint, readNode: ReadNode): Promise<RightEdge> {
  return new RightEdge(
    treeSize,
    await Promise.all(rootNodes(treeSize).map(async ({ level, index }) => readNode(level, index))),
  );
}

/** The root over leaf hashes that are all at hand; {@link emptyRoot} over none. Keeps one hash per level. */
export function rootFromLeafHashes(leafHashes: Iterable<LeafHash>): RootHash {
  const edge = new RightEdge();
  for (const hash of leafHashes) edge.append(hash);
  return edge.root();
}

/** Reads from every complete subtree over leaf hashes that are all at hand; keeps twice as many hashes as there are leaves. */
export function nodesOver(leafHashes: readonly LeafHash[]): ReadNode {
  const levels: Uint8Array[][] = [[...leafHashes]];
  for (let below = levels[0] as Uint8Array[]; below.length > 1; ) {
    const level: Uint8Array[] = [];
    for (let i = 0; i + 1 < below.length; i += 2) {
      level.push(nodeHash(below[i] as Uint8Array, below[i + 1] as Uint8Array));
    }
    levels.push(level);
    below = level;
  }
  return (level, index) => levels[level]?.[Number(index)] as NodeHash;
}

/**
 * All that is needed of a tree to append leaves and to give its root: the hashes of its complete subtrees, at most 48.
 * Appending costs less than two hashes on average, a root at most 47.
 */
export class RightEdge {
  #size: bigint;
  readonly #hashes: NodeHash[];

  /**
   * @param size leaves in the tree so far
   * @param hashes those of `rootNodes(size)`, in that order
   * @throws ProofError `size-out-of-range` unless 0 ≤ size ≤ 2⁴⁸ and there is a hash for each node; `hash-not-32-bytes`.
   */
  constructor(size = 0n, hashes: readonly NodeHash[] = []) {
    const nodes = rootNodes(size).length;
    if (hashes.length !== nodes) {
      throw new ProofError(
        'size-out-of-range',
        `size ${size} has ${nodes} complete subtrees, got ${hashes.length} hashes`,
      );
    }
    for (const [i, hash] of hashes.entries()) requireHash(hash, `hash ${i} of the right edge`);
    this.#size = size;
    this.#hashes = [...hashes];
  }

  /** Leaves in the tree. */
  get size(): bigint {
    return this.#size;
  }

  /** The hashes of `rootNodes(size)`, from left to right: with `size`, all that the constructor needs to go on from here. */
  get hashes(): NodeHash[] {
    return [...this.#hashes];
  }

  /** An edge that grows on its own from here. */
  copy(): RightEdge {
    return new RightEdge(this.#size, this.#hashes);
  }

  /**
   * Adds the leaf with index `size`.
   *
   * @returns the complete subtrees that this leaf ends, the leaf itself first, each the right child of the next.
   * @throws ProofError `size-out-of-range` if the tree has 2⁴⁸ leaves already; `hash-not-32-bytes`.
   */
  append(leafHash: LeafHash): CompleteNode[] {
    requireTreeSize(this.#size + 1n, 1n);
    requireHash(leafHash, 'leaf hash');
    let hash = leafHash as Uint8Array as NodeHash;
    let level = 0;
    let index = this.#size;
    const completed = [{ level, index, hash }];
    while ((index & 1n) === 1n) {
      hash = nodeHash(this.#hashes.pop() as NodeHash, hash);
      level++;
      index >>= 1n;
      completed.push({ level, index, hash });
    }
    this.#hashes.push(hash);
    this.#size++;
    return completed;
  }

  /** The root of the tree as it is now. */
  root(): RootHash {
    return this.#size === 0n ? emptyRoot() : (fold(this.#hashes) as Uint8Array as RootHash);
  }
}

/** @throws ProofError `size-out-of-range` unless least ≤ treeSize ≤ 2⁴⁸. */
export function requireTreeSize(treeSize: bigint, least: bigint): void {
  if (treeSize < least || treeSize > MAX_TREE_SIZE) {
    throw new ProofError('size-out-of-range', `tree size ${treeSize} is not in ${least}…${MAX_TREE_SIZE}`);
  }
}

/** @throws ProofError `size-out-of-range` unless 1 ≤ treeSize ≤ 2⁴⁸, `index-out-of-range` unless 0 ≤ leafIndex < treeSize. */
export function requireLeafIndex(leafIndex: bigint, treeSize: bigint): void {
  requireTreeSize(treeSize, 1n);
  if (leafIndex < 0n || leafIndex >= treeSize) {
    throw new ProofError('index-out-of-range', `leaf index ${leafIndex} is not in 0…${treeSize - 1n}`);
  }
}

/** The k of RFC 6962 §2.1: largest power of two smaller than `size`. */
function largestPowerBelow(size: bigint): bigint {
  let power = 1n;
  while (power * 2n < size) power *= 2n;
  return power;
}

async function foldNodes(nodes: NodeId[], readNode: ReadNode): Promise<NodeHash> {
  return fold(await Promise.all(nodes.map(async ({ level, index }) => readHash(level, index, readNode))));
}

async function readHash(level: number, index: bigint, readNode: ReadNode): Promise<NodeHash> {
  const hash = await readNode(level, index);
  requireHash(hash, `node ${index} of level ${level}`);
  return hash;
}

/** Complete subtrees from left to right, at least one, into the hash over all their leaves. */
function fold(hashes: readonly NodeHash[]): NodeHash {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}
