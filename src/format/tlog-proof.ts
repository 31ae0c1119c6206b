import { FormatError } from '../errors.ts';
import { concat, encodeBase64, encodeUtf8, parseBase64, parseUtf8 } from './bytes.ts';
import { parseForeignCheckpoint, type UnverifiedCheckpoint } from './checkpoint.ts';
import { MAX_NOTE_BYTES } from './note.ts';

/** c2sp.org/tlog-proof: that one entry is in the tree of one checkpoint, for a reader who has the entry. Nothing of it is verified yet. */
export interface TlogProof {
  /** What the writer adds for the application, signed by nobody; null if there is none. */
  extra: Uint8Array | null;
  /** Zero-based. */
  leafIndex: bigint;
  /** 32 bytes each, from the leaf's sibling up to the root's child; at most 63. */
  hashes: Uint8Array[];
  /** The signed note, exact, cosignatures among its signature lines. */
  checkpointBytes: Uint8Array;
}

export interface UnverifiedTlogProof extends TlogProof {
  checkpoint: UnverifiedCheckpoint;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const MAX_EXTRA_BYTES = 16 * 1024;
const MAX_HASHES = 63;
/** First line, extra, index and 63 hashes, with room to spare. */
const MAX_HEAD_BYTES = 32 * 1024;
export const MAX_TLOG_PROOF_BYTES = MAX_HEAD_BYTES + MAX_NOTE_BYTES;

export function encodeTlogProof({ extra, leafIndex, hashes, checkpointBytes }: TlogProof): Uint8Array {
  const lines = [
    FIRST_LINE,
    ...(extra === null ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${leafIndex}`,
    ...hashes.map(encodeBase64),
  ];
  return concat(encodeUtf8(`${lines.join('\n')}\n\n`), checkpointBytes);
}

/**
 * Strict: one spelling, every line ended, nothing behind. Of any log, so the checkpoint may have extension lines.
 * @throws FormatError `too-large`, `unknown-type` if the first line is another, `invalid-tlog-proof`, `invalid-base64`, and those of
 * `parseForeignCheckpoint`
 */
export function parseTlogProof(bytes: Uint8Array): UnverifiedTlogProof {
  if (bytes.length > MAX_TLOG_PROOF_BYTES) {
    throw new FormatError('too-large', `proof of ${bytes.length} bytes, at most ${MAX_TLOG_PROOF_BYTES} are read`);
  }
  const { head, rest } = splitAtEmptyLine(bytes);
  const lines = parseUtf8(head).split('\n');
  const first = lines.shift();
  if (first !== FIRST_LINE) {
    throw new FormatError('unknown-type', `first line is ${JSON.stringify(first?.slice(0, 80))}, not ${FIRST_LINE}`);
  }
  const extra = lines[0]?.startsWith('extra ') ? parseExtra(lines.shift() as string) : null;
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines.shift() ?? '');
  if (index === null) throw new FormatError('invalid-tlog-proof', 'no line "index" with a plain decimal');
  if (lines.length > MAX_HASHES) {
    throw new FormatError('invalid-tlog-proof', `${lines.length} hashes, at most ${MAX_HASHES} lead to any root`);
  }
  return {
    extra,
    leafIndex: BigInt(index[1] as string),
    hashes: lines.map(parseHash),
    checkpointBytes: rest,
    checkpoint: parseForeignCheckpoint(rest),
  };
}

/** A log's note with the lines of those who cosigned it. @param cosignatures without line feeds */
export function withCosignatures(checkpointNote: Uint8Array, cosignatures: readonly string[]): Uint8Array {
  return concat(checkpointNote, encodeUtf8(cosignatures.map((line) => `${line}\n`).join('')));
}

function parseExtra(line: string): Uint8Array {
  const extra = parseBase64(line.slice('extra '.length));
  if (extra.length === 0 || extra.length > MAX_EXTRA_BYTES) {
    throw new FormatError('invalid-tlog-proof', `extra data of ${extra.length} bytes, not 1 to ${MAX_EXTRA_BYTES}`);
  }
  return extra;
}

function parseHash(line: string): Uint8Array {
  const hash = parseBase64(line);
  if (hash.length !== 32) throw new FormatError('invalid-tlog-proof', `hash of ${hash.length} bytes, expected 32`);
  return hash;
}

const LF = 0x0a;

function splitAtEmptyLine(bytes: Uint8Array): { head: Uint8Array; rest: Uint8Array } {
  for (let at = 1; at < Math.min(bytes.length, MAX_HEAD_BYTES); at++) {
    if (bytes[at] === LF && bytes[at - 1] === LF) {
      return { head: bytes.slice(0, at - 1), rest: bytes.slice(at + 1) };
    }
  }
  throw new FormatError('invalid-tlog-proof', `no empty line within the first ${MAX_HEAD_BYTES} bytes`);
}
