import { ProofError } from '../errors.ts';
import { encodeHex, equalBytes, type RootHash } from '../format/bytes.ts';
import { nodeHash, requireHash } from './hash.ts';
import { requireTreeSize } from './tree.ts';

export interface ConsistencyProof {
  /** Leaves in the first tree, 1 ≤ size1 ≤ size2. Every tree extends the empty one, so there is nothing to prove from 0. */
  size1: bigint;
  /** Leaves in the second tree, up to 2⁴⁸. */
  size2: bigint;
  /** 32 bytes each, in RFC 9162 §2.1.4 order; none if the sizes are equal. */
  hashes: readonly Uint8Array[];
}

/**
 * Returns if `proof` shows that the tree with `root2` begins with all leaves of the tree with `root1`, in the same order
 * (RFC 9162 §2.1.4.2). Both sizes are the prover's word: the same hashes fit some other pairs of sizes too.
 *
 * @throws ProofError `size-out-of-range`, `hash-not-32-bytes`, `proof-too-long`, `proof-too-short`; `root-mismatch` if the hashes
 * lead to another first or second root.
 */
export function verifyConsistency(proof: ConsistencyProof, root1: RootHash, root2: RootHash): void {
  const { size1, size2, hashes } = proof;
  requireTreeSize(size2, 1n);
  if (size1 < 1n || size1 > size2)
    throw new ProofError('size-out-of-range', `first size ${size1} is not in 1…${size2}`);
  requireHash(root1, 'first root hash');
  requireHash(root2, 'second root hash');
  for (const [i, hash] of hashes.entries()) requireHash(hash, `proof hash ${i}`);

  if (size1 === size2) {
    if (hashes.length > 0) throw new ProofError('proof-too-long', `${hashes.length} hashes, but equal sizes take none`);
    requireSame(root2, root1, 'second');
    return;
  }

  // A first tree that is complete is itself the node that the proof starts from, and is left out of it.
  const path = (size1 & (size1 - 1n)) === 0n ? [root1, ...hashes] : hashes;
  const start = path[0];
  if (start === undefined)
    throw new ProofError('proof-too-short', `no hash, but ${size1} to ${size2} leaves takes some`);
  let fn = size1 - 1n;
  let sn = size2 - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let first: Uint8Array = start;
  let second: Uint8Array = start;
  for (const hash of path.slice(1)) {
    if (sn === 0n) {
      throw new ProofError('proof-too-long', `${hashes.length} hashes are too many for ${size1} to ${size2} leaves`);
    }
    if ((fn & 1n) === 1n || fn === sn) {
      first = nodeHash(hash, first);
      second = nodeHash(hash, second);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      second = nodeHash(second, hash);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) {
    throw new ProofError('proof-too-short', `${hashes.length} hashes are too few for ${size1} to ${size2} leaves`);
  }
  requireSame(first, root1, 'first');
  requireSame(second, root2, 'second');
}

function requireSame(computed: Uint8Array, given: RootHash, which: string): void {
  if (!equalBytes(computed, given)) {
    throw new ProofError(
      'root-mismatch',
      `proof leads to ${which} root ${encodeHex(computed)}, not ${encodeHex(given)}`,
    );
  }
}
