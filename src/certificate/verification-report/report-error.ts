import { CodedError } from '../../errors.ts';

export type ReportErrorCode = 'report-invalid' | 'report-too-many-items';

/** Why no verification report is made of what was handed over. */
export class ReportError extends CodedError<ReportErrorCode> {}
