import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, open, opendir, rm, rmdir, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { linkExclusively, makeFolderDurably, syncFolder, writeSynced } from './durable-file.ts';
import {
  type ByteRange,
  checkObjectName,
  checkObjectPrefix,
  checkRange,
  type ObjectContent,
  type ObjectHead,
  type ObjectStore,
  type StoredObject,
} from './object-store.ts';
import { openScratchFolder } from './scratch-folder.ts';
import { asStorageError, StorageError, systemCode } from './storage-error.ts';

const READ_CHUNK_BYTES = 64 * 1024;
const COMPARE_CHUNK_BYTES = 256 * 1024;

/**
 * Objects as files below `<folder>/objects`, half-written ones below `<folder>/scratch`, both on one file system that knows
 * hard links. Several processes may share the folder.
 */
export class FileObjectStore implements ObjectStore {
  readonly #objects: string;
  readonly #scratch: string;

  private constructor(objects: string, scratch: string) {
    this.#objects = objects;
    this.#scratch = scratch;
  }

  /** Creates the folder if it is missing and removes what dead processes left half-written. @throws StorageError */
  static async open(folder: string): Promise<FileObjectStore> {
    const root = resolve(folder);
    try {
      const objects = join(root, 'objects');
      await makeFolderDurably(dirname(root), objects);
      return new FileObjectStore(objects, await openScratchFolder(join(root, 'scratch')));
    } catch (error) {
      throw asStorageError(error, `open the object store in ${root}`);
    }
  }

  async put(name: string, content: ObjectContent): Promise<ObjectHead> {
    const path = this.#pathOf(name);
    const scratch = join(this.#scratch, randomBytes(16).toString('hex'));
    let contentError: { error: unknown } | undefined;
    const watched = watch(content, (error) => {
      contentError = { error };
    });
    try {
      // A crash before the link leaves scratch data only: the next `open` removes it.
      const sizeBytes = await writeSynced(scratch, watched);
      if (await this.#link(scratch, path)) {
        // A crash here may lose the name or keep it. Whole object or none, either way.
        await syncFolder(dirname(path));
      } else if (!(await sameBytes(scratch, path))) {
        throw new StorageError('object-differs', `${name} is stored with other bytes`);
      } else {
        // Whoever linked it may have crashed before this.
        await makeFolderDurably(this.#objects, dirname(path));
        await syncFolder(dirname(path));
      }
      return { sizeBytes };
    } catch (error) {
      if (contentError !== undefined && error === contentError.error) throw error;
      throw asStorageError(error, `store ${name}`);
    } finally {
      await rm(scratch, { force: true });
    }
  }

  async get(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const path = this.#pathOf(name);
    let file: FileHandle | undefined;
    try {
      file = await openIfPresent(path);
      if (file === undefined) return undefined;
      const sizeBytes = (await file.stat()).size;
      const { start, end } = range ?? { start: 0, end: sizeBytes };
      checkRange({ start, end }, sizeBytes);
      return { sizeBytes, content: readRange(file, start, end, name) };
    } catch (error) {
      await file?.close();
      throw asStorageError(error, `read ${name}`);
    }
  }

  async freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.#objects);
      return bavail * bsize;
    } catch (error) {
      throw asStorageError(error, 'ask for the free space');
    }
  }

  async head(name: string): Promise<ObjectHead | undefined> {
    try {
      const found = await stat(this.#pathOf(name));
      return found.isFile() ? { sizeBytes: found.size } : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw asStorageError(error, `look for ${name}`);
    }
  }

  async delete(name: string): Promise<void> {
    const path = this.#pathOf(name);
    try {
      await unlink(path);
      await syncFolder(dirname(path));
      await this.#removeEmptyFolders(dirname(path));
    } catch (error) {
      if (!isAbsent(error)) throw asStorageError(error, `delete ${name}`);
    }
  }

  async *list(prefix: string): AsyncGenerator<string> {
    checkObjectPrefix(prefix);
    yield* this.#listFolder(prefix);
  }

  async *#listFolder(prefix: string): AsyncGenerator<string> {
    let entries: AsyncIterable<Dirent>;
    try {
      entries = await opendir(join(this.#objects, prefix));
    } catch (error) {
      if (isAbsent(error)) return;
      throw asStorageError(error, `list ${prefix}`);
    }
    for await (const entry of entries) {
      if (entry.isDirectory()) yield* this.#listFolder(`${prefix}${entry.name}/`);
      else yield prefix + entry.name;
    }
  }

  #pathOf(name: string): string {
    checkObjectName(name);
    return join(this.#objects, name);
  }

  /** False if the name is taken. Makes the folders, again if a `delete` of their last object removes them in between. */
  async #link(scratch: string, path: string): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await makeFolderDurably(this.#objects, dirname(path));
        return await linkExclusively(scratch, path);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT' || attempt === 10) throw error;
      }
    }
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let empty = folder; empty !== this.#objects; empty = dirname(empty)) {
      try {
        await rmdir(empty);
      } catch {
        // Not empty, or another delete was faster. An empty folder that stays harms nobody.
        return;
      }
    }
  }
}

/** The same content; tells `onError` what it throws before it goes on. */
function watch(content: ObjectContent, onError: (error: unknown) => void): ObjectContent {
  if (content instanceof Uint8Array) return content;
  return (async function* watched() {
    try {
      yield* content;
    } catch (error) {
      onError(error);
      throw error;
    }
  })();
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}

/** Bytes `start` to `end` of an open file, which it closes however it ends. */
function readRange(file: FileHandle, start: number, end: number, name: string): Readable {
  let at = start;
  return new Readable({
    highWaterMark: READ_CHUNK_BYTES,
    read() {
      if (at === end) {
        this.push(null);
        return;
      }
      const buffer = Buffer.allocUnsafe(Math.min(READ_CHUNK_BYTES, end - at));
      file.read(buffer, 0, buffer.length, at).then(
        ({ bytesRead }) => {
          at += bytesRead;
          if (bytesRead > 0) this.push(buffer.subarray(0, bytesRead));
          else this.destroy(new StorageError('storage-failed', `${name} ended at byte ${at} of ${end}`));
        },
        (error: unknown) => this.destroy(asStorageError(error, `read ${name}`)),
      );
    },
    destroy(error, callback) {
      file.close().then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
}

async function sameBytes(pathA: string, pathB: string): Promise<boolean> {
  await using a = await open(pathA, 'r');
  await using b = await open(pathB, 'r');
  if ((await a.stat()).size !== (await b.stat()).size) return false;
  const bufferA = Buffer.alloc(COMPARE_CHUNK_BYTES);
  const bufferB = Buffer.alloc(COMPARE_CHUNK_BYTES);
  for (let at = 0; ; ) {
    const [readA, readB] = [await fill(a, bufferA, at), await fill(b, bufferB, at)];
    if (readA !== readB || !bufferA.subarray(0, readA).equals(bufferB.subarray(0, readB))) return false;
    if (readA === 0) return true;
    at += readA;
  }
}

/** Reads until the buffer is full or the file ends. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let have = 0;
  while (have < buffer.length) {
    const { bytesRead } = await file.read(buffer, have, buffer.length - have, position + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return have;
}
