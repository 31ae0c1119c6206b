import { CodedError } from '../errors.ts';

export type AccessErrorCode =
  | 'unauthenticated'
  | 'forbidden'
  | 'no-account'
  | 'cross-site-request'
  | 'sign-in-token-invalid'
  | 'account-not-found'
  | 'member-not-found'
  | 'invitation-not-found'
  | 'key-not-found'
  | 'scope-not-held'
  | 'session-needed'
  | 'session-not-found'
  | 'fresh-sign-in-needed'
  | 'invalid-account-request'
  | 'passkey-refused'
  | 'refused-by-sign-in';

/** Why a caller is not let in, or may not do it. Never tells which of the reasons it was: wrong, unknown, expired and revoked read the same. */
export class AccessError extends CodedError<AccessErrorCode> {}
