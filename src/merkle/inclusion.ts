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
  const { leafIndex, treeSize, hashes } = proof;
  requireLeafIndex(leafIndex, treeSize);
  requireHash(leafHash, 'leaf hash');
  let fn = leafIndex;
  let sn = treeSize - 1n;
  let root: Uint8Array = leafHash;
  for (const [i, hash] of hashes.entries()) {
    if (sn === 0n) {
      throw new ProofError(
        'proof-too-long',
        `${hashes.length} hashes, but leaf ${leafIndex} of ${treeSize} takes only ${i}`,
      );
    }
    requireHash(hash, `proof hash ${i}`);
    if ((fn & 1n) === 1n || fn === sn) {
      root = nodeHash(hash, root);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      root = nodeHash(root, hash);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) {
    throw new ProofError('proof-too-short', `${hashes.length} hashes are too few for leaf ${leafIndex} of ${treeSize}`);
  }
  return root as RootHash;
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
