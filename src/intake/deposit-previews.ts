import { randomBytes } from 'node:crypto';
import { isErasedMeanwhile } from '../db/erasures.ts';
import { insertObjectKeys, type ObjectKey, selectObjectKey, selectObjectKeysOfDeposit } from '../db/objects.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { parseHex } from '../format/bytes.ts';
import { sealBytes } from '../storage/encrypted-object.ts';
import { type ContentVault, openStored, originalObjectName, previewObjectName } from '../storage/stored-content.ts';
import { isPreviewable, type Preview, type PreviewMaker } from './preview.ts';
import { INLINE_BYTES } from './upload-engine.ts';

export interface DepositPreviewParts {
  db: Database;
  vault: ContentVault;
  maker: Pick<PreviewMaker, 'make'>;
  /** Told of every failure; nothing else comes of it. */
  onTrouble: (error: unknown) => void;
}

/**
 * Previews of deposited images: derivatives with digests of their own, encrypted like originals. They are made after the answer
 * to the upload, and once more for whoever asks for one that a crash lost. Never part of what the log commits to.
 */
export class DepositPreviews {
  readonly #parts: DepositPreviewParts;
  readonly #underWay = new Map<string, Promise<ObjectKey | undefined>>();

  constructor(parts: DepositPreviewParts) {
    this.#parts = parts;
  }

  /** Begins to make the previews of a deposit. Never rejects. */
  async begin(depositId: string): Promise<void> {
    try {
      const { pool } = this.#parts.db;
      for (const { role, mediaType, fileIndex } of await selectObjectKeysOfDeposit(pool, depositId)) {
        if (role === 'original' && isPreviewable(mediaType)) await this.preview(pool, depositId, fileIndex);
      }
    } catch (error) {
      this.#parts.onTrouble(error);
    }
  }

  /**
   * The file's preview, made now if it was not yet.
   * @param seen what whoever asks for it sees: without the original there, there is no preview for him
   * @returns undefined if there cannot be one
   * @throws StorageError
   */
  async preview(seen: Queryable, depositId: string, fileIndex: number): Promise<ObjectKey | undefined> {
    const original = await selectObjectKey(seen, depositId, fileIndex, 'original');
    if (original === undefined || !isPreviewable(original.mediaType)) return undefined;
    const name = previewObjectName(depositId, fileIndex);
    let work = this.#underWay.get(name);
    if (work === undefined) {
      work = this.#find(original).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, work);
    }
    return work;
  }

  async #find(original: ObjectKey): Promise<ObjectKey | undefined> {
    const { db, vault, maker } = this.#parts;
    const { depositId, fileIndex } = original;
    const found = await selectObjectKey(db.pool, depositId, fileIndex, 'preview');
    if (found !== undefined) return found;
    const sizeBytes = Number(original.sizeBytes);
    const outcome = await maker.make(original.mediaType, sizeBytes, () =>
      openStored(vault, original, originalObjectName(depositId, fileIndex), { start: 0, end: sizeBytes }),
    );
    if (outcome.kind !== 'preview') return undefined;
    return this.#keep(depositId, fileIndex, outcome);
  }

  /**
   * Object first, then the row that names it. Each attempt has an object name of its own, so that of two servers at one image
   * each seals and names what it wrote; a crash in between leaves a small object that no row names.
   */
  async #keep(depositId: string, fileIndex: number, preview: Preview): Promise<ObjectKey | undefined> {
    const { db, vault } = this.#parts;
    const { bytes } = preview;
    const isInline = bytes.length <= INLINE_BYTES;
    const name = previewObjectName(depositId, fileIndex) + (isInline ? '' : `-${randomBytes(8).toString('hex')}`);
    const { wrappedKey, ciphertext } = await sealBytes(vault.keys, name, bytes);
    if (!isInline) await vault.store.put(name, ciphertext);
    const key: ObjectKey = {
      depositId,
      fileIndex,
      role: 'preview',
      object: isInline ? { kind: 'inline', ciphertext } : { kind: 'stored', name },
      wrappedKey,
      sizeBytes: BigInt(bytes.length),
      mediaType: preview.mediaType,
      sha256: parseHex(preview.sha256),
      sm3: parseHex(preview.sm3),
    };
    try {
      await insertObjectKeys(db.pool, [key]);
      return key;
    } catch (error) {
      // Another server was faster, or the deposit was erased meanwhile. Where the insert's outcome is not known, the object may be named: it stays.
      if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION && !isErasedMeanwhile(error)) throw error;
      if (!isInline) await vault.store.delete(name);
      return selectObjectKey(db.pool, depositId, fileIndex, 'preview');
    }
  }
}

const UNIQUE_VIOLATION = '23505';
