import { type CipherGCM, createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { MasterKeyRing } from './master-key.ts';
import { type ByteRange, checkRange, type ObjectStore } from './object-store.ts';
import { StorageError } from './storage-error.ts';

// Layout: docs/formats/encrypted-object.md.

/** Plaintext bytes of a full segment. */
export const SEGMENT_BYTES = 1024 * 1024;
const TAG_BYTES = 16;
const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES;
const NONCE_PREFIX_BYTES = 7;
const DATA_KEY_BYTES = 32;
const WRAPPED_KEY_VERSION = 1;
/** 4 PiB: the segment counter has 32 bits, and the last number is the end segment's. */
const MOST_SEGMENTS = 2 ** 32 - 1;

/** Bytes of the encrypted object that holds `sizeBytes` of plaintext. */
export function sealedSize(sizeBytes: number): number {
  return sizeBytes + TAG_BYTES * (Math.ceil(sizeBytes / SEGMENT_BYTES) + 1);
}

/** Inverse of `sealedSize`. @throws StorageError `object-corrupt` if no plaintext has an encrypted object of this size. */
export function plainSize(sealedBytes: number): number {
  const dataBytes = sealedBytes - TAG_BYTES;
  const segments = Math.ceil(dataBytes / SEALED_SEGMENT_BYTES);
  const sizeBytes = dataBytes - segments * TAG_BYTES;
  if (dataBytes < 0 || sealedSize(sizeBytes) !== sealedBytes) {
    throw new StorageError('object-corrupt', `no encrypted object has ${sealedBytes} bytes`);
  }
  return sizeBytes;
}

/** What a data key and an object name give. */
interface ContentKey {
  objectName: string;
  key: Uint8Array;
  noncePrefix: Uint8Array;
}

function deriveContentKey(dataKey: Uint8Array, objectName: string): ContentKey {
  const info = `tiezheng/encrypted-object/v1\0${objectName}`;
  const bytes = new Uint8Array(hkdfSync('sha256', dataKey, '', info, 32 + NONCE_PREFIX_BYTES));
  return { objectName, key: bytes.subarray(0, 32), noncePrefix: bytes.subarray(32) };
}

function nonceOf(content: ContentKey, segment: number, isEnd: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.set(content.noncePrefix, 0);
  nonce.writeUInt32BE(segment, NONCE_PREFIX_BYTES);
  nonce[11] = isEnd ? 1 : 0;
  return nonce;
}

/**
 * Encrypts one object while it streams: feed `update` in order, then `end` once, and store what they return, in order. Holds
 * no plaintext back: memory is that of one chunk.
 */
export class ObjectSealer {
  /** To be kept with the record; without it nobody reads the object again. */
  readonly wrappedKey: Uint8Array;
  readonly #content: ContentKey;
  #cipher: CipherGCM | undefined;
  #segment = 0;
  #room = SEGMENT_BYTES;

  private constructor(wrappedKey: Uint8Array, content: ContentKey) {
    this.wrappedKey = wrappedKey;
    this.#content = content;
  }

  /** With a data key of its own, wrapped by the ring's current key for this very name. */
  static async open(keys: MasterKeyRing, objectName: string): Promise<ObjectSealer> {
    const dataKey = randomBytes(DATA_KEY_BYTES);
    const sealed = await keys.current.wrap(dataKey, objectName);
    const id = Buffer.from(keys.current.id);
    const wrappedKey = new Uint8Array(Buffer.concat([Uint8Array.of(WRAPPED_KEY_VERSION, id.length), id, sealed]));
    return new ObjectSealer(wrappedKey, deriveContentKey(dataKey, objectName));
  }

  *update(plaintext: Uint8Array): Generator<Buffer, void, void> {
    for (let at = 0; at < plaintext.length; ) {
      this.#cipher ??= this.#openSegment();
      const piece = plaintext.subarray(at, at + this.#room);
      yield this.#cipher.update(piece);
      at += piece.length;
      this.#room -= piece.length;
      if (this.#room === 0) yield this.#closeSegment();
    }
  }

  *end(): Generator<Buffer, void, void> {
    if (this.#cipher !== undefined) yield this.#closeSegment();
    const end = createCipheriv('aes-256-gcm', this.#content.key, nonceOf(this.#content, this.#segment, true));
    end.final();
    yield end.getAuthTag();
  }

  #openSegment(): CipherGCM {
    if (this.#segment === MOST_SEGMENTS) {
      throw new StorageError('storage-failed', `${this.#content.objectName} has more than ${MOST_SEGMENTS} segments`);
    }
    this.#room = SEGMENT_BYTES;
    return createCipheriv('aes-256-gcm', this.#content.key, nonceOf(this.#content, this.#segment, false));
  }

  #closeSegment(): Buffer {
    const cipher = this.#cipher as CipherGCM;
    cipher.final();
    this.#cipher = undefined;
    this.#segment++;
    return cipher.getAuthTag();
  }
}

/** For small objects kept inline. */
export async function sealBytes(
  keys: MasterKeyRing,
  objectName: string,
  plaintext: Uint8Array,
): Promise<{ wrappedKey: Uint8Array; ciphertext: Uint8Array }> {
  const sealer = await ObjectSealer.open(keys, objectName);
  const ciphertext = new Uint8Array(Buffer.concat([...sealer.update(plaintext), ...sealer.end()]));
  return { wrappedKey: sealer.wrappedKey, ciphertext };
}

/**
 * @throws StorageError `wrong-key` if the key or the name is another's, `unknown-master-key`, `invalid-wrapped-key`, and
 *   `object-corrupt` if any bit of the ciphertext is not as it was sealed.
 */
export async function openBytes(
  keys: MasterKeyRing,
  objectName: string,
  wrappedKey: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const content = await unwrapContentKey(keys, objectName, wrappedKey);
  const sizeBytes = plainSize(ciphertext.length);
  const whole = { start: 0, end: sizeBytes };
  const chunks: Uint8Array[] = [];
  for await (const chunk of unsealRange(content, sizeBytes, whole, [ciphertext])) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

export interface OpenedObject {
  /** Plaintext bytes of the whole object. */
  sizeBytes: number;
  /** Plaintext of the range. Every chunk was authenticated before it comes out. Destroy it if you do not read to its end. */
  content: Readable;
}

/**
 * Reads plaintext from a store; a range costs the segments it touches. A read that includes the object's last byte also
 * checks that the object ends there; one that stops before says nothing of what follows. Undefined if there is no such object.
 *
 * Memory: about two segments. Errors as `openBytes`, and `range-out-of-bounds`; those found while reading destroy `content`.
 */
export async function openObject(
  store: ObjectStore,
  keys: MasterKeyRing,
  objectName: string,
  wrappedKey: Uint8Array,
  range?: ByteRange,
): Promise<OpenedObject | undefined> {
  const content = await unwrapContentKey(keys, objectName, wrappedKey);
  const head = await store.head(objectName);
  if (head === undefined) return undefined;
  const sizeBytes = plainSize(head.sizeBytes);
  const wanted = range ?? { start: 0, end: sizeBytes };
  checkRange(wanted, sizeBytes);
  const stored = await store.get(objectName, sealedRange(wanted, sizeBytes));
  if (stored === undefined) return undefined;
  const plaintext = Readable.from(unsealRange(content, sizeBytes, wanted, stored.content), {
    objectMode: false,
    highWaterMark: 1,
  });
  // A generator that was never started has no `finally`.
  plaintext.once('close', () => stored.content.destroy());
  return { sizeBytes, content: plaintext };
}

/** The bytes of the sealed object that hold the wanted plaintext: whole segments, and the end segment if the end is wanted. */
function sealedRange(wanted: ByteRange, sizeBytes: number): ByteRange {
  const sealedBytes = sealedSize(sizeBytes);
  if (wanted.end === sizeBytes) return { start: firstSegment(wanted) * SEALED_SEGMENT_BYTES, end: sealedBytes };
  if (wanted.start === wanted.end) return { start: 0, end: 0 };
  const end = Math.ceil(wanted.end / SEGMENT_BYTES) * SEALED_SEGMENT_BYTES;
  return { start: firstSegment(wanted) * SEALED_SEGMENT_BYTES, end: Math.min(end, sealedBytes - TAG_BYTES) };
}

function firstSegment(wanted: ByteRange): number {
  return Math.floor(wanted.start / SEGMENT_BYTES);
}

/** `sealed` holds exactly `sealedRange(wanted, sizeBytes)`. */
async function* unsealRange(
  content: ContentKey,
  sizeBytes: number,
  wanted: ByteRange,
  sealed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const segments = Math.ceil(sizeBytes / SEGMENT_BYTES);
  const isEmpty = wanted.start === wanted.end && wanted.end !== sizeBytes;
  const pieces = new Pieces(sealed, content.objectName);
  try {
    let segment = firstSegment(wanted);
    for (; !isEmpty && segment * SEGMENT_BYTES < wanted.end; segment++) {
      const begin = segment * SEGMENT_BYTES;
      const length = Math.min(SEGMENT_BYTES, sizeBytes - begin);
      const plaintext = openSegment(content, segment, false, await pieces.take(length + TAG_BYTES));
      const from = Math.max(0, wanted.start - begin);
      const to = Math.min(length, wanted.end - begin);
      if (from < to) yield plaintext.subarray(from, to);
    }
    if (wanted.end === sizeBytes) openSegment(content, segments, true, await pieces.take(TAG_BYTES));
  } finally {
    await pieces.close();
  }
}

function openSegment(content: ContentKey, segment: number, isEnd: boolean, sealed: Buffer): Buffer {
  const length = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', content.key, nonceOf(content, segment, isEnd), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch (cause) {
    const what = isEnd ? 'its end' : `segment ${segment}`;
    throw new StorageError('object-corrupt', `${content.objectName}: ${what} is not as it was sealed`, { cause });
  }
  return plaintext;
}

/** Cuts a byte stream into pieces of asked-for sizes. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #objectName: string;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, objectName: string) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
    this.#objectName = objectName;
  }

  async take(length: number): Promise<Buffer> {
    const piece = Buffer.allocUnsafeSlow(length);
    let have = 0;
    for (;;) {
      const part = this.#rest.subarray(0, length - have);
      piece.set(part, have);
      have += part.length;
      this.#rest = this.#rest.subarray(part.length);
      if (have === length) return piece;
      const { value, done } = await this.#chunks.next();
      if (done === true) throw new StorageError('object-corrupt', `${this.#objectName} ends too early`);
      this.#rest = value;
    }
  }

  /** Lets go of the store's stream also when it was not read to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

async function unwrapContentKey(keys: MasterKeyRing, objectName: string, wrappedKey: Uint8Array): Promise<ContentKey> {
  const idLength = wrappedKey[1];
  if (wrappedKey[0] !== WRAPPED_KEY_VERSION || idLength === undefined || wrappedKey.length <= 2 + idLength) {
    throw new StorageError(
      'invalid-wrapped-key',
      `the wrapped key of ${objectName} is not of version ${WRAPPED_KEY_VERSION}`,
    );
  }
  const id = Buffer.from(wrappedKey.subarray(2, 2 + idLength)).toString('latin1');
  const dataKey = await keys.find(id).unwrap(wrappedKey.subarray(2 + idLength), objectName);
  if (dataKey.length !== DATA_KEY_BYTES) {
    throw new StorageError('invalid-wrapped-key', `the data key of ${objectName} has ${dataKey.length} bytes`);
  }
  return deriveContentKey(dataKey, objectName);
}
