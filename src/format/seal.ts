import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { concat, encodeBase64Url, encodeUtf8, parseBase64Url } from './bytes.ts';
import { base64, checkFields } from './fields.ts';
import { encodeJson, type JsonValue, parseCanonicalJson } from './json.ts';

/** A detached JWS (RFC 7515 App. F) over the canonical bytes of the sealed object without its `seals`. */
export const sealSchema = z.strictObject({
  protected: z
    .string()
    .max(65536)
    .regex(/^[A-Za-z0-9_-]+$/),
  signature: z
    .string()
    .max(2048)
    .regex(/^[A-Za-z0-9_-]+$/),
  /** TimeStampToken over the signature bytes (RFC 3161), or null. */
  timestamp: base64(65536).nullable(),
});
export type Seal = z.infer<typeof sealSchema>;

export const sealsSchema = z.array(sealSchema).max(8);

/** JOSE header of a seal: nothing but the algorithm and the signer's X.509 chain, signer first (RFC 7515 §4.1.6). */
export const sealHeaderSchema = z.strictObject({
  alg: z.string().max(16),
  x5c: z.array(base64(16384)).min(1).max(8),
});
export type SealHeader = z.infer<typeof sealHeaderSchema>;

/** @throws FormatError `invalid-seal` and those of `parseCanonicalJson` */
export function parseSealHeader(seal: Seal): SealHeader {
  const bytes = parseBase64Url(seal.protected);
  const value = parseCanonicalJson(bytes, { maxBytes: 65536, maxDepth: 4 });
  try {
    return checkFields(sealHeaderSchema, value);
  } catch (cause) {
    throw new FormatError('invalid-seal', `protected header: ${(cause as Error).message}`, { cause });
  }
}

export function encodeSealHeader(header: SealHeader): string {
  return encodeBase64Url(encodeJson(header as unknown as JsonValue));
}

/** The canonical bytes that seals sign and whose SHA-256 names the object: the object without its `seals`. */
export function sealedBytes(object: { seals: unknown } & object): Uint8Array {
  const { seals: _, ...rest } = object;
  return encodeJson(rest as unknown as JsonValue);
}

/** RFC 7515 §5.1: ASCII(protected ‖ '.' ‖ base64url(payload)). */
export function sealSigningInput(protectedHeader: string, payload: Uint8Array): Uint8Array {
  return concat(encodeUtf8(`${protectedHeader}.`), encodeUtf8(encodeBase64Url(payload)));
}
