import { createHash, randomBytes } from 'node:crypto';

/** What a secret is for; written before it, so that a leaked one says what to revoke. */
export type SecretKind = 'tz' | 'tzs' | 'tzo' | 'tzl' | 'tzv';
export const API_KEY: SecretKind = 'tz';
export const SESSION: SecretKind = 'tzs';
export const SIGN_IN_TOKEN: SecretKind = 'tzo';
/** Opens a link for readers without an account. */
export const LINK: SecretKind = 'tzl';
/** Reads during one visit by such a link. */
export const OPENING: SecretKind = 'tzv';

/** 256 random bits, spelled `tz_` and 43 characters of base64url. */
export function makeSecret(kind: SecretKind): string {
  return `${kind}_${randomBytes(32).toString('base64url')}`;
}

/** True for the spelling that `makeSecret` gives; spares the database what cannot be a secret of ours. */
export function isSecret(kind: SecretKind, text: string): boolean {
  return text.length === kind.length + 44 && text.startsWith(`${kind}_`) && /^[A-Za-z0-9_-]{43}$/.test(text.slice(-43));
}

/** SHA-256 of the whole spelling: all that is stored. With 256 random bits a plain digest cannot be searched. */
export function hashSecret(secret: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(secret, 'utf8').digest());
}
