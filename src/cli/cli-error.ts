import { CodedError } from '../errors.ts';

export type CliErrorCode =
  | 'file-unreadable'
  | 'file-unwritable'
  | 'service-unknown'
  | 'service-unreachable'
  | 'service-refused'
  | 'wait-timed-out'
  | 'option-invalid'
  | 'evidence-unknown'
  | 'alarm-unknown';

export class CliError extends CodedError<CliErrorCode> {}
