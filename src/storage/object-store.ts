import type { Readable } from 'node:stream';
import { StorageError } from './storage-error.ts';

/** Bytes at once, or as they come. An iterable is read once, in order. Neither side changes a chunk once it is given. */
export type ObjectContent = Uint8Array | AsyncIterable<Uint8Array>;

/** Half-open: 0 ≤ start ≤ end ≤ size of the object, in bytes. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface ObjectHead {
  /** Bytes of the whole object. */
  sizeBytes: number;
}

export interface StoredObject extends ObjectHead {
  /** The range asked for. Destroy it if you do not read it to its end. Errors are StorageErrors. */
  content: Readable;
}

/**
 * Where originals, derivatives and full tiles live. Not trusted: who controls it can lose data, not read it (originals are
 * encrypted before they come here) and not forge it. Objects are immutable. Names follow `checkObjectName`, and no name is
 * the folder of another (`a` and `a/b` never both exist).
 *
 * Every method rejects with StorageError: `invalid-object-name` for a name outside the rule, `storage-full` or
 * `storage-failed` when disk or network fail.
 */
export interface ObjectStore {
  /**
   * Resolves once durable, to the object's size. Never visible in part. The same bytes again succeed.
   * Memory is constant in the object's size.
   *
   * If the iterable throws, nothing is stored and the very same error rejects. A crash at any moment leaves the whole object
   * or none, and at most unnamed scratch data that the store removes or lets expire by itself.
   * @throws StorageError `object-differs` if other bytes are stored under the name.
   */
  put(name: string, content: ObjectContent): Promise<ObjectHead>;
  /**
   * The object, or the given range of it; undefined if there is none.
   * @throws StorageError `range-out-of-bounds`
   */
  get(name: string, range?: ByteRange): Promise<StoredObject | undefined>;
  /** Undefined if there is no such object. */
  head(name: string): Promise<ObjectHead | undefined>;
  /**
   * For lawful erasure and for uploads that broke off. Resolves once the object is durably gone, also if it never was.
   * @throws StorageError `object-retained` if a retention lock of the store forbids it.
   */
  delete(name: string): Promise<void>;
  /**
   * Names that begin with `prefix`, which is empty or ends with `/`, in no stated order. For audits and for removing what
   * no record mentions; never needed to serve a request.
   */
  list(prefix: string): AsyncIterable<string>;
  /** Bytes that can still be stored; only where the store has an end that it knows. */
  freeBytes?(): Promise<number>;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}(?:\/[a-z0-9][a-z0-9._-]{0,99})*$/;
const LONGEST_NAME = 400;

/**
 * 1 to 400 characters: segments of 1 to 100 of `a-z 0-9 . _ -`, each beginning with a letter or digit, joined by `/`. So no
 * segment is `.` or `..`, none is hidden, none is empty, and a file system that ignores case keeps them apart.
 * @throws StorageError `invalid-object-name`
 */
export function checkObjectName(name: string): void {
  if (name.length > LONGEST_NAME || !NAME.test(name)) {
    throw new StorageError(
      'invalid-object-name',
      `${JSON.stringify(name.slice(0, 80))} (${name.length} characters) is no object name: at most ${LONGEST_NAME}, ` +
        'segments of a-z 0-9 . _ - that begin with a letter or digit, joined by "/"',
    );
  }
}

/** @throws StorageError `invalid-object-name` unless `prefix` is empty or an object name followed by `/`. */
export function checkObjectPrefix(prefix: string): void {
  if (prefix === '') return;
  if (!prefix.endsWith('/'))
    throw new StorageError('invalid-object-name', `prefix ${JSON.stringify(prefix)} lacks a final "/"`);
  checkObjectName(prefix.slice(0, -1));
}

/** @throws StorageError `range-out-of-bounds` */
export function checkRange(range: ByteRange, sizeBytes: number): void {
  const { start, end } = range;
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && end <= sizeBytes)) {
    throw new StorageError('range-out-of-bounds', `bytes ${start} to ${end} of an object of ${sizeBytes} bytes`);
  }
}

/** One way to read both kinds of content. */
export async function* chunksOf(content: ObjectContent): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) yield content;
  else yield* content;
}

/** All bytes of an object's content. For objects known to be small: it holds them all. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
