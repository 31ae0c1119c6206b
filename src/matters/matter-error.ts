import { CodedError } from '../errors.ts';

export type MatterErrorCode =
  | 'matter-not-found'
  | 'matter-part-not-found'
  | 'matter-invalid'
  | 'matter-closed'
  | 'matter-duplicate'
  | 'matter-in-use'
  | 'matter-full'
  | 'version-mismatch'
  | 'derivative-invalid'
  | 'request-not-found'
  | 'request-invalid'
  | 'request-ended';

/**
 * `matter-not-found`, `matter-part-not-found`, `request-not-found`: none, or not for this caller; which of the two is not told.
 * `matter-invalid`: fields that do not go together, or name a deposit or part that the caller does not have.
 * `matter-closed`: a closed matter is not changed any more.
 * `matter-duplicate`: it stands there already.
 * `matter-in-use`: something else names it.
 * `matter-full`: no more of these in one matter.
 * `version-mismatch`: somebody changed it since the version that the caller has seen.
 * `derivative-invalid`: a derivative of a derivative, or of another original already.
 * `request-invalid`, `request-ended`: not possible, or not any more.
 */
export class MatterError extends CodedError<MatterErrorCode> {}
