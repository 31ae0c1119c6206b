import { CodedError } from '../errors.ts';

export type AuthorityErrorCode =
  /** No connection, or it broke. */
  | 'authority-unreachable'
  | 'authority-timeout'
  /** Another HTTP status than 200, or another media type than a timestamp reply. */
  | 'authority-answer-unexpected'
  | 'authority-answer-too-large'
  /** No TimeStampResp. */
  | 'authority-answer-malformed'
  /** A TimeStampResp that says no (RFC 3161 §2.4.2). */
  | 'authority-rejected-request'
  /** As the last, because its own clock is in doubt. */
  | 'authority-clock-not-available'
  | 'token-nonce-mismatch'
  | 'token-policy-mismatch'
  | 'token-imprint-mismatch'
  /** Its bytes, its signature or its signer's certificate do not stand; the message says which. */
  | 'token-invalid'
  | 'token-signer-expired'
  | 'token-signer-revoked'
  | 'token-untrusted-root'
  /** It says how exact its time is, and that is not exact enough; or it says nothing though something is asked for. */
  | 'token-accuracy-too-low'
  /** Even its latest instant lies before what it stamps was made. */
  | 'token-time-too-early'
  /** Certificates and all it takes no room that a certificate has for it. */
  | 'token-too-large';

/** Why an authority gave no token that is kept. What was asked for can be asked for again. */
export class AuthorityError extends CodedError<AuthorityErrorCode> {}

const AWAY: ReadonlySet<AuthorityErrorCode> = new Set<AuthorityErrorCode>([
  'authority-unreachable',
  'authority-timeout',
  'authority-answer-unexpected',
  // Two clocks that differ by less than a look: the next token is late enough.
  'token-time-too-early',
]);

/** True where asking again soon may help and nobody did anything wrong; false where the answer itself is not acceptable. */
export function isAway({ code }: AuthorityError): boolean {
  return AWAY.has(code);
}
