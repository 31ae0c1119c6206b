import { FormatError } from '../errors.ts';

/** Recursive Length Prefix (Ethereum Yellow Paper, appendix B): a byte string or a list of items. */
export type RlpItem = Uint8Array | readonly RlpItem[];

export interface RlpLimits {
  /** Longest encoding read, in bytes. */
  maxBytes: number;
  /** Lists within lists; a byte string at the top has depth 0, a flat list depth 1. */
  maxDepth: number;
  /** Byte strings and lists together. */
  maxItems: number;
}

/** Far above any block header, trie node or receipt of an anchor; low enough to bound a hostile one. */
export const RLP_LIMITS: RlpLimits = { maxBytes: 1 << 20, maxDepth: 8, maxItems: 1 << 16 };

const SHORT_STRING = 0x80;
const LONG_STRING = 0xb7;
const SHORT_LIST = 0xc0;
const LONG_LIST = 0xf7;
const LONGEST_SHORT_PAYLOAD = 55;

/**
 * Reads exactly one item that fills `bytes`. The only encoding of each item is accepted: a single byte below 0x80 as itself,
 * payloads up to 55 bytes in the short form, lengths without leading zeros. Byte strings are views of `bytes`, not copies.
 * @throws FormatError `invalid-rlp` if `bytes` are not one canonical item, `too-large` or `too-deep` if they exceed `limits`.
 */
export function parseRlp(bytes: Uint8Array, limits: RlpLimits = RLP_LIMITS): RlpItem {
  if (bytes.length > limits.maxBytes) {
    throw new FormatError('too-large', `RLP of ${bytes.length} bytes; at most ${limits.maxBytes} are read`);
  }
  const reader: Reader = { bytes, limits, items: 0 };
  const { item, end } = readItem(reader, 0, bytes.length, 0);
  if (end !== bytes.length) throw invalid(`${bytes.length - end} bytes after the item`);
  return item;
}

export function encodeRlp(item: RlpItem): Uint8Array {
  const bytes = new Uint8Array(encodedLength(item));
  write(item, bytes, 0);
  return bytes;
}

/** Big-endian without leading zeros; zero is the empty string. @throws FormatError `invalid-number` if negative. */
export function encodeRlpUint(value: bigint): Uint8Array {
  if (value < 0n) throw new FormatError('invalid-number', `RLP has no negative numbers (${value})`);
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  const bytes = new Uint8Array((digits.length + 1) >> 1);
  let rest = value;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

/** @throws FormatError `invalid-rlp` if `item` is a list, has a leading zero or is longer than `maxBytes`. */
export function parseRlpUint(item: RlpItem | undefined, maxBytes: number): bigint {
  if (!(item instanceof Uint8Array)) throw invalid('expected a number, got a list or nothing');
  if (item.length > maxBytes) throw invalid(`a number of ${item.length} bytes; at most ${maxBytes} are allowed`);
  if (item[0] === 0) throw invalid('a number with a leading zero');
  let value = 0n;
  for (const byte of item) value = (value << 8n) | BigInt(byte);
  return value;
}

interface Reader {
  bytes: Uint8Array;
  limits: RlpLimits;
  items: number;
}

/** Reads the item at `start`; nothing at or after `limit` belongs to it. */
function readItem(reader: Reader, start: number, limit: number, depth: number): { item: RlpItem; end: number } {
  const { bytes, limits } = reader;
  if (start >= limit) throw invalid(`an item is missing at byte ${start}`);
  if (++reader.items > limits.maxItems) throw new FormatError('too-large', `more than ${limits.maxItems} RLP items`);
  const prefix = bytes[start] as number;
  if (prefix < SHORT_STRING) return { item: bytes.subarray(start, start + 1), end: start + 1 };

  const isList = prefix >= SHORT_LIST;
  const lengthOfLength = isList ? prefix - LONG_LIST : prefix - LONG_STRING;
  let payload = start + 1;
  let length: number;
  if (lengthOfLength <= 0) {
    length = prefix - (isList ? SHORT_LIST : SHORT_STRING);
  } else {
    payload += lengthOfLength;
    if (payload > limit) throw invalid(`the length at byte ${start} is cut off`);
    if (bytes[start + 1] === 0) throw invalid(`the length at byte ${start} has a leading zero`);
    // Six bytes keep the sum below 2^53; no input comes near.
    if (lengthOfLength > 6) throw invalid(`the length at byte ${start} is beyond the input`);
    length = 0;
    for (let i = start + 1; i < payload; i++) length = length * 256 + (bytes[i] as number);
    if (length <= LONGEST_SHORT_PAYLOAD) throw invalid(`the length at byte ${start} should have the short form`);
  }
  const end = payload + length;
  if (end > limit) throw invalid(`the item at byte ${start} ends ${end - limit} bytes too late`);

  if (!isList) {
    if (length === 1 && (bytes[payload] as number) < SHORT_STRING) {
      throw invalid(`the byte at ${payload} should stand for itself`);
    }
    return { item: bytes.subarray(payload, end), end };
  }
  if (depth >= limits.maxDepth) throw new FormatError('too-deep', `RLP lists nested more than ${limits.maxDepth} deep`);
  const items: RlpItem[] = [];
  let at = payload;
  while (at < end) {
    const child = readItem(reader, at, end, depth + 1);
    items.push(child.item);
    at = child.end;
  }
  return { item: items, end };
}

function payloadLength(item: RlpItem): number {
  if (item instanceof Uint8Array) return item.length;
  let length = 0;
  for (const child of item) length += encodedLength(child);
  return length;
}

function encodedLength(item: RlpItem): number {
  const length = payloadLength(item);
  if (standsForItself(item)) return 1;
  return length <= LONGEST_SHORT_PAYLOAD ? 1 + length : 1 + lengthOfNumber(length) + length;
}

function standsForItself(item: RlpItem): boolean {
  return item instanceof Uint8Array && item.length === 1 && (item[0] as number) < SHORT_STRING;
}

function lengthOfNumber(value: number): number {
  let length = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length++;
  return length;
}

/** Returns the position after the item. */
function write(item: RlpItem, into: Uint8Array, start: number): number {
  let at = start;
  if (!standsForItself(item)) {
    const length = payloadLength(item);
    const isList = !(item instanceof Uint8Array);
    if (length <= LONGEST_SHORT_PAYLOAD) {
      into[at++] = (isList ? SHORT_LIST : SHORT_STRING) + length;
    } else {
      const width = lengthOfNumber(length);
      into[at++] = (isList ? LONG_LIST : LONG_STRING) + width;
      let rest = length;
      for (let i = at + width - 1; i >= at; i--) {
        into[i] = rest % 256;
        rest = Math.floor(rest / 256);
      }
      at += width;
    }
  }
  if (item instanceof Uint8Array) {
    into.set(item, at);
    return at + item.length;
  }
  for (const child of item) at = write(child, into, at);
  return at;
}

function invalid(message: string): FormatError {
  return new FormatError('invalid-rlp', message);
}
