import { CodedError } from '../errors.ts';

export type CustodyErrorCode =
  | 'custody-deposit-unknown'
  | 'custody-too-long'
  | 'hand-over-not-found'
  | 'hand-over-ended'
  | 'hand-over-invalid'
  | 'confirmation-link-invalid';

/**
 * `custody-deposit-unknown`: an event was to be recorded of a deposit that is not there.
 * `custody-too-long`: more events than one file carries.
 * `hand-over-not-found`: none, or not for this caller; which of the two is not told.
 * `hand-over-ended`: confirmed, cancelled or expired before.
 * `hand-over-invalid`: what is to be handed over, or to whom, is not said rightly.
 * `confirmation-link-invalid`: the one-time link is unknown, used, cancelled or expired.
 */
export class CustodyError extends CodedError<CustodyErrorCode> {}
