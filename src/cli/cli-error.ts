import { CodedError } from '../errors.ts';

export type CliErrorCode =
  | 'file-unreadable'
  | 'service-unknown'
  | 'service-unreachable'
  | 'service-refused'
  | 'wait-timed-out'
  | 'option-invalid'
  | 'evidence-unknown'
  | 'alarm-unknown';

export class CliError extends CodedError<CliErrorCode> {}
