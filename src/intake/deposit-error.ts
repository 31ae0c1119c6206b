import { CodedError } from '../errors.ts';

export type DepositErrorCode =
  | 'no-files'
  | 'invalid-digest-deposit'
  | 'invalid-statement'
  | 'signature-refused'
  | 'invalid-idempotency-key'
  | 'idempotency-key-reused'
  | 'line-too-long'
  | 'too-many-lines'
  | 'deposit-not-found'
  | 'deposit-erased'
  | 'log-pending';

/** Why a deposit is not taken, not found or not answered yet. */
export class DepositError extends CodedError<DepositErrorCode> {
  /** Set for `log-pending`: the deposit is kept, durably, under this id. */
  readonly depositId: string | undefined;

  constructor(code: DepositErrorCode, message: string, options?: { cause?: unknown; depositId?: string }) {
    super(code, message, options);
    this.depositId = options?.depositId;
  }
}
