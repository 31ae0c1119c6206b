import { CodedError } from '../errors.ts';

/** Why a witness does not start. */
export type WitnessErrorCode = 'invalid-witness-key' | 'invalid-witnessed-log' | 'witness-state-unreadable';

export class WitnessError extends CodedError<WitnessErrorCode> {}
