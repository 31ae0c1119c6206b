import { ProofError } from '../errors.ts';
import { concat, type LeafHash, type NodeHash, type RootHash, sha256 } from '../format/bytes.ts';

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** SHA-256(0x00 ‖ leafData), RFC 6962 §2.1. RFC 6962 leaves have any length; those of our log are 32 bytes. */
export function leafHash(leafData: Uint8Array): LeafHash {
  return sha256(concat(LEAF_PREFIX, leafData)) as LeafHash;
}

/**
 * SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1.
 *
 * @throws ProofError `hash-not-32-bytes`
 */
export function nodeHash(left: Uint8Array, right: Uint8Array): NodeHash {
  requireHash(left, 'left child');
  requireHash(right, 'right child');
  return sha256(concat(NODE_PREFIX, left, right)) as NodeHash;
}

/** The root of the tree without leaves: SHA-256 of nothing, RFC 6962 §2.1. A fresh array each time, the caller's to keep. */
export function emptyRoot(): RootHash {
  return sha256(new Uint8Array(0)) as RootHash;
}

/** @throws ProofError `hash-not-32-bytes`, calling the value `name`. */
export function requireHash(hash: Uint8Array, name: string): void {
  if (hash.length !== 32) throw new ProofError('hash-not-32-bytes', `${name} has ${hash.length} bytes, not 32`);
}
