import { CodedError } from '../errors.ts';

export type StorageErrorCode =
  | 'invalid-object-name'
  | 'object-differs'
  | 'object-not-found'
  | 'object-retained'
  | 'object-corrupt'
  | 'range-out-of-bounds'
  | 'wrong-key'
  | 'unknown-master-key'
  | 'invalid-master-key'
  | 'invalid-wrapped-key'
  | 'register-conflict'
  | 'register-unsafe'
  | 'storage-full'
  | 'storage-failed';

/**
 * What a store, the register or an encrypted object refuses. `storage-full` and `storage-failed` are the outside world's
 * (disk, network, permissions): the same call may succeed later. All others will not.
 */
export class StorageError extends CodedError<StorageErrorCode> {}

/** No room on the disk, in the user's quota, under the process's or file system's limit for one file. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** `cause` as a StorageError: itself if it is one, else `storage-full` or `storage-failed` naming what was attempted. */
export function asStorageError(cause: unknown, attempt: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = FULL.has(systemCode(cause) ?? '') ? 'storage-full' : 'storage-failed';
  return new StorageError(code, `could not ${attempt}: ${message}`, { cause });
}

/** The operating system's error code, such as `ENOENT`, if `cause` carries one. */
export function systemCode(cause: unknown): string | undefined {
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
