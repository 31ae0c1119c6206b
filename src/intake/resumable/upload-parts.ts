import { randomBytes } from 'node:crypto';
import { type Database, isKnownNotCommitted } from '../../db/pool.ts';
import {
  deleteUnfinishedUploadObjects,
  deleteUploadObjects,
  insertUploadObject,
  selectLastUploadPart,
  selectUpload,
  selectUploadObjectNames,
  type UploadPart,
  type UploadRow,
  updateUploadOffset,
  updateUploadPartDurable,
  updateUploadPartReplaced,
} from '../../db/uploads.ts';
import { ObjectSealer, openObject } from '../../storage/encrypted-object.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { ContentVault } from '../../storage/stored-content.ts';
import { countReceivedBytes } from '../upload-garbage.ts';
import { ResumableError } from './resumable-error.ts';

/** With its tags just below the eight MiB that an S3 store takes in one request. */
export const DEFAULT_PART_BYTES = 7 * 1024 * 1024;
/** A part that broke off shorter than this is sealed anew together with what comes next, so that short requests do not leave many. */
const SHORT_PART_BYTES = 1024 * 1024;

export interface UploadPartsOptions {
  db: Database;
  vault: ContentVault;
  nowMs: () => number;
  /** How long an upload waits for its next byte. */
  expiryMs: number;
  /** Plaintext of one object. */
  partBytes?: number;
}

/**
 * The bytes of uploads, encrypted from the first one on: each part is an object of its own, with a data key of its own.
 *
 * The order of the writes of one part: 1. its name and wrapped key, committed; 2. the object, durable; 3. one transaction that makes the
 * part count and moves the upload's offset from where this writer found it. A crash after 1 or 2 leaves an object that does not count:
 * the next writer, or the end of the upload, removes it. An offset is told to nobody before 3.
 *
 * No nonce is ever used twice, whatever a client sends after an interruption: what does not count is never gone on with, and a part that
 * is sealed anew gets a new key and a new name.
 */
export class UploadParts {
  readonly #options: UploadPartsOptions;
  readonly #partBytes: number;

  constructor(options: UploadPartsOptions) {
    this.#options = options;
    this.#partBytes = options.partBytes ?? DEFAULT_PART_BYTES;
  }

  /**
   * Takes bytes from `offset` on for as long as they come, and at most up to the upload's size. If the source breaks off, what came
   * before is kept, and then its error rejects.
   * @returns the durable offset
   * @throws ResumableError `upload-not-found`, `upload-ended`, `upload-offset-conflict`; StorageError
   */
  async append(uploadId: string, offset: bigint, bytes: AsyncIterable<Uint8Array>): Promise<bigint> {
    const { db } = this.#options;
    const upload = await selectUpload(db.pool, uploadId);
    if (upload === undefined) throw new ResumableError('upload-not-found', `there is no upload ${uploadId}`);
    if (upload.offsetBytes !== offset) throw offsetConflict(upload, offset);
    if (upload.offsetBytes === upload.sizeBytes) return offset;
    if (upload.state !== 'open') throw new ResumableError('upload-ended', `upload ${uploadId} is ${upload.state}`);
    await this.#discardUnfinished(uploadId);
    const source = new PieceSource(bytes);
    let at = offset;
    while (at < upload.sizeBytes && (await source.hasMore())) at = await this.#putPart(upload, at, source);
    if (source.failure !== undefined) throw source.failure.error;
    return at;
  }

  /** All bytes of these parts, in their order. @throws StorageError `object-not-found`, `object-corrupt`, … */
  async *read(parts: readonly UploadPart[]): AsyncGenerator<Uint8Array, void, void> {
    const { store, keys } = this.#options.vault;
    for (const { objectName, wrappedKey, sizeBytes } of parts) {
      const opened = await openObject(store, keys, objectName, wrappedKey);
      if (opened === undefined) throw new StorageError('object-not-found', `${objectName} is not in the object store`);
      if (BigInt(opened.sizeBytes) !== sizeBytes) {
        opened.content.destroy();
        throw new StorageError('object-corrupt', `${objectName} holds ${opened.sizeBytes} bytes, not ${sizeBytes}`);
      }
      yield* opened.content;
    }
  }

  /** Objects first, then the rows that name them: what cannot be deleted now is found again. @throws StorageError */
  async remove(objectNames: readonly string[]): Promise<void> {
    for (const name of objectNames) await this.#options.vault.store.delete(name);
    if (objectNames.length > 0) await deleteUploadObjects(this.#options.db.pool, objectNames);
  }

  /**
   * Takes away what other writers of this upload have not made count. Their rows go first: whoever is still writing finds his gone and
   * cannot make the part count any more, while a part that counts by now keeps both. A crash in between leaves an object without a
   * row, which the next start removes.
   */
  async #discardUnfinished(uploadId: string): Promise<void> {
    const { db, vault } = this.#options;
    for (const name of await deleteUnfinishedUploadObjects(db.pool, uploadId)) await vault.store.delete(name);
  }

  /** Every object of an upload that has ended. */
  async removeAll(uploadId: string): Promise<void> {
    await this.remove(await selectUploadObjectNames(this.#options.db.pool, uploadId));
  }

  async #putPart(upload: UploadRow, at: bigint, source: PieceSource): Promise<bigint> {
    const { db, vault, nowMs, expiryMs } = this.#options;
    const { uploadId } = upload;
    const last = at === 0n ? undefined : await selectLastUploadPart(db.pool, uploadId);
    const short = last !== undefined && last.sizeBytes < this.#shortBytes() ? last : undefined;
    const startBytes = short?.startBytes ?? at;
    const room = Math.min(this.#partBytes - Number(at - startBytes), Number(upload.sizeBytes - at));
    const objectName = `upload/${uploadId}/${randomBytes(8).toString('hex')}`;
    const sealer = await ObjectSealer.open(vault.keys, objectName);
    await insertUploadObject(db.pool, { objectName, uploadId, startBytes, wrappedKey: sealer.wrappedKey });
    const before = short === undefined ? [] : this.read([short]);
    let taken = 0;
    async function* sealed() {
      for await (const chunk of before) yield* sealer.update(chunk);
      for await (const chunk of source.take(room)) {
        taken += chunk.length;
        countReceivedBytes(chunk.length);
        yield* sealer.update(chunk);
      }
      yield* sealer.end();
    }
    await vault.store.put(objectName, sealed());
    const to = at + BigInt(taken);
    try {
      await db.transaction(async (client) => {
        const expiresAt = new Date(nowMs() + expiryMs);
        if (!(await updateUploadOffset(client, uploadId, at, to, expiresAt))) throw offsetConflict(upload, at);
        if (short !== undefined) await updateUploadPartReplaced(client, short.objectName);
        const isKnown = await updateUploadPartDurable(client, objectName, to - startBytes);
        if (!isKnown) throw offsetConflict(upload, at);
      });
    } catch (error) {
      // Where the commit may have happened the object may count: it stays, and what does not count is removed later.
      if (isKnownNotCommitted(error)) await this.remove([objectName]).catch(() => {});
      throw error;
    }
    if (short !== undefined) await this.remove([short.objectName]);
    return to;
  }

  #shortBytes(): bigint {
    return BigInt(Math.min(SHORT_PART_BYTES, this.#partBytes));
  }
}

function offsetConflict({ uploadId }: UploadRow, offset: bigint): ResumableError {
  return new ResumableError(
    'upload-offset-conflict',
    `upload ${uploadId} does not go on at byte ${offset}: ask for its offset`,
  );
}

/** Cuts a stream into pieces of asked-for sizes. An error of the stream is its end, and is kept. */
class PieceSource {
  failure: { error: unknown } | undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #isAtEnd = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Waits for the next bytes. */
  async hasMore(): Promise<boolean> {
    while (this.#rest.length === 0 && !this.#isAtEnd) {
      try {
        const { value, done } = await this.#chunks.next();
        if (done === true) this.#isAtEnd = true;
        else this.#rest = value;
      } catch (error) {
        this.failure = { error };
        this.#isAtEnd = true;
      }
    }
    return this.#rest.length > 0;
  }

  /** Up to `most` bytes; fewer only where the stream ends. */
  async *take(most: number): AsyncGenerator<Uint8Array, void, void> {
    for (let left = most; left > 0 && (await this.hasMore()); ) {
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}
