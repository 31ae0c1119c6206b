import { FormatError } from '../errors.ts';
import { compareBytes, concat, encodeUtf8, equalBytes, parseUtf8, sha256 } from './bytes.ts';

/**
 * What turns one message into the next. `append`, `prepend`, `sha256` and `hexlify` are computed here; the others are read, kept and
 * named, and whatever lies behind them cannot be checked.
 */
export type Operation =
  | { kind: 'append' | 'prepend'; argument: Uint8Array }
  | { kind: 'sha256' | 'hexlify' | 'sha1' | 'ripemd160' | 'keccak256' | 'reverse' };

/** Who says when a message existed. Kinds that are not known here are kept as they came. */
export type TimeAttestation =
  | { kind: 'pending'; uri: string }
  | { kind: 'bitcoin' | 'litecoin'; height: number }
  | { kind: 'unknown'; tag: Uint8Array; payload: Uint8Array };

/** What is said of one message: attestations, and operations each leading to another message. Order is as written in the bytes. */
export interface Timestamp {
  branches: readonly Branch[];
}
export type Branch =
  | { attestation: TimeAttestation }
  | {
      operation: Operation;
      next: Timestamp;
    };

/** A `.ots` file: version 1, over a SHA-256 digest. */
export interface DetachedTimestamp {
  /** 32 bytes: SHA-256 of the file, or, in a publication's proof, the root hash itself. */
  digest: Uint8Array;
  timestamp: Timestamp;
}

/** Longest proof read or written, in bytes. */
export const MAX_OTS_BYTES = 65_536;
/** Operations from the digest to the furthest attestation; stock clients stop at the same depth. */
export const MAX_OTS_DEPTH = 255;
/** Of a message, and of an operation's argument, which has at least one byte. */
const MAX_MESSAGE_BYTES = 4096;
const MAX_PAYLOAD_BYTES = 8192;
const MAX_URI_BYTES = 1000;
const MAX_HEIGHT = 2 ** 32 - 1;

/** 0x00 OpenTimestamps 0x00 0x00 Proof 0x00 and eight bytes that no text holds. */
export const OTS_MAGIC = Uint8Array.of(
  ...[0x00, 0x4f, 0x70, 0x65, 0x6e, 0x54, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0x73, 0x00, 0x00],
  ...[0x50, 0x72, 0x6f, 0x6f, 0x66, 0x00, 0xbf, 0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94],
);
const VERSION = 1;
const ATTESTATION = 0x00;
const FORK = 0xff;

const OPERATION_TAGS = {
  sha1: 0x02,
  ripemd160: 0x03,
  sha256: 0x08,
  keccak256: 0x67,
  append: 0xf0,
  prepend: 0xf1,
  reverse: 0xf2,
  hexlify: 0xf3,
} as const;
const OPERATION_KINDS = new Map(
  Object.entries(OPERATION_TAGS).map(([kind, tag]) => [tag as number, kind as Operation['kind']]),
);

const ATTESTATION_TAGS = {
  pending: Uint8Array.of(0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e),
  bitcoin: Uint8Array.of(0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01),
  litecoin: Uint8Array.of(0x06, 0x86, 0x9a, 0x0d, 0x73, 0xd7, 0x1b, 0x45),
} as const;

/**
 * Reads exactly one `.ots` file, nothing behind it. Each number has its shortest spelling and no branch stands twice, so encoding the
 * result gives the same bytes again.
 * @throws FormatError `invalid-opentimestamps`; `unsupported-digest` if it is over another digest than SHA-256; `unknown-operation`;
 * `too-large` beyond 65,536 bytes, or 4,096 of a message or argument; `too-deep` beyond 255 operations; `trailing-bytes`
 */
export function parseDetachedTimestamp(bytes: Uint8Array): DetachedTimestamp {
  const reader = new Reader(bytes);
  if (!equalBytes(reader.take(Math.min(OTS_MAGIC.length, bytes.length)), OTS_MAGIC)) {
    throw invalid('it does not begin as an OpenTimestamps proof');
  }
  const version = reader.varuint(MAX_HEIGHT);
  if (version !== VERSION) throw invalid(`version ${version}, only 1 is known`);
  const digestKind = OPERATION_KINDS.get(reader.byte());
  if (digestKind === 'sha1' || digestKind === 'ripemd160' || digestKind === 'keccak256') {
    throw new FormatError('unsupported-digest', `the proof is over ${digestKind}, not SHA-256`);
  }
  if (digestKind !== 'sha256') throw invalid('it is over no digest that is known');
  const digest = reader.take(32);
  const timestamp = readTimestamp(reader, digest.length, 0);
  reader.end();
  return { digest, timestamp };
}

/** @throws FormatError `too-large` beyond 65,536 bytes, `too-deep`, `invalid-opentimestamps` if it could not be read again */
export function encodeDetachedTimestamp({ digest, timestamp }: DetachedTimestamp): Uint8Array {
  if (digest.length !== 32) throw invalid(`a digest of ${digest.length} bytes, not 32`);
  const bytes = concat(
    OTS_MAGIC,
    Uint8Array.of(VERSION, OPERATION_TAGS.sha256),
    digest,
    encodeTimestamp(timestamp, digest.length),
  );
  if (bytes.length > MAX_OTS_BYTES) throw tooLarge(`${bytes.length} bytes; at most ${MAX_OTS_BYTES} are written`);
  return bytes;
}

/**
 * What a calendar answers: a timestamp without the file's head.
 * @param messageBytes length of the message that it is about
 * @throws FormatError as `parseDetachedTimestamp`
 */
export function parseTimestamp(bytes: Uint8Array, messageBytes: number): Timestamp {
  const reader = new Reader(bytes);
  const timestamp = readTimestamp(reader, messageBytes, 0);
  reader.end();
  return timestamp;
}

/** @throws FormatError `too-large`, `too-deep`, `unknown-operation` or `invalid-opentimestamps` if it could not be read again */
export function encodeTimestamp(timestamp: Timestamp, messageBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  writeTimestamp(timestamp, parts);
  const bytes = concat(...parts);
  parseTimestamp(bytes, messageBytes);
  return bytes;
}

/** One attestation and the message that it is about; undefined if an operation that is not computed here stands before it. */
export interface Attested {
  attestation: TimeAttestation;
  message: Uint8Array | undefined;
}

/** Everything that `timestamp` says, in its order, with the message that each attestation is about. */
export function attestationsOf(timestamp: Timestamp, message: Uint8Array): Attested[] {
  const found: Attested[] = [];
  collect(timestamp, message, found);
  return found;
}

function collect({ branches }: Timestamp, message: Uint8Array | undefined, into: Attested[]): void {
  for (const branch of branches) {
    if ('attestation' in branch) into.push({ attestation: branch.attestation, message });
    else collect(branch.next, message && applyOperation(branch.operation, message), into);
  }
}

/** Undefined if it is not computed here. */
export function applyOperation(operation: Operation, message: Uint8Array): Uint8Array | undefined {
  switch (operation.kind) {
    case 'append':
      return concat(message, operation.argument);
    case 'prepend':
      return concat(operation.argument, message);
    case 'sha256':
      return sha256(message);
    case 'hexlify':
      return hexDigits(message);
    default:
      return undefined;
  }
}

/** A timestamp of these operations one after the other, ending in `end`. */
export function chainOf(operations: readonly Operation[], end: Timestamp): Timestamp {
  return operations.reduceRight<Timestamp>((next, operation) => ({ branches: [{ operation, next }] }), end);
}

/**
 * All that the given timestamps say of one message, as one, in the order in which stock clients write: attestations by kind and value,
 * then operations by tag and argument, nothing twice.
 */
export function mergeTimestamps(timestamps: readonly Timestamp[]): Timestamp {
  const attestations: TimeAttestation[] = [];
  const operations: { operation: Operation; next: Timestamp[] }[] = [];
  for (const branch of timestamps.flatMap(({ branches }) => branches)) {
    if ('attestation' in branch) {
      if (!attestations.some((known) => compareAttestations(known, branch.attestation) === 0)) {
        attestations.push(branch.attestation);
      }
    } else {
      const known = operations.find(({ operation }) => compareOperations(operation, branch.operation) === 0);
      if (known === undefined) operations.push({ operation: branch.operation, next: [branch.next] });
      else known.next.push(branch.next);
    }
  }
  return {
    branches: [
      ...attestations.sort(compareAttestations).map((attestation) => ({ attestation })),
      ...operations
        .sort((a, b) => compareOperations(a.operation, b.operation))
        .map(({ operation, next }) => ({ operation, next: mergeTimestamps(next) })),
    ],
  };
}

/** As `timestamp`, with all that `replace` gives in place of an attestation; undefined keeps it. */
export function replaceAttestations(
  timestamp: Timestamp,
  message: Uint8Array,
  replace: (attestation: TimeAttestation, message: Uint8Array) => Timestamp | undefined,
): Timestamp {
  return mergeTimestamps(
    timestamp.branches.map((branch): Timestamp => {
      if ('attestation' in branch) return replace(branch.attestation, message) ?? { branches: [branch] };
      const result = applyOperation(branch.operation, message);
      if (result === undefined) return { branches: [branch] };
      return { branches: [{ operation: branch.operation, next: replaceAttestations(branch.next, result, replace) }] };
    }),
  );
}

function compareAttestations(a: TimeAttestation, b: TimeAttestation): number {
  if (a.kind === 'pending' && b.kind === 'pending') return compareBytes(encodeUtf8(a.uri), encodeUtf8(b.uri));
  if ('height' in a && 'height' in b && a.kind === b.kind) return a.height - b.height;
  return compareBytes(tagOf(a), tagOf(b)) || compareBytes(payloadOf(a), payloadOf(b));
}

function compareOperations(a: Operation, b: Operation): number {
  const difference = OPERATION_TAGS[a.kind] - OPERATION_TAGS[b.kind];
  if (difference !== 0 || !('argument' in a) || !('argument' in b)) return difference;
  return compareBytes(a.argument, b.argument);
}

/** `messageBytes` is the length of the message here: lengths alone decide whether an operation is allowed. */
function readTimestamp(reader: Reader, messageBytes: number, depth: number): Timestamp {
  const branches: Branch[] = [];
  const spellings = new Set<string>();
  for (let isLast = false; !isLast; ) {
    let tag = reader.byte();
    isLast = tag !== FORK;
    if (!isLast) tag = reader.byte();
    const start = reader.position;
    if (tag === ATTESTATION) {
      branches.push({ attestation: readAttestation(reader) });
      requireNew(spellings, `attestation ${reader.textSince(start)}`);
      continue;
    }
    const operation = readOperation(reader, tag);
    requireNew(spellings, `operation ${tag} ${reader.textSince(start)}`);
    if (depth >= MAX_OTS_DEPTH) {
      throw new FormatError('too-deep', `more than ${MAX_OTS_DEPTH} operations after one another`);
    }
    const length = lengthAfter(operation, messageBytes);
    if (length > MAX_MESSAGE_BYTES) {
      throw tooLarge(`an operation gives ${length} bytes; at most ${MAX_MESSAGE_BYTES} are allowed`);
    }
    branches.push({ operation, next: readTimestamp(reader, length, depth + 1) });
  }
  return { branches };
}

function requireNew(spellings: Set<string>, spelling: string): void {
  if (spellings.has(spelling)) throw invalid('the same branch stands twice');
  spellings.add(spelling);
}

function readOperation(reader: Reader, tag: number): Operation {
  const kind = OPERATION_KINDS.get(tag);
  if (kind === undefined) {
    throw new FormatError('unknown-operation', `operation 0x${tag.toString(16).padStart(2, '0')} is not known`);
  }
  if (kind !== 'append' && kind !== 'prepend') return { kind };
  const argument = reader.varbytes(MAX_MESSAGE_BYTES);
  if (argument.length === 0) throw invalid(`${kind} has no bytes`);
  return { kind, argument };
}

function lengthAfter(operation: Operation, length: number): number {
  switch (operation.kind) {
    case 'append':
    case 'prepend':
      return length + operation.argument.length;
    case 'hexlify':
      return 2 * length;
    case 'reverse':
      return length;
    case 'sha1':
    case 'ripemd160':
      return 20;
    case 'sha256':
    case 'keccak256':
      return 32;
  }
}

function readAttestation(reader: Reader): TimeAttestation {
  const tag = reader.take(8);
  const payload = reader.varbytes(MAX_PAYLOAD_BYTES);
  const inner = new Reader(payload);
  for (const kind of ['bitcoin', 'litecoin'] as const) {
    if (!equalBytes(tag, ATTESTATION_TAGS[kind])) continue;
    const height = inner.varuint(MAX_HEIGHT);
    inner.end();
    return { kind, height };
  }
  if (!equalBytes(tag, ATTESTATION_TAGS.pending)) return { kind: 'unknown', tag, payload };
  const uri = inner.varbytes(MAX_URI_BYTES);
  inner.end();
  return { kind: 'pending', uri: requireUri(parseUtf8Uri(uri)) };
}

function parseUtf8Uri(bytes: Uint8Array): string {
  try {
    return parseUtf8(bytes);
  } catch (cause) {
    throw new FormatError('invalid-opentimestamps', 'the address of a calendar is not text', { cause });
  }
}

/** Stock clients allow these characters alone: no query, no credentials, nothing to escape. */
function requireUri(uri: string): string {
  if (!/^[A-Za-z0-9._/:-]*$/.test(uri)) {
    throw invalid('the address of a calendar holds a character other than letters, digits and ._/:-');
  }
  return uri;
}

function writeTimestamp({ branches }: Timestamp, parts: Uint8Array[], depth = 0): void {
  if (branches.length === 0) throw invalid('a message of which nothing is said');
  if (depth > MAX_OTS_DEPTH) {
    throw new FormatError('too-deep', `more than ${MAX_OTS_DEPTH} operations after one another`);
  }
  for (const [i, branch] of branches.entries()) {
    if (i < branches.length - 1) parts.push(Uint8Array.of(FORK));
    if ('attestation' in branch) {
      const { attestation } = branch;
      parts.push(Uint8Array.of(ATTESTATION), tagOf(attestation), encodeVarbytes(payloadOf(attestation)));
    } else {
      const { operation, next } = branch;
      parts.push(Uint8Array.of(OPERATION_TAGS[operation.kind]));
      if ('argument' in operation) parts.push(encodeVarbytes(operation.argument));
      writeTimestamp(next, parts, depth + 1);
    }
  }
}

function tagOf(attestation: TimeAttestation): Uint8Array {
  return attestation.kind === 'unknown' ? attestation.tag : ATTESTATION_TAGS[attestation.kind];
}

function payloadOf(attestation: TimeAttestation): Uint8Array {
  if (attestation.kind === 'unknown') return attestation.payload;
  if (attestation.kind === 'pending') return encodeVarbytes(encodeUtf8(attestation.uri));
  return encodeVaruint(attestation.height);
}

function encodeVarbytes(bytes: Uint8Array): Uint8Array {
  return concat(encodeVaruint(bytes.length), bytes);
}

/** Seven bits a byte, the lowest first; all but the last byte have the highest bit. */
function encodeVaruint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

function hexDigits(message: Uint8Array): Uint8Array {
  const digit = (value: number) => value + (value < 10 ? 0x30 : 0x61 - 10);
  return Uint8Array.from([...message].flatMap((byte) => [digit(byte >> 4), digit(byte & 15)]));
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_OTS_BYTES) throw tooLarge(`${bytes.length} bytes; at most ${MAX_OTS_BYTES} are read`);
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  /** For comparison only. */
  textSince(start: number): string {
    return this.#bytes.subarray(start, this.#at).join();
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      throw invalid(`it ends at byte ${this.#bytes.length}, ${length} more were expected at byte ${this.#at}`);
    }
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  varuint(most: number): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > most) throw tooLarge(`a number above ${most} at byte ${this.#at}`);
      if (byte === 0 && scale > 1) throw invalid(`a number in a longer spelling than needed at byte ${this.#at}`);
      if (byte < 0x80) return value;
      if (scale > most) throw tooLarge(`a number above ${most} at byte ${this.#at}`);
    }
  }

  varbytes(most: number): Uint8Array {
    return this.take(this.varuint(most));
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new FormatError('trailing-bytes', `${left} bytes after the end`);
  }
}

function invalid(message: string): FormatError {
  return new FormatError('invalid-opentimestamps', `OpenTimestamps proof: ${message}`);
}

function tooLarge(message: string): FormatError {
  return new FormatError('too-large', `OpenTimestamps proof: ${message}`);
}
