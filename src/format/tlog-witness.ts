import { FormatError } from '../errors.ts';
import { concat, encodeBase64, encodeUtf8, parseBase64, parseUtf8 } from './bytes.ts';

/** The body of c2sp.org/tlog-witness `add-checkpoint`: here is how my log grew since the size that you last cosigned. */
export interface AddCheckpointRequest {
  /** Leaves in the tree that the witness cosigned last; 0 if none. */
  oldSize: bigint;
  /** RFC 6962 §2.1.2 from `oldSize`, 32 bytes each, at most 63. */
  consistencyProof: Uint8Array[];
  /** The signed note, exact. */
  checkpointBytes: Uint8Array;
}

/** Of the answer 409, whose body is the size that the witness knows. */
export const SIZE_MEDIA_TYPE = 'text/x.tlog.size';

const MAX_HASHES = 63;
/** A witness has no use for a note with dozens of signatures. */
const MAX_CHECKPOINT_BYTES = 16 * 1024;
/** `old`, 63 hashes, and the note. */
export const MAX_ADD_CHECKPOINT_BYTES = 4 * 1024 + MAX_CHECKPOINT_BYTES;
/** Signature lines; those of post-quantum keys have some 3,300 characters. */
export const MAX_ANSWER_BYTES = 64 * 1024;

export function encodeAddCheckpoint({ oldSize, consistencyProof, checkpointBytes }: AddCheckpointRequest): Uint8Array {
  const lines = [`old ${oldSize}`, ...consistencyProof.map(encodeBase64)];
  return concat(encodeUtf8(`${lines.join('\n')}\n\n`), checkpointBytes);
}

/** The note is not looked into. @throws FormatError `too-large`, `invalid-field`, `invalid-base64`, `invalid-utf8` */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpointRequest {
  if (bytes.length > MAX_ADD_CHECKPOINT_BYTES) {
    throw new FormatError('too-large', `request of ${bytes.length} bytes, at most ${MAX_ADD_CHECKPOINT_BYTES}`);
  }
  const text = parseUtf8(bytes);
  const end = text.indexOf('\n\n');
  if (end < 0) throw new FormatError('invalid-field', 'no empty line before the checkpoint');
  const lines = text.slice(0, end).split('\n');
  const old = /^old (0|[1-9][0-9]{0,18})$/.exec(lines.shift() as string);
  if (old === null) throw new FormatError('invalid-field', 'the first line is not "old" and a plain decimal');
  if (lines.length > MAX_HASHES) {
    throw new FormatError('invalid-field', `${lines.length} consistency hashes, at most ${MAX_HASHES}`);
  }
  const consistencyProof = lines.map((line) => {
    const hash = parseBase64(line);
    if (hash.length !== 32) throw new FormatError('invalid-field', `hash of ${hash.length} bytes, expected 32`);
    return hash;
  });
  return { oldSize: BigInt(old[1] as string), consistencyProof, checkpointBytes: encodeUtf8(text.slice(end + 2)) };
}

/** @throws FormatError `invalid-field` */
export function parseSizeAnswer(bytes: Uint8Array): bigint {
  const match = bytes.length <= 20 ? /^(0|[1-9][0-9]{0,18})\n$/.exec(parseUtf8(bytes)) : null;
  if (match === null) throw new FormatError('invalid-field', 'expected a tree size and a line feed');
  return BigInt(match[1] as string);
}
