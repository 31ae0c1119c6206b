import { CodedError } from '../errors.ts';
import { encodeUtf8, parseHex } from '../format/bytes.ts';
import { parseCheckpoint, type UnverifiedCheckpoint } from '../format/checkpoint.ts';
import type { ProvedRotation } from '../format/log-event.ts';
import { type NoteKey, parseNoteKey, verifyNote } from '../format/note.ts';
import { plainLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';
import { verifyInclusion } from '../merkle/inclusion.ts';

/** A key of a log and the trees that it may sign. */
export interface LogKey {
  key: NoteKey;
  /** Smallest tree; undefined for a key that the policy names. */
  from: bigint | undefined;
  /** Largest tree; undefined unless a rotation ended it. */
  until: bigint | undefined;
}

/**
 * The keys that follow from those the reader trusts: a rotation counts if its checkpoint, the tree that ends with it, is signed by a key
 * that counts already and by the new one. The first rotation that does not count ends it: what comes after may be anybody's.
 * @param trusted keys that the policy names for this log
 * @param rotations as the thing verified brings them along; they grant nothing by themselves
 */
export function followRotations(
  trusted: readonly NoteKey[],
  rotations: readonly ProvedRotation[],
  origin: string,
): LogKey[] {
  const keys: LogKey[] = trusted.map((key) => ({ key, from: undefined, until: undefined }));
  for (const rotation of rotations) {
    const read = readRotation(rotation, origin);
    if (read === undefined) break;
    const { newKey, checkpoint } = read;
    const signer = keys.find((k) => signs(k, checkpoint) && !isSame(k.key, newKey));
    if (signer === undefined || verifyNote(checkpoint.note, newKey) !== 'valid') break;
    // A policy that names both keys is taken at its word for the new one.
    if (!keys.some(({ key }) => isSame(key, newKey))) {
      keys.push({ key: newKey, from: checkpoint.treeSize, until: undefined });
    }
    for (const k of keys) if (isSame(k.key, signer.key)) k.until = checkpoint.treeSize;
  }
  return keys;
}

/** True if this key's signature on the checkpoint is valid, and the tree one that it may sign. */
export function signs({ key, from, until }: LogKey, checkpoint: UnverifiedCheckpoint): boolean {
  const { treeSize, note } = checkpoint;
  if ((from !== undefined && treeSize < from) || (until !== undefined && treeSize > until)) return false;
  return verifyNote(note, key) === 'valid';
}

/** Undefined if it is no rotation of this log, or its leaf is not the last of the tree in its checkpoint. */
function readRotation(
  { record, leafIndex, inclusionProof, checkpoint }: ProvedRotation,
  origin: string,
): { newKey: NoteKey; checkpoint: UnverifiedCheckpoint } | undefined {
  try {
    const newKey = parseNoteKey(record.newKey);
    const parsed = parseCheckpoint(encodeUtf8(checkpoint));
    const { treeSize, rootHash } = parsed;
    if (newKey.name !== origin || parsed.origin !== origin || treeSize !== BigInt(leafIndex) + 1n) return undefined;
    const hashes = inclusionProof.map((hash) => parseHex(hash));
    verifyInclusion(leafHash(plainLeafData(record)), { leafIndex: BigInt(leafIndex), treeSize, hashes }, rootHash);
    return { newKey, checkpoint: parsed };
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

function isSame(a: NoteKey, b: NoteKey): boolean {
  return a.name === b.name && a.publicKey.every((byte, i) => byte === b.publicKey[i]);
}
