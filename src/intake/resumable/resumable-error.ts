import { CodedError } from '../../errors.ts';

export type ResumableErrorCode =
  | 'upload-not-found'
  | 'upload-ended'
  | 'upload-offset-conflict'
  | 'upload-locked'
  | 'upload-complete'
  | 'upload-incomplete'
  | 'upload-size-differs'
  | 'invalid-upload-metadata'
  | 'tus-version-unsupported'
  | 'content-held'
  | 'content-differs'
  | 'content-not-received'
  | 'too-many-open-uploads'
  | 'open-uploads-too-large';

/** Why content that follows its digests is not taken, or not now. */
export class ResumableError extends CodedError<ResumableErrorCode> {}
