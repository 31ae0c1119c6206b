import { CodedError } from '../errors.ts';

export type ErasureErrorCode = 'deposit-under-legal-hold' | 'erasure-not-confirmed' | 'not-erased';

/**
 * `deposit-under-legal-hold`: a matter that reaches the deposit is on hold.
 * `erasure-not-confirmed`: the number given is not the deposit's.
 * `not-erased`: the deposit is as it was handed in.
 */
export class ErasureError extends CodedError<ErasureErrorCode> {}
