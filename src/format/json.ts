import { FormatError } from '../errors.ts';
import { encodeUtf8, equalBytes, parseUtf8 } from './bytes.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** What a parser reads before it refuses: the length in bytes and how deep arrays and objects nest. */
export interface JsonBounds {
  maxBytes: number;
  maxDepth: number;
}

/** Enough for every object of this project: the deepest, a certificate, nests seven levels. */
export const MAX_DEPTH = 16;

/**
 * Canonical JSON, RFC 8785 (JCS): members sorted by UTF-16 code units, no white space, ECMAScript spelling of numbers and strings.
 * @throws FormatError `invalid-utf8` for a lone surrogate, `invalid-number` for NaN and infinities
 */
export function encodeJson(value: JsonValue): Uint8Array {
  return encodeUtf8(serialize(value));
}

function serialize(value: JsonValue): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new FormatError('invalid-number', `${value} has no JSON spelling`);
  }
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(serialize).join(',')}]`;
  // Array.prototype.sort without a comparator orders by UTF-16 code units, which is what RFC 8785 §3.2.3 asks.
  const members = Object.keys(value)
    .sort()
    .map((key) => `${quote(key)}:${serialize(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}

/** JSON.stringify would escape a lone surrogate; RFC 8785 §3.2.2.2 wants it refused. */
function quote(text: string): string {
  if (!text.isWellFormed()) throw new FormatError('invalid-utf8', 'a string holds a lone surrogate');
  return JSON.stringify(text);
}

/**
 * Parses JSON of any spelling, within bounds. Use it for what people and foreign programs write; what this project
 * hashes or signs goes through `parseCanonicalJson`.
 * @throws FormatError `too-large`, `too-deep`, `invalid-utf8`, `not-json`
 */
export function parseJson(bytes: Uint8Array, bounds: JsonBounds): JsonValue {
  if (bytes.length > bounds.maxBytes) {
    throw new FormatError('too-large', `${bytes.length} bytes of JSON, at most ${bounds.maxBytes} are read`);
  }
  refuseDeepNesting(bytes, bounds.maxDepth);
  const text = parseUtf8(bytes);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new FormatError('not-json', `not JSON: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Parses the one spelling that this project hashes and signs: RFC 8785 bytes whose numbers are integers 0…2⁵³−1 and whose
 * member names are ASCII. Trailing data, white space, duplicate members, another order, `1.0`, `+5`, `05` are all `not-canonical`
 * or `not-json`.
 * @throws FormatError as `parseJson`, and `not-canonical`, `invalid-number`, `invalid-field`
 */
export function parseCanonicalJson(bytes: Uint8Array, bounds: JsonBounds): JsonValue {
  const value = parseJson(bytes, bounds);
  refuseForeignValues(value);
  if (!equalBytes(encodeJson(value), bytes)) {
    throw new FormatError('not-canonical', 'bytes differ from the RFC 8785 spelling of the same value');
  }
  return value;
}

/** Before JSON.parse, so that a hostile text costs one pass and no stack. Brackets inside strings do not count. */
function refuseDeepNesting(bytes: Uint8Array, maxDepth: number): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) throw new FormatError('too-deep', `JSON nests deeper than ${maxDepth} levels`);
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}

function refuseForeignValues(value: JsonValue): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw new FormatError('invalid-number', `${value} is not an integer from 0 to 2^53-1`);
    }
  } else if (Array.isArray(value)) value.forEach(refuseForeignValues);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is meant
      if (!/^[\x00-\x7f]*$/.test(key)) throw new FormatError('invalid-field', 'member name is not ASCII');
      refuseForeignValues(member);
    }
  }
}
