import { FormatError } from '../errors.ts';
import { concat, encodeUtf8, parseUtf8 } from './bytes.ts';

/** Identifier octets (X.690 §8.1.2) of the types that the formats here are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag of a primitive type (IMPLICIT), 0 to 30. */
export function contextTag(number: number): number {
  return 0x80 | number;
}

/** Context-specific tag of something constructed: EXPLICIT, or an IMPLICIT SEQUENCE or SET. */
export function constructedTag(number: number): number {
  return 0xa0 | number;
}

/** One element, not looked into yet. */
export interface DerValue {
  /** Identifier octet: class, whether constructed, number. */
  tag: number;
  content: Uint8Array;
  /** The whole encoding, header included. */
  raw: Uint8Array;
}

const MAX_DEPTH = 32;
const CONSTRUCTED = 0x20;

/**
 * One element in DER (X.690 §10): definite and shortest lengths, tags below 31, the same all the way down, nothing behind it.
 * What a primitive element holds is judged by whoever reads it.
 * @throws FormatError `invalid-der`
 */
export function parseDer(bytes: Uint8Array): DerValue {
  const value = elementAt(bytes, 0);
  if (value.raw.length !== bytes.length) {
    throw refused(`${bytes.length - value.raw.length} bytes behind the element`);
  }
  checkNested(value, 0);
  return value;
}

/** Bytes of the element at the beginning of `bytes`, or undefined if there is none. */
export function derLength(bytes: Uint8Array): number | undefined {
  try {
    return elementAt(bytes, 0).raw.length;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** The elements inside a constructed one, in order. @throws FormatError `invalid-der` */
export function childrenOf({ content }: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const child = elementAt(content, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/** Reads the members of a SEQUENCE one after the other. Whoever has read them all calls `end`. */
export class DerReader {
  readonly #children: readonly DerValue[];
  #at = 0;

  /** @throws FormatError `invalid-der` if `value` has another tag than `tag` */
  constructor(value: DerValue, tag: number = TAG.sequence) {
    if (value.tag !== tag) throw refused(`expected tag ${hex(tag)}, got ${hex(value.tag)}`);
    this.#children = childrenOf(value);
  }

  /** @throws FormatError `invalid-der` if the next member is another, or there is none */
  next(tag?: number): DerValue {
    const value = this.#children[this.#at];
    if (value === undefined) throw refused(`a member is missing${tag === undefined ? '' : `, expected ${hex(tag)}`}`);
    if (tag !== undefined && value.tag !== tag) throw refused(`expected tag ${hex(tag)}, got ${hex(value.tag)}`);
    this.#at++;
    return value;
  }

  /** The next member if it has one of these tags; else nothing is read. */
  optional(...tags: number[]): DerValue | undefined {
    const value = this.#children[this.#at];
    if (value === undefined || !tags.includes(value.tag)) return undefined;
    this.#at++;
    return value;
  }

  /** The next member whatever it is, if there is one. */
  optionalAny(): DerValue | undefined {
    const value = this.#children[this.#at];
    if (value !== undefined) this.#at++;
    return value;
  }

  /** @throws FormatError `invalid-der` if a member is left */
  end(): void {
    const left = this.#children[this.#at];
    if (left !== undefined) throw refused(`unexpected member with tag ${hex(left.tag)}`);
  }
}

/** The one element inside an EXPLICIT tag. @throws FormatError `invalid-der` */
export function explicit(value: DerValue): DerValue {
  const [inner, ...more] = childrenOf(value);
  if (inner === undefined || more.length > 0) throw refused('an explicit tag holds exactly one element');
  return inner;
}

/** INTEGER or ENUMERATED, also under an implicit tag. @throws FormatError `invalid-der` for a second spelling or more than 64 bytes */
export function integerOf({ content }: DerValue): bigint {
  const [first, second] = content;
  if (first === undefined || content.length > 64) throw refused(`integer of ${content.length} bytes`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw refused('integer with superfluous leading bits');
  }
  let value = 0n;
  for (const byte of content) value = (value << 8n) | BigInt(byte);
  return first >= 0x80 ? value - (1n << BigInt(8 * content.length)) : value;
}

/** An integer that a number holds. @throws FormatError `invalid-der` */
export function smallIntegerOf(value: DerValue): number {
  const integer = integerOf(value);
  if (integer < BigInt(Number.MIN_SAFE_INTEGER) || integer > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refused(`integer ${integer} is out of range`);
  }
  return Number(integer);
}

/** @throws FormatError `invalid-der` unless 00 or FF */
export function booleanOf({ content }: DerValue): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw refused('a boolean is 00 or ff');
  return content[0] === 0xff;
}

/** Dotted decimal. @throws FormatError `invalid-der` */
export function oidOf({ content }: DerValue): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  let begun = false;
  for (const byte of content) {
    if (!begun && byte === 0x80) throw refused('object identifier with a superfluous byte');
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    begun = byte >= 0x80;
    if (arc > 1n << 128n) throw refused('object identifier is out of range');
    if (!begun) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [first, ...rest] = arcs;
  if (first === undefined || begun || arcs.length > 64)
    throw refused('object identifier is cut off, empty or too long');
  const root = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [root, first - 40n * root, ...rest].join('.');
}

/** Whole bytes of a BIT STRING. @throws FormatError `invalid-der` if bits are left over */
export function bitStringBytesOf({ content }: DerValue): Uint8Array {
  if (content[0] !== 0) throw refused('a bit string of whole bytes was expected');
  return content.subarray(1);
}

/** @throws FormatError `invalid-utf8` */
export function utf8StringOf({ content }: DerValue): string {
  return parseUtf8(content);
}

/** An instant, and the length of the unit in which it was written. */
export interface DerTime {
  /** Milliseconds since 1970; what is finer is rounded up. */
  unixMs: number;
  /** 1000 if whole seconds were written, else 1. */
  unitMs: number;
}

/**
 * UTCTime or GeneralizedTime in UTC with seconds (RFC 5280 §4.1.2.5, RFC 3161 §2.4.2).
 * @throws FormatError `invalid-der`
 */
export function timeOf(value: DerValue): DerTime {
  const text = String.fromCharCode(...value.content.subarray(0, 64));
  const pattern =
    value.tag === TAG.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,20}))?Z$/;
  const match = value.content.length > 64 ? null : pattern.exec(text);
  if (match === null) throw refused('not a time in UTC with seconds');
  const [shortYear, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // RFC 5280 §4.1.2.5.1: two digits mean 1950 to 2049.
  const year = value.tag === TAG.utcTime ? shortYear + (shortYear < 50 ? 2000 : 1900) : shortYear;
  const unixMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(unixMs);
  const isReal =
    year >= 1000 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!isReal) throw refused(`no such time: ${text}`);
  const fraction = match[7];
  if (fraction === undefined) return { unixMs, unitMs: 1000 };
  const finer = /[1-9]/.test(fraction.slice(3)) ? 1 : 0;
  return { unixMs: unixMs + Number(fraction.slice(0, 3).padEnd(3, '0')) + finer, unitMs: 1 };
}

export function encodeDer(tag: number, ...content: Uint8Array[]): Uint8Array {
  const body = concat(...content);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  const header = body.length < 0x80 ? [tag, body.length] : [tag, 0x80 | length.length, ...length];
  return concat(Uint8Array.from(header), body);
}

export function encodeSequence(...members: Uint8Array[]): Uint8Array {
  return encodeDer(TAG.sequence, ...members);
}

export function encodeInteger(value: bigint | number, tag: number = TAG.integer): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const byte = Number(BigInt.asUintN(8, rest));
    bytes.unshift(byte);
    rest >>= 8n;
    if ((rest === 0n && byte < 0x80) || (rest === -1n && byte >= 0x80)) break;
  }
  return encodeDer(tag, Uint8Array.from(bytes));
}

export function encodeBoolean(value: boolean): Uint8Array {
  return encodeDer(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** @param dotted at least two arcs, the first 0 to 2 */
export function encodeOid(dotted: string): Uint8Array {
  const [root, second, ...rest] = dotted.split('.').map(BigInt) as [bigint, bigint, ...bigint[]];
  const bytes = [40n * root + second, ...rest].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
    return groups;
  });
  return encodeDer(TAG.oid, Uint8Array.from(bytes));
}

export function encodeOctetString(bytes: Uint8Array): Uint8Array {
  return encodeDer(TAG.octetString, bytes);
}

export function encodeUtf8String(text: string): Uint8Array {
  return encodeDer(TAG.utf8String, encodeUtf8(text));
}

/** GeneralizedTime of RFC 3161 §2.4.2: UTC, a fraction only if there is one, without trailing zeros. */
export function encodeGeneralizedTime(unixMs: number): Uint8Array {
  const [whole, fraction] = new Date(unixMs).toISOString().replace('Z', '').split('.') as [string, string];
  const shortened = fraction.replace(/0+$/, '');
  const text = whole.replace(/[-:T]/g, '') + (shortened === '' ? '' : `.${shortened}`);
  return encodeDer(TAG.generalizedTime, encodeUtf8(`${text}Z`));
}

function elementAt(bytes: Uint8Array, at: number): DerValue {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw refused('an element is cut off');
  if ((tag & 0x1f) === 0x1f) throw refused('tags of more than one byte are not read');
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) throw refused('length is indefinite or too long');
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[start + i] ?? 0);
    start += octets;
    if (length < 0x80 || length < 256 ** (octets - 1)) throw refused('length is not the shortest');
  }
  if (start + length > bytes.length) throw refused('an element is cut off');
  return { tag, content: bytes.subarray(start, start + length), raw: bytes.subarray(at, start + length) };
}

function checkNested(value: DerValue, depth: number): void {
  if (depth > MAX_DEPTH) throw refused(`nested deeper than ${MAX_DEPTH} levels`);
  if ((value.tag & CONSTRUCTED) === 0) return;
  for (const child of childrenOf(value)) checkNested(child, depth + 1);
}

function hex(tag: number): string {
  return tag.toString(16).padStart(2, '0');
}

function refused(message: string): FormatError {
  return new FormatError('invalid-der', message);
}
