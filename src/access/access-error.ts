import { CodedError } from '../errors.ts';

export type AccessErrorCode = 'unauthenticated' | 'forbidden' | 'cross-site-request' | 'sign-in-token-invalid';

/** Why a caller is not let in. Never tells which of the reasons it was: wrong, unknown, expired and revoked read the same. */
export class AccessError extends CodedError<AccessErrorCode> {}
