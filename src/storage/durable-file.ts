import { type FileHandle, link, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chunksOf, type ObjectContent } from './object-store.ts';
import { systemCode } from './storage-error.ts';

/** Dirty pages are flushed about this often, so that the last fsync of a big file has little left to wait for. */
const FLUSH_EVERY_BYTES = 32 * 1024 * 1024;
/** Written at a time: each write is a trip to another thread. */
const BATCH_BYTES = 256 * 1024;

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
  const writer = new BatchWriter(file);
  let sizeBytes = 0;
  try {
    for (;;) {
      // While a batch is written, the next one is made.
      const { value: chunk, done } = await chunks.next();
      if (done === true) break;
      sizeBytes += chunk.length;
      await writer.write(chunk);
    }
    await writer.finish();
    return sizeBytes;
  } catch (error) {
    // Nobody reads the source any more. It may be waiting for a client, so it is not waited for.
    chunks.return().catch(() => {});
    await writer.settle();
    throw error;
  }
}

/** Writes a file from its start: one batch is under way while the next is gathered. */
class BatchWriter {
  readonly #file: FileHandle;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #unflushedBytes = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Keeps the chunk until its batch is written. Rejects with what an earlier batch met. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    if (this.#batchBytes >= BATCH_BYTES) await this.#send();
  }

  async finish(): Promise<void> {
    await this.#send();
    await this.#underWay;
  }

  /** Resolves once nothing is under way, whatever came of it: only then may the file be closed. */
  async settle(): Promise<void> {
    await this.#underWay.catch(() => {});
  }

  async #send(): Promise<void> {
    await this.#underWay;
    const batch = this.#batch;
    this.#unflushedBytes += this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#underWay = this.#writeBatch(batch);
    this.#underWay.catch(() => {});
  }

  async #writeBatch(batch: Uint8Array[]): Promise<void> {
    for (let rest = batch; rest.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(rest);
      rest = without(rest, bytesWritten);
    }
    if (this.#unflushedBytes >= FLUSH_EVERY_BYTES) {
      this.#unflushedBytes = 0;
      await this.#file.datasync();
    }
  }
}

/** What is left of `chunks` after their first `bytes`. */
function without(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let index = 0;
  let skip = bytes;
  for (let chunk = chunks[index]; chunk !== undefined && skip >= chunk.length; chunk = chunks[++index])
    skip -= chunk.length;
  const [first, ...rest] = chunks.slice(index);
  return first === undefined ? [] : [first.subarray(skip), ...rest];
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
