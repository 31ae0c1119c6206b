import * as z from 'zod';
import { encodeHex, parseHex, sha256 } from './bytes.ts';
import { base64, hex32, parseObject, text, unixMsOf, uuid } from './fields.ts';
import { encodeJson } from './json.ts';

/** An assertion that an authenticator gave for the key of a passkey (W3C WebAuthn Level 3 §7.2), its challenge being what is signed. */
export const passkeySignatureSchema = z.strictObject({
  method: z.literal('passkey'),
  /** SubjectPublicKeyInfo, DER, of P-256 or Ed25519: who made the annex says that it is the depositor's. */
  publicKey: base64(512),
  authenticatorData: base64(1024),
  /** Exact bytes of the client data. */
  clientDataJson: base64(4096),
  /** ECDSA-Sig-Value, DER; of Ed25519 the 64 bytes of RFC 8032. */
  signature: base64(256),
});
export type PasskeySignature = z.infer<typeof passkeySignatureSchema>;

/** A signature of a key with an X.509 certificate, over the 32 bytes that are signed. */
export const x509SignatureSchema = z.strictObject({
  method: z.literal('x509'),
  /** Names of RFC 7518. `ES256` here is ECDSA-Sig-Value, DER. */
  algorithm: z.enum(['ES256', 'RS256']),
  /** DER, signer first. */
  chain: z.array(base64(16_384)).min(1).max(8),
  signature: base64(1024),
});

/** GB/T 32918.2 over the 32 bytes that are signed, with SM3. */
export const sm2SignatureSchema = z.strictObject({
  method: z.literal('sm2'),
  /** DER, signer first. */
  chain: z.array(base64(16_384)).min(1).max(8),
  /** The signer's distinguishing identifier, as GB/T 32918.2 §5.5 takes it in. */
  signerId: text(100),
  signature: base64(256),
});

/** The depositor's own signature under what he handed in and what he says of it. */
export const signatureAnnexSchema = z.strictObject({
  type: z.literal('tiezheng/annex/signature/v1'),
  depositId: uuid,
  signed: z.discriminatedUnion('method', [passkeySignatureSchema, x509SignatureSchema, sm2SignatureSchema]),
  salt: hex32,
});
export type SignatureAnnex = z.infer<typeof signatureAnnexSchema>;

/** @throws FormatError */
export function parseSignatureAnnex(bytes: Uint8Array): SignatureAnnex {
  return parseObject(signatureAnnexSchema, 'tiezheng/annex/signature/v1', bytes, 262_144);
}

/**
 * The 32 bytes that a depositor signs: SHA-256 over JCS of `{"files":{"root":…},"statement":…}`. Root and commitment carry salts, so
 * that the bytes tell nothing to whoever only sees them.
 * @param filesRoot hex, `files.root` of the record
 * @param statement hex, commitment of the statement annex
 */
export function bytesToSign(filesRoot: string, statement: string): Uint8Array {
  return sha256(encodeJson({ files: { root: filesRoot }, statement }));
}

/**
 * The id of a deposit that is signed before it is received: of version 7 (RFC 9562 §5.7), with its random bits from SHA-256 of the
 * statement's salt, so that whoever chooses the salt cannot name a deposit of somebody else.
 * @param chosenAt from 1970 on
 */
export function signedDepositId(chosenAt: string, statementSalt: string): string {
  const time = unixMsOf(chosenAt).toString(16).padStart(12, '0');
  const random = encodeHex(sha256(parseHex(statementSalt)));
  const variant = ((Number.parseInt(random.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  const [a, b] = [random.slice(0, 3), random.slice(4, 7)];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${a}-${variant}${b}-${random.slice(8, 20)}`;
}

/** The members of WebAuthn's CollectedClientData (§5.8.1) that matter; others are ignored, as that section asks. */
export const clientDataSchema = z.looseObject({
  type: z.string().max(100),
  challenge: z.string().max(200),
  origin: z.string().max(300),
  crossOrigin: z.boolean().optional(),
});
