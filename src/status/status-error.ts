import { CodedError } from '../errors.ts';

export type StatusErrorCode = 'certificate-unknown' | 'status-unchanged';

/**
 * `certificate-unknown`: no certificate of this service has this number, or not with this digest; which of the two is not told.
 * `status-unchanged`: the certificate stands like this already.
 */
export class StatusError extends CodedError<StatusErrorCode> {}
