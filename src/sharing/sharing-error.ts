import { CodedError } from '../errors.ts';

export type SharingErrorCode =
  | 'grant-not-found'
  | 'grant-invalid'
  | 'link-not-found'
  | 'link-invalid'
  | 'passphrase-required';

/**
 * `grant-not-found`, `link-not-found`: none, or not the caller's; which of the two is not told. A link that is expired, revoked, used
 * up, or tried with a wrong passphrase reads the same as one that never was.
 * `grant-invalid`, `link-invalid`: what is to be shared, or with whom, is not said rightly.
 * `passphrase-required`: a link to a trade secret must ask for one.
 */
export class SharingError extends CodedError<SharingErrorCode> {}
