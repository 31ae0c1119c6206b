import { CodedError } from '../../errors.ts';
import { type BaggedFile, bagAlgorithms } from '../../verify/inspect/bag.ts';
import type { FileDigest } from '../../verify/inspect/held-file.ts';
import { readerOf } from '../../verify/inspect/recognise.ts';
import type { PackagedFile } from '../../verify/package.ts';
import { listZip, readPackage, readZip } from '../../verify/package-reader.ts';
import { digestBlob, ManyDigests } from './blob-digests.ts';

/** Work on a file of the reader's, done on his own machine. */
export type LocalTask =
  | { kind: 'digest'; blob: Blob; more?: readonly FileDigest[] }
  | { kind: 'package'; blob: Blob }
  | { kind: 'bag'; blob: Blob };

export interface LocalDigests {
  sizeBytes: number;
  sha256: string;
  sm3: string;
  /** SHA-256 and what the task asked for besides. */
  digests: Partial<Record<FileDigest, string>>;
}

export interface LocalResult {
  digest: LocalDigests;
  package: PackagedFile[];
  bag: BaggedFile[];
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
  switch (task.kind) {
    case 'package':
      return readPackage(readerOf(task.blob), () => ManyDigests.start(['sha256', 'sha512', 'sm3']), onBytes);
    case 'bag': {
      const algorithms = bagAlgorithms(await listZip(readerOf(task.blob)));
      const files = await readZip(readerOf(task.blob), () => ManyDigests.start(algorithms), onBytes);
      return files.map(({ entry, digests }) => ({ ...entry, digests }));
    }
    case 'digest':
      return digest(task.blob, task.more ?? [], onBytes);
  }
}

async function digest(
  blob: Blob,
  more: readonly FileDigest[],
  onBytes: (bytes: number) => void,
): Promise<LocalDigests> {
  try {
    const others = more.filter((name) => name !== 'sha256');
    const { sm3, ...digests } = await digestBlob(blob, ['sha256', 'sm3', ...others], onBytes);
    return { sizeBytes: blob.size, sha256: digests.sha256, sm3, digests };
  } catch (cause) {
    throw new LocalFileError('file-unreadable', `the file could not be read: ${(cause as Error).message}`, { cause });
  }
}
