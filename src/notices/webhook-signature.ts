import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Receivers refuse what was signed longer ago, or so far ahead: seconds. */
export const SIGNATURE_TOLERANCE_S = 300;

const PREFIX = 'tzw_';

/** 32 random bytes: what is kept of a secret. */
export function makeSecretBytes(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

/** `tzw_` and 43 characters of base64url, the spelling that is shown and whose characters are the key of the HMAC. */
export function spellSecret(bytes: Uint8Array): string {
  return PREFIX + Buffer.from(bytes).toString('base64url');
}

/**
 * Value of `Tiezheng-Signature` (docs/formats/webhook.md): the time of sending in seconds, and for each secret in force one
 * HMAC-SHA256 over `<t>.<body>`.
 * @param secrets as spelled, newest first
 */
export function signatureHeader(secrets: readonly string[], atUnixS: number, body: Uint8Array): string {
  return [`t=${atUnixS}`, ...secrets.map((secret) => `v1=${macOf(secret, atUnixS, body).toString('hex')}`)].join(',');
}

/** What a receiver does. */
export function isSignedBy(secret: string, header: string, body: Uint8Array, nowUnixS: number): boolean {
  const fields = header.split(',').map((field) => field.split('=', 2) as [string, string?]);
  const time = fields.find(([name]) => name === 't')?.[1] ?? '';
  if (!/^[0-9]{1,12}$/.test(time) || Math.abs(nowUnixS - Number(time)) > SIGNATURE_TOLERANCE_S) return false;
  const expected = macOf(secret, Number(time), body);
  return fields.some(([name, value = '']) => {
    const given = Buffer.from(value, 'hex');
    return name === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function macOf(secret: string, atUnixS: number, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${atUnixS}.`).update(body).digest();
}
