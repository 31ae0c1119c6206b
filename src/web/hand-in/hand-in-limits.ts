import type { ServiceStatus } from '../api-answers.ts';

/** In all: above it, digests are deposited first and the contents follow. Below it, one request is as quick and asks nothing of the page. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Whether digests go first. @param status undefined while the service has not told its limits */
export function isLargeHandIn(files: readonly File[], status: ServiceStatus | undefined): boolean {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return files.length > (status?.limits.files ?? 100) || bytes > LARGE_BYTES;
}

/** What keeps files from being handed in; the service looks again. */
export interface FileFaults {
  maxFiles: number;
  /** Of one file; undefined while unknown. */
  maxBytes: number | undefined;
  isTooMany: boolean;
  tooLarge: readonly File[];
  empty: readonly File[];
}

/** @param digestsFirst the contents follow the digests, whatever their size */
export function faultsOf(files: readonly File[], digestsFirst: boolean, status: ServiceStatus | undefined): FileFaults {
  const maxFiles = status?.limits.digestFiles ?? 1000;
  const maxBytes = digestsFirst ? status?.limits.resumableFileBytes : status?.limits.fileBytes;
  return {
    maxFiles,
    maxBytes,
    isTooMany: files.length > maxFiles,
    tooLarge: files.filter((file) => maxBytes !== undefined && file.size > maxBytes),
    empty: files.filter((file) => file.size === 0),
  };
}

export function isUsable(files: readonly File[], { isTooMany, tooLarge, empty }: FileFaults): boolean {
  return files.length > 0 && !isTooMany && tooLarge.length === 0 && empty.length === 0;
}
