import { configure, type FileEntry, type Reader, ZipReader } from '@zip.js/zip.js';
import { CodedError } from '../errors.ts';
import { concat } from '../format/bytes.ts';
import type { PackagedFile } from './package.ts';

export type PackageErrorCode =
  | 'package-unreadable'
  | 'package-too-many-files'
  | 'package-encrypted'
  | 'package-expands-too-far';

/** Why a ZIP file cannot be read as a package at all. */
export class PackageError extends CodedError<PackageErrorCode> {}

/** Hashes one file of a ZIP as it is unpacked. Given by the caller, who knows the fastest way where it runs. */
export interface EntryHasher<Digests> {
  update(bytes: Uint8Array): void;
  /** Lower-case hex, by algorithm. */
  finish(): Digests;
}
export type PackageHasher = EntryHasher<{ sha256: string; sha512: string; sm3: string }>;

/** One file of a ZIP as it was found. */
export interface ZipEntry {
  /** As the ZIP spells it. */
  path: string;
  sizeBytes: number;
  /** The content, if it is small enough to be a certificate, a manifest or a proof. */
  bytes: Uint8Array | undefined;
}

const MAX_FILES = 20_000;
/** Beyond the first, what a ZIP unpacks to may be at most so many times its own size: real evidence hardly shrinks. */
const ALWAYS_UNPACKED = 1024 * 1024 * 1024;
const MAX_EXPANSION = 100;
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
  const entries = await readZip(source, startHasher, onBytes);
  return entries.map(({ entry, digests }) => ({ ...entry, ...digests }));
}

/** As `readPackage`, for any ZIP and any digests. @throws PackageError */
export async function readZip<Digests>(
  source: Reader<unknown>,
  startHasher: () => EntryHasher<Digests> | Promise<EntryHasher<Digests>>,
  onBytes: (bytes: number) => void,
): Promise<{ entry: ZipEntry; digests: Digests }[]> {
  return withEntries(source, async (entries) => {
    const files: { entry: ZipEntry; digests: Digests }[] = [];
    let kept = 0;
    for (const entry of entries) {
      if (entry.encrypted) throw new PackageError('package-encrypted', `${entry.filename} is encrypted`);
      const keep = entry.uncompressedSize <= MAX_KEPT_BYTES && kept + entry.uncompressedSize <= MAX_KEPT_IN_ALL;
      const file = await readEntry(entry, keep, await startHasher(), onBytes);
      kept += file.entry.bytes?.length ?? 0;
      files.push(file);
    }
    return files;
  });
}

/** Paths of the files in a ZIP, from its directory alone. @throws PackageError */
export async function listZip(source: Reader<unknown>): Promise<string[]> {
  return withEntries(source, async (entries) => entries.map(({ filename }) => filename));
}

/** One small file of a ZIP; undefined if it is not there or longer than `maxBytes`. @throws PackageError */
export async function readZipEntry(
  source: Reader<unknown>,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  return withEntries(source, async (entries) => {
    const entry = entries.find(({ filename }) => filename === path);
    if (entry === undefined || entry.encrypted || entry.uncompressedSize > maxBytes) return undefined;
    const noHasher = { update: () => {}, finish: () => undefined };
    return (await readEntry(entry, true, noHasher, () => {})).entry.bytes;
  });
}

async function withEntries<T>(source: Reader<unknown>, work: (entries: FileEntry[]) => Promise<T>): Promise<T> {
  // Workers of the library's own would need a second script, which an offline page does not have.
  configure({ useWebWorkers: false });
  const zip = new ZipReader(source, { strictness: 'strict', checkSignature: true });
  try {
    const entries: FileEntry[] = [];
    for await (const entry of zip.getEntriesGenerator()) {
      if (entry.directory) continue;
      if (entries.length === MAX_FILES) {
        throw new PackageError('package-too-many-files', `more than ${MAX_FILES} files in the ZIP`);
      }
      entries.push(entry);
    }
    checkExpansion(entries);
    return await work(entries);
  } catch (cause) {
    if (cause instanceof PackageError) throw cause;
    throw new PackageError('package-unreadable', `the ZIP file cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    await zip.close();
  }
}

/** Sizes of the directory, which `readEntry` holds each file to. */
function checkExpansion(entries: readonly FileEntry[]): void {
  let packed = 0;
  let unpacked = 0;
  for (const { compressedSize, uncompressedSize } of entries) {
    packed += compressedSize;
    unpacked += uncompressedSize;
  }
  if (unpacked > ALWAYS_UNPACKED && unpacked > packed * MAX_EXPANSION) {
    throw new PackageError(
      'package-expands-too-far',
      `${packed} bytes in the ZIP unpack to ${unpacked}, more than ${MAX_EXPANSION} times as many`,
    );
  }
}

async function readEntry<Digests>(
  entry: FileEntry,
  keep: boolean,
  hasher: EntryHasher<Digests>,
  onBytes: (bytes: number) => void,
): Promise<{ entry: ZipEntry; digests: Digests }> {
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
  const bytes = keep ? concat(...chunks) : undefined;
  return { entry: { path: entry.filename, sizeBytes, bytes }, digests: hasher.finish() };
}

declare const WritableStream: new (sink: { write(chunk: Uint8Array): void }) => object;
