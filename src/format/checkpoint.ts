import { FormatError } from '../errors.ts';
import { asHash32, encodeBase64, parseBase64, type RootHash } from './bytes.ts';
import { parseNote, type UnverifiedNote } from './note.ts';

/** c2sp.org/tlog-checkpoint: origin, decimal tree size, base64 root hash, a line each. */
export interface CheckpointBody {
  origin: string;
  /** 0…2⁴⁸, what the contract can anchor. */
  treeSize: bigint;
  rootHash: RootHash;
}

/** A checkpoint whose signatures nobody has looked at. */
export interface UnverifiedCheckpoint extends CheckpointBody {
  note: UnverifiedNote;
}

export const MAX_TREE_SIZE = 1n << 48n;

/** The text that is signed. */
export function encodeCheckpointBody(body: CheckpointBody): string {
  return `${body.origin}\n${body.treeSize}\n${encodeBase64(body.rootHash)}\n`;
}

/**
 * Extension lines are refused: this log writes none, and whoever signed one meant something we would not show.
 * @throws FormatError `invalid-checkpoint` and those of `parseNote`
 */
export function parseCheckpoint(bytes: Uint8Array): UnverifiedCheckpoint {
  const note = parseNote(bytes);
  return { ...parseCheckpointBody(note.text), note };
}

/**
 * As `parseCheckpoint`, for a log that is not ours: its extension lines are allowed, and nothing is said about what they mean.
 * They are part of `note.text` and so of what is signed.
 * @throws FormatError `invalid-checkpoint` and those of `parseNote`
 */
export function parseForeignCheckpoint(bytes: Uint8Array): UnverifiedCheckpoint {
  const note = parseNote(bytes);
  const lines = note.text.split('\n');
  if (lines.slice(3, -1).includes('')) throw new FormatError('invalid-checkpoint', 'an extension line is empty');
  return { ...parseCheckpointBody(`${lines.slice(0, 3).join('\n')}\n`), note };
}

/** @throws FormatError `invalid-checkpoint` */
export function parseCheckpointBody(text: string): CheckpointBody {
  const lines = text.split('\n');
  if (lines.length !== 4 || lines[3] !== '') {
    throw new FormatError('invalid-checkpoint', `expected three lines, got ${lines.length - 1}`);
  }
  const [origin, size, root] = lines as [string, string, string];
  if (origin === '') throw new FormatError('invalid-checkpoint', 'empty origin');
  if (!/^(0|[1-9][0-9]{0,14})$/.test(size)) {
    throw new FormatError(
      'invalid-checkpoint',
      `tree size ${JSON.stringify(size.slice(0, 20))} is not a plain decimal`,
    );
  }
  const treeSize = BigInt(size);
  if (treeSize > MAX_TREE_SIZE) throw new FormatError('invalid-checkpoint', `tree size ${treeSize} is above 2^48`);
  return { origin, treeSize, rootHash: asHash32(parseBase64(root)) };
}
