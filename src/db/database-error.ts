import { CodedError } from '../errors.ts';

export type DatabaseErrorCode = 'commit-unknown' | 'commit-refused' | 'migration-changed' | 'schema-newer';

/**
 * `commit-unknown`: the connection broke while the transaction was being committed, so it may or may not have been: look
 * before any other step. `commit-refused`: it was not. Errors of the server itself come through as pg's own.
 */
export class DatabaseError extends CodedError<DatabaseErrorCode> {}
