import { BlobReader } from '@zip.js/zip.js';
import { CodedError } from '../errors.ts';
import type { PresentedFile } from '../verify/deposit.ts';
import type { PackagedFile } from '../verify/package.ts';
import { readPackage } from '../verify/package-reader.ts';
import { digestBlob, ManyDigests } from './blob-digests.ts';

/** Work on a file of the reader's, done on his own machine. */
export type LocalTask = { kind: 'digest'; blob: Blob } | { kind: 'package'; blob: Blob };

export interface LocalResult {
  digest: PresentedFile;
  package: PackagedFile[];
}

export class LocalFileError extends CodedError<'file-unreadable'> {}

/**
 * The same in a worker and, where none can be started, in the page itself.
 * @param onBytes called with the number of bytes read, or unpacked, since the last call
 * @throws LocalFileError, PackageError
 */
export async function runLocalTask(
  task: LocalTask,
  onBytes: (bytes: number) => void,
): Promise<LocalResult[LocalTask['kind']]> {
  if (task.kind === 'package') {
    return readPackage(new BlobReader(task.blob), () => ManyDigests.start(['sha256', 'sha512', 'sm3']), onBytes);
  }
  try {
    return { sizeBytes: task.blob.size, ...(await digestBlob(task.blob, ['sha256', 'sm3'], onBytes)) };
  } catch (cause) {
    throw new LocalFileError('file-unreadable', `the file could not be read: ${(cause as Error).message}`, { cause });
  }
}
