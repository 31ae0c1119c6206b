import { type FileHandle, link, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chunksOf, type ObjectContent } from './object-store.ts';
import { systemCode } from './storage-error.ts';

/** Dirty pages are flushed about this often, so that the last fsync of a big file has little left to wait for. */
const FLUSH_EVERY_BYTES = 32 * 1024 * 1024;

/**
 * Writes a new file and resolves to its size once its content is on disk; its folder's entry may not be yet. On any error the
 * file may stay behind, half written: the caller removes it. An error of the iterable rejects as it is.
 */
export async function writeSynced(path: string, content: ObjectContent): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    const sizeBytes = await writeChunks(file, chunksOf(content));
    await file.sync();
    return sizeBytes;
  } finally {
    await file.close();
  }
}

async function writeChunks(file: FileHandle, chunks: AsyncGenerator<Uint8Array, void, void>): Promise<number> {
  let sizeBytes = 0;
  let unflushed = 0;
  let flushing: Promise<void> = Promise.resolve();
  let failure: { error: unknown } | undefined;
  let next = chunks.next();
  try {
    for (;;) {
      const { value: chunk, done } = await next;
      if (done === true) break;
      // The next chunk is made while this one is written.
      next = chunks.next();
      next.catch(() => {});
      await writeWhole(file, chunk);
      sizeBytes += chunk.length;
      unflushed += chunk.length;
      if (unflushed >= FLUSH_EVERY_BYTES) {
        await flushing;
        if (failure !== undefined) throw failure.error;
        unflushed = 0;
        flushing = file.datasync().catch((error: unknown) => {
          failure = { error };
        });
      }
    }
  } finally {
    await flushing;
    // After a failed write nobody reads the source any more. It may be waiting for a client, so it is not waited for.
    chunks.return().catch(() => {});
  }
  if (failure !== undefined) throw failure.error;
  return sizeBytes;
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at);
    at += bytesWritten;
  }
}

/** Gives `from` the second name `to`. Resolves to false, and changes nothing, if `to` exists. Not durable yet. */
export async function linkExclusively(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes the entries of a folder durable: names created, linked or removed in it. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes `path` and what is missing above it, down to and with `root`, each durably. `root` lies above `path` or is it. */
export async function makeFolderDurably(root: string, path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  for (let folder = path; folder !== root; ) {
    folder = dirname(folder);
    await syncFolder(folder);
  }
}
