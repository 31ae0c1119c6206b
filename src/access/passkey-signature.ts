import { selectPasskeyKey } from '../db/people.ts';
import type { Queryable } from '../db/pool.ts';
import { FormatError } from '../errors.ts';
import { clientDataSchema, type PasskeySignature } from '../format/annex-signature.ts';
import { encodeBase64, encodeHex, encodeUtf8, parseBase64, parseHex, sha256 } from '../format/bytes.ts';
import { checkFields } from '../format/fields.ts';
import { parseJson } from '../format/json.ts';
import { AccessError } from './access-error.ts';

/** What an authenticator answered (W3C WebAuthn §7.2), base64 but for the id, which is base64url. */
export interface PasskeyAssertion {
  credentialId: string;
  authenticatorData: string;
  clientDataJson: string;
  signature: string;
}

/** Where passkeys of this service are made and used. */
export interface PasskeyAddresses {
  rpId: string;
  origins: string[];
}

/** Passkeys need a name: on the loopback the page is opened as localhost for them. */
export function passkeyAddresses(publicUrl: string): PasskeyAddresses {
  const { hostname, protocol, port, origin } = new URL(publicUrl);
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') return { rpId: hostname, origins: [origin] };
  return { rpId: 'localhost', origins: ['127.0.0.1', 'localhost'].map((host) => `${protocol}//${host}:${port}`) };
}

/** User present and verified (§6.1). */
const PRESENT_AND_VERIFIED = 0x05;
/** A P-256 key as CTAP2 writes it canonically: EC2, ES256, P-256, x, y. */
const COSE_ES256 = /^a5010203262001215820([0-9a-f]{64})225820([0-9a-f]{64})$/;
/** OKP, EdDSA, Ed25519, x. */
const COSE_ED25519 = /^a4010103272006215820([0-9a-f]{64})$/;

/**
 * The assertion as the annex holds it, if it was given here, by a key of this user. Whether the signature is right, and over what, is for
 * whoever checks the annex.
 * @param userId null for a caller who is no user
 * @throws AccessError `session-needed`, `passkey-refused`
 */
export async function passkeySignature(
  q: Queryable,
  { rpId, origins }: PasskeyAddresses,
  userId: string | null,
  assertion: PasskeyAssertion,
): Promise<PasskeySignature> {
  if (userId === null) throw new AccessError('session-needed', 'only a user who is signed in has passkeys');
  const stored = await selectPasskeyKey(q, userId, assertion.credentialId);
  if (stored === undefined) throw refused('the key is none of the passkeys of your user');
  const publicKey = spkiOf(parseBase64(stored));
  if (publicKey === undefined) throw refused('the key is of a kind that signs no statements: P-256 and Ed25519 do');
  const { authenticatorData, clientDataJson, signature } = assertion;
  const { origin, crossOrigin } = clientDataOf(clientDataJson);
  if (!origins.includes(origin) || crossOrigin === true) throw refused(`it was given to ${origin}`);
  const data = parseBase64(authenticatorData);
  if (encodeHex(data.subarray(0, 32)) !== encodeHex(sha256(encodeUtf8(rpId))))
    throw refused('it is for another service');
  if (((data[32] ?? 0) & PRESENT_AND_VERIFIED) !== PRESENT_AND_VERIFIED) {
    throw refused('the authenticator did not check who was there');
  }
  return { method: 'passkey', publicKey: encodeBase64(publicKey), authenticatorData, clientDataJson, signature };
}

/** SubjectPublicKeyInfo of a COSE key (RFC 9052 §7), which WebAuthn §5.8.5 has encoded canonically; undefined for other kinds of keys. */
function spkiOf(cose: Uint8Array): Uint8Array | undefined {
  const hex = encodeHex(cose);
  const [, x, y] = COSE_ES256.exec(hex) ?? [];
  if (x !== undefined && y !== undefined) {
    return parseHex(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${x}${y}`);
  }
  const [, key] = COSE_ED25519.exec(hex) ?? [];
  return key === undefined ? undefined : parseHex(`302a300506032b6570032100${key}`);
}

function clientDataOf(base64: string): { origin: string; crossOrigin?: boolean | undefined } {
  try {
    return checkFields(clientDataSchema, parseJson(parseBase64(base64), { maxBytes: 4096, maxDepth: 4 }));
  } catch (error) {
    if (error instanceof FormatError) throw refused(`its client data cannot be read: ${error.message}`);
    throw error;
  }
}

function refused(because: string): AccessError {
  return new AccessError('passkey-refused', because);
}
