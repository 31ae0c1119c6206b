import { CodedError } from '../errors.ts';

export type LogErrorCode =
  // asked of the log
  | 'integration-timeout'
  | 'log-stopped'
  | 'beyond-checkpoint'
  | 'rotation-refused'
  // why the log signs nothing until a person has looked
  | 'database-behind-register'
  | 'register-forked'
  | 'register-behind-checkpoint'
  | 'register-foreign'
  | 'register-unreadable'
  | 'log-record-differs'
  | 'log-key-missing'
  | 'tree-incomplete'
  | 'witness-inconsistency'
  // why a term of leadership ended; the next one goes on
  | 'term-over';

/**
 * `integration-timeout`, `log-stopped`: the submission is kept and will get its index; ask again.
 * `database-behind-register`: leaves that a signed checkpoint covers are missing and could not be refilled.
 * `log-key-missing`: a rotation in the log names a key that this server does not hold.
 * `register-forked`: our tree is not the one whose root was promised.
 */
export class LogError extends CodedError<LogErrorCode> {}

/** After these, signing must not go on by itself: alarms are raised under the same codes. */
export const STOPPING_CODES = [
  'database-behind-register',
  'register-forked',
  'register-behind-checkpoint',
  'register-foreign',
  'register-unreadable',
  'log-record-differs',
  'log-key-missing',
  'tree-incomplete',
] as const satisfies LogErrorCode[];

/**
 * A witness knows a tree of this log that ours does not extend. Nothing here can tell that it was wrong, so no start clears it: signing
 * goes on at the first start after an operator has cleared the alarm.
 */
export const WITNESS_INCONSISTENCY = 'witness-inconsistency';

export function isStopping(error: unknown): error is LogError {
  if (!(error instanceof LogError)) return false;
  return error.code === WITNESS_INCONSISTENCY || (STOPPING_CODES as readonly string[]).includes(error.code);
}

/**
 * Open for good after the database was restored to an earlier state and its leaves were put back from the public log: their records
 * were not. Its subject names the leaves.
 */
export const RECORDS_LOST = 'records-lost';
