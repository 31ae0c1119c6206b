import { ProofError } from '../errors.ts';
import { encodeHex, equalBytes, type LeafHash, type RootHash } from '../format/bytes.ts';
import { nodeHash, requireHash } from './hash.ts';
import { requireLeafIndex } from './tree.ts';

export interface InclusionProof {
  /** Zero-based, 0 ≤ leafIndex < treeSize. bigint, because number's bit operators stop at 32 bits. */
  leafIndex: bigint;
  /** Leaves in the tree, 1…2⁴⁸, taken from the signed checkpoint: the hashes alone also fit some other sizes. */
  treeSize: bigint;
  /** 32 bytes each, from the leaf's sibling up to the root's child. */
  hashes: readonly Uint8Array[];
}

/**
 * The only root for which `proof` shows that `leafHash` is in the tree (RFC 9162 §2.1.3.2). It proves nothing until it is
 * compared with a root that is known from elsewhere.
 *
 * @throws ProofError `size-out-of-range`, `index-out-of-range`, `hash-not-32-bytes`; `proof-too-long` or `proof-too-short` if the
 * number of hashes is not the one that index and size ask for.
 */
export function rootFromInclusionProof(leafHash: LeafHash, proof: InclusionProof): RootHash {
  requireHash(leafHash, 'leaf hash');
  let root: Uint8Array = leafHash;
  for (const { hash, isLeft } of inclusionSteps(proof)) root = isLeft ? nodeHash(hash, root) : nodeHash(root, hash);
  return root as RootHash;
}

/**
 * The hashes of `proof` from the leaf up, each with the side it stands on: left of what was reached so far, or right of it.
 *
 * @throws ProofError as {@link rootFromInclusionProof}.
 */
export function inclusionSteps({
  leafIndex,
  treeSize,
  hashes,
}: InclusionProof): { hash: Uint8Array; isLeft: boolean }[] {
  requireLeafIndex(leafIndex, treeSize);
  let fn = leafIndex;
  let sn = treeSize - 1n;
  const steps = hashes.map((hash, i) => {
    if (sn === 0n) {
      throw new ProofError(
        'proof-too-long',
        `${hashes.length} hashes, but leaf ${leafIndex} of ${treeSize} takes only ${i}`,
      );
    }
    requireHash(hash, `proof hash ${i}`);
    const isLeft = (fn & 1n) === 1n || fn === sn;
    if (isLeft) {
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    }
    fn >>= 1n;
    sn >>= 1n;
    return { hash, isLeft };
  });
  if (sn !== 0n) {
    throw new ProofError('proof-too-short', `${hashes.length} hashes are too few for leaf ${leafIndex} of ${treeSize}`);
  }
  return steps;
}

/**
 * Returns if `proof` shows that `leafHash` is in the tree with `rootHash`.
 *
 * @throws ProofError `root-mismatch` if it leads to another root; else as {@link rootFromInclusionProof}.
 */
export function verifyInclusion(leafHash: LeafHash, proof: InclusionProof, rootHash: RootHash): void {
  requireHash(rootHash, 'root hash');
  const root = rootFromInclusionProof(leafHash, proof);
  if (!equalBytes(root, rootHash)) {
    throw new ProofError('root-mismatch', `proof leads to root ${encodeHex(root)}, not ${encodeHex(rootHash)}`);
  }
}
