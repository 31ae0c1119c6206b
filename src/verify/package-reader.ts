import { configure, type FileEntry, type Reader, ZipReader } from '@zip.js/zip.js';
import { CodedError } from '../errors.ts';
import { concat } from '../format/bytes.ts';
import type { PackagedFile } from './package.ts';

export type PackageErrorCode = 'package-unreadable' | 'package-too-many-files' | 'package-encrypted';

/** Why a ZIP file cannot be read as a package at all. */
export class PackageError extends CodedError<PackageErrorCode> {}

/** Hashes one file of the package as it is unpacked. Given by the caller, who knows the fastest way where it runs. */
export interface PackageHasher {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. */
  finish(): { sha256: string; sha512: string; sm3: string };
}

const MAX_FILES = 5000;
/** Larger files are hashed only; the largest that verification reads is a certificate's PDF. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const MAX_KEPT_IN_ALL = 128 * 1024 * 1024;

/**
 * Lists and hashes a package from wherever `source` reads: no file in it is ever whole in memory unless it is small.
 * @param onBytes called with the number of unpacked bytes since the last call
 * @throws PackageError
 */
export async function readPackage(
  source: Reader<unknown>,
  startHasher: () => PackageHasher | Promise<PackageHasher>,
  onBytes: (bytes: number) => void,
): Promise<PackagedFile[]> {
  // Workers of the library's own would need a second script, which an offline page does not have.
  configure({ useWebWorkers: false });
  const zip = new ZipReader(source, { strictness: 'strict', checkSignature: true });
  try {
    const files: PackagedFile[] = [];
    let kept = 0;
    for await (const entry of zip.getEntriesGenerator()) {
      if (entry.directory) continue;
      if (files.length === MAX_FILES) {
        throw new PackageError('package-too-many-files', `more than ${MAX_FILES} files in the package`);
      }
      if (entry.encrypted) throw new PackageError('package-encrypted', `${entry.filename} is encrypted`);
      const keep = entry.uncompressedSize <= MAX_KEPT_BYTES && kept + entry.uncompressedSize <= MAX_KEPT_IN_ALL;
      const file = await readEntry(entry, keep, await startHasher(), onBytes);
      kept += file.bytes?.length ?? 0;
      files.push(file);
    }
    return files;
  } catch (cause) {
    if (cause instanceof PackageError) throw cause;
    throw new PackageError('package-unreadable', `the ZIP file cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    await zip.close();
  }
}

async function readEntry(
  entry: FileEntry,
  keep: boolean,
  hasher: PackageHasher,
  onBytes: (bytes: number) => void,
): Promise<PackagedFile> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const sink = new WritableStream({
    write(chunk) {
      sizeBytes += chunk.length;
      // The directory's size is only a promise; a file that unpacks to more is not unpacked further.
      if (sizeBytes > entry.uncompressedSize) {
        throw new PackageError('package-unreadable', `${entry.filename} is larger than the ZIP directory says`);
      }
      hasher.update(chunk);
      if (keep) chunks.push(chunk.slice());
      onBytes(chunk.length);
    },
  });
  await entry.getData(sink as never);
  return { path: entry.filename, sizeBytes, ...hasher.finish(), bytes: keep ? concat(...chunks) : undefined };
}

declare const WritableStream: new (sink: { write(chunk: Uint8Array): void }) => object;
