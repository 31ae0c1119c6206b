import { CodedError } from '../errors.ts';

export type IntakeErrorCode =
  | 'file-too-large'
  | 'too-many-files'
  | 'empty-file'
  | 'invalid-file-name'
  | 'unexpected-field'
  | 'field-too-large'
  | 'malformed-upload'
  | 'upload-aborted'
  | 'digest-failed';

/** What receiving files refuses. `digest-failed` is ours, `upload-aborted` reaches nobody but the diagnostics; the rest is the client's. */
export class IntakeError extends CodedError<IntakeErrorCode> {}
