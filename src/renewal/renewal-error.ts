import { CodedError } from '../errors.ts';

export type RenewalErrorCode =
  /** No timestamp authority is configured. */
  | 'no-authority'
  /** None gave a token that stands; the message has each one's reason. */
  | 'no-authority-answered'
  /** What the authorities gave would itself be due for renewal at once. */
  | 'no-lasting-authority'
  /** Another process is at it. */
  | 'renewal-running'
  /** The new digest algorithm leaves the table of digests as soon as the old one. */
  | 'no-lasting-digest';

/** Why the archive was not stamped or renewed. What was begun is gone on with the next time. */
export class RenewalError extends CodedError<RenewalErrorCode> {}
