import { Readable } from 'node:stream';
import {
  type ByteRange,
  checkObjectName,
  checkObjectPrefix,
  checkRange,
  chunksOf,
  type ObjectContent,
  type ObjectHead,
  type ObjectStore,
  type StoredObject,
} from './object-store.ts';
import { StorageError } from './storage-error.ts';

/**
 * For tests. Stricter than the others: it also refuses a name that is the folder of another, answers in later turns of the
 * event loop, and hands out copies only.
 */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();

  async put(name: string, content: ObjectContent): Promise<ObjectHead> {
    checkObjectName(name);
    for (const other of this.#objects.keys()) {
      if (other.startsWith(`${name}/`) || name.startsWith(`${other}/`)) {
        throw new StorageError('invalid-object-name', `${name} and ${other}: one is the folder of the other`);
      }
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of chunksOf(content)) chunks.push(Uint8Array.from(chunk));
    const bytes = Buffer.concat(chunks);
    await nextTurn();
    const stored = this.#objects.get(name);
    if (stored === undefined) this.#objects.set(name, bytes);
    else if (!bytes.equals(stored)) throw new StorageError('object-differs', `${name} is stored with other bytes`);
    return { sizeBytes: bytes.length };
  }

  async get(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    checkObjectName(name);
    await nextTurn();
    const bytes = this.#objects.get(name);
    if (bytes === undefined) return undefined;
    const { start, end } = range ?? { start: 0, end: bytes.length };
    checkRange({ start, end }, bytes.length);
    return { sizeBytes: bytes.length, content: Readable.from(piecesOf(Buffer.from(bytes.subarray(start, end)))) };
  }

  async head(name: string): Promise<ObjectHead | undefined> {
    checkObjectName(name);
    await nextTurn();
    const bytes = this.#objects.get(name);
    return bytes === undefined ? undefined : { sizeBytes: bytes.length };
  }

  async delete(name: string): Promise<void> {
    checkObjectName(name);
    await nextTurn();
    this.#objects.delete(name);
  }

  async *list(prefix: string): AsyncGenerator<string> {
    checkObjectPrefix(prefix);
    for (const name of [...this.#objects.keys()]) {
      await nextTurn();
      if (name.startsWith(prefix)) yield name;
    }
  }
}

/** Chunks that end at no convenient border. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_521) yield bytes.subarray(at, at + 65_521);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
