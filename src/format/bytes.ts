import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { FormatError } from '../errors.ts';

declare const kind: unique symbol;

/** 32 bytes whose meaning the type names. Only parse and hash functions produce one. */
export type Hash32<Kind extends string> = Uint8Array & { readonly [kind]: Kind };

/** SHA-256 of the evidence bytes exactly as uploaded. */
export type ContentDigest = Hash32<'ContentDigest'>;
/** SHA-256(0x00 ‖ leafData), RFC 6962 §2.1. Never equal to a ContentDigest of the same bytes. */
export type LeafHash = Hash32<'LeafHash'>;
/** SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1. */
export type NodeHash = Hash32<'NodeHash'>;
/** The hash at the top of a tree of a stated size. */
export type RootHash = Hash32<'RootHash'>;
/** The 32 bytes that a leaf of our log holds. */
export type LeafData = Hash32<'LeafData'>;
/** SHA-256 of the canonical bytes of a salted object. */
export type Commitment = Hash32<'Commitment'>;

export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** @throws FormatError `invalid-field` if `bytes` is not 32 bytes long. */
export function asHash32<Kind extends string>(bytes: Uint8Array): Hash32<Kind> {
  if (bytes.length !== 32) throw new FormatError('invalid-field', `expected 32 bytes, got ${bytes.length}`);
  return bytes as Hash32<Kind>;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Negative, zero or positive: the order of the bytes, a prefix before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const HEX_DIGITS = '0123456789abcdef';

/** Lower-case hex without prefix. */
export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (HEX_DIGITS[byte >> 4] as string) + (HEX_DIGITS[byte & 15] as string);
  return text;
}

/** Lower-case hex without prefix, an even number of digits. @throws FormatError `invalid-hex` */
export function parseHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new FormatError('invalid-hex', `odd number of hex digits (${text.length})`);
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = HEX_DIGITS.indexOf(text[2 * i] as string);
    const low = HEX_DIGITS.indexOf(text[2 * i + 1] as string);
    if (high < 0 || low < 0) {
      throw new FormatError('invalid-hex', `not a lower-case hex digit at character ${2 * i + (high < 0 ? 0 : 1)}`);
    }
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Ethereum's spelling: `0x` and lower-case hex. */
export function encodeHex0x(bytes: Uint8Array): string {
  return `0x${encodeHex(bytes)}`;
}

/** @throws FormatError `invalid-hex` if the `0x` is missing or a digit is not lower-case hex. */
export function parseHex0x(text: string): Uint8Array {
  if (!text.startsWith('0x')) throw new FormatError('invalid-hex', 'expected a 0x prefix');
  return parseHex(text.slice(2));
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** RFC 4648 §4, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  return encode64(bytes, BASE64, true);
}

/** RFC 4648 §5, not padded (as RFC 7515 wants it). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode64(bytes, BASE64URL, false);
}

/** RFC 4648 §4: padded, no white space, unused bits zero. @throws FormatError `invalid-base64` */
export function parseBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new FormatError('invalid-base64', `length ${text.length} is not a multiple of four`);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode64(text.slice(0, text.length - padding), BASE64);
}

/** RFC 4648 §5 without padding, unused bits zero. @throws FormatError `invalid-base64` */
export function parseBase64Url(text: string): Uint8Array {
  return decode64(text, BASE64URL);
}

function encode64(bytes: Uint8Array, alphabet: string, pad: boolean): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const have = Math.min(3, bytes.length - i);
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j <= have; j++) text += alphabet[(group >> (18 - 6 * j)) & 63];
    if (pad) text += '='.repeat(3 - have);
  }
  return text;
}

const BASE64_VALUES = new Map([...BASE64].map((c, i) => [c, i]));
const BASE64URL_VALUES = new Map([...BASE64URL].map((c, i) => [c, i]));

function decode64(text: string, alphabet: string): Uint8Array {
  if (text.length % 4 === 1) throw new FormatError('invalid-base64', `length ${text.length} is impossible`);
  const values = alphabet === BASE64 ? BASE64_VALUES : BASE64URL_VALUES;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let group = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const value = values.get(text[i] as string);
    if (value === undefined) throw new FormatError('invalid-base64', `not a base64 character at position ${i}`);
    group = ((group << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (group >> bits) & 255;
    }
  }
  if ((group & ((1 << bits) - 1)) !== 0) throw new FormatError('invalid-base64', 'unused bits are not zero');
  return bytes;
}

/** @throws FormatError `invalid-utf8` if the text holds a lone surrogate. */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new FormatError('invalid-utf8', 'text holds a lone surrogate');
  return utf8Encoder.encode(text);
}

/** Strict: overlong forms, surrogates and truncated sequences are refused; a byte-order mark is kept. @throws FormatError `invalid-utf8` */
export function parseUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new FormatError('invalid-utf8', 'bytes are not UTF-8', { cause });
  }
}

// Present in Node and every browser, but in neither the ES library nor, for the pure folders, any other typing.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
