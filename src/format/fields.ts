import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { type JsonBounds, type JsonValue, MAX_DEPTH, parseCanonicalJson } from './json.ts';

/** 32 bytes as 64 lower-case hex digits. */
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');
/** 32 bytes in Ethereum's spelling. */
export const hash0x = z.string().regex(/^0x[0-9a-f]{64}$/, 'expected 0x and 64 lower-case hex digits');
/** An Ethereum address, lower case: the mixed-case checksum would be a second spelling. */
export const address = z.string().regex(/^0x[0-9a-f]{40}$/, 'expected 0x and 40 lower-case hex digits');
/** An EVM chain by CAIP-2: `eip155:` and the chain id. */
export const evmChain = z.string().regex(/^eip155:[1-9][0-9]{0,15}$/, 'expected a CAIP-2 chain such as eip155:1');
/** RFC 9562 UUID, lower case. Ours are version 7. */
export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'expected a lower-case UUID');
/** An instant in UTC with milliseconds: `2026-11-22T03:04:05.678Z`. */
export const utcTime = z.string().refine(isUtcTime, 'expected a UTC time such as 2026-11-22T03:04:05.678Z');
/** An integer 0…2⁵³−1. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A leaf index or tree size; the contract allows up to 2⁴⁸. */
export const treePosition = z
  .number()
  .int()
  .min(0)
  .max(2 ** 48);
/** Media type without parameters, lower case. */
export const mediaType = z
  .string()
  .max(127)
  .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/, 'expected a media type such as image/jpeg');
/** RFC 6962 proof, leaf side first; 64 hashes bound any tree of fewer than 2⁶⁴ leaves. */
export const proofPath = z.array(hex32).max(64);

/** Padded base64 of at most `maxBytes` bytes. Whether its last bits are zero is judged where it is decoded. */
export function base64(maxBytes: number) {
  return z
    .string()
    .max(Math.ceil(maxBytes / 3) * 4, `more than ${maxBytes} bytes`)
    .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'expected padded base64');
}

/** `0x` and lower-case hex of at most `maxBytes` bytes. */
export function hexData(maxBytes: number) {
  return z
    .string()
    .max(2 + 2 * maxBytes, `more than ${maxBytes} bytes`)
    .regex(/^0x(?:[0-9a-f]{2})*$/, 'expected 0x and lower-case hex');
}

/** Text that people wrote: 1 to `maxCharacters` UTF-16 units, well-formed, without control characters but line feed and tab. */
export function text(maxCharacters: number) {
  return (
    z
      .string()
      .min(1)
      .max(maxCharacters)
      .refine((s) => s.isWellFormed(), 'holds a lone surrogate')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
      .refine((s) => !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(s), 'holds a control character')
  );
}

function isUtcTime(value: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z$/.exec(value);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60;
}

/** Milliseconds since 1970 of a `utcTime`. */
export function unixMsOf(time: string): number {
  return Date.parse(time);
}

/** The `utcTime` spelling of an instant in milliseconds since 1970. */
export function utcTimeOf(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/**
 * Canonical bytes → the value that `schema` describes.
 * @throws FormatError as `parseCanonicalJson`; `unknown-type` if the `type` member is another; `invalid-field` naming the first wrong field
 */
export function parseObject<T>(schema: z.ZodType<T>, type: string, bytes: Uint8Array, maxBytes: number): T {
  const bounds: JsonBounds = { maxBytes, maxDepth: MAX_DEPTH };
  return checkObject(schema, type, parseCanonicalJson(bytes, bounds));
}

/** As `parseObject`, for a value that is already parsed. */
export function checkObject<T>(schema: z.ZodType<T>, type: string, value: unknown): T {
  const found = typeOf(value as JsonValue);
  if (found !== type) throw new FormatError('unknown-type', `expected type ${type}, got ${JSON.stringify(found)}`);
  return checkFields(schema, value);
}

/** @throws FormatError `invalid-field` naming the path of the first field that `schema` refuses, and why */
export function checkFields<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') || '(top)';
  throw new FormatError('invalid-field', `${path}: ${issue?.message ?? 'invalid'}`);
}

/** The `type` member of a parsed object, cut to what an error message may carry; undefined if there is none. */
export function typeOf(value: JsonValue): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return typeof value.type === 'string' ? value.type.slice(0, 80) : undefined;
}
