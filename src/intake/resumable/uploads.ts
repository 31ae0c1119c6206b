import { randomBytes } from 'node:crypto';
import { withAdvisoryLock } from '../../db/advisory-lock.ts';
import { insertContentReceived } from '../../db/contents-received.ts';
import { selectDeposit, selectFileEntries } from '../../db/deposits.ts';
import { notifyLog } from '../../db/leaves.ts';
import { insertObjectKeys, selectObjectKeysOfDeposit } from '../../db/objects.ts';
import type { Database, Queryable } from '../../db/pool.ts';
import { fenced } from '../../db/row-security.ts';
import { insertSubmission } from '../../db/submissions.ts';
import {
  deleteUploadObjects,
  insertUpload,
  insertUploadObject,
  lockOpenUploadsOfAccount,
  selectCompleteUploads,
  selectEndedUploadsWithObjects,
  selectExpiredUploads,
  selectKnownUploadObjects,
  selectOpenUploadOfFile,
  selectOpenUploadsOfAccount,
  selectUnfinishedUploadObjects,
  selectUpload,
  selectUploadParts,
  type UploadRow,
  updateUploadEnded,
} from '../../db/uploads.ts';
import { encodeHex, parseHex } from '../../format/bytes.ts';
import { commit } from '../../format/commitment.ts';
import type { ContentReceived } from '../../format/content-received.ts';
import { type FileEntry, parseFileEntry } from '../../format/deposit.ts';
import { utcTimeOf } from '../../format/fields.ts';
import { encodeJson, type JsonValue } from '../../format/json.ts';
import { plainLeafData } from '../../format/spine.ts';
import { ObjectSealer } from '../../storage/encrypted-object.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { type ContentVault, originalObjectName } from '../../storage/stored-content.ts';
import { DepositError } from '../deposit-error.ts';
import type { ContentDigests, DigestPool } from '../digest-stream.ts';
import { detectMediaType, MEDIA_TYPE_HEAD_BYTES } from '../media-type.ts';
import { IntakeError } from '../upload-error.ts';
import { ResumableError } from './resumable-error.ts';
import type { UploadTarget } from './upload-metadata.ts';
import type { UploadParts } from './upload-parts.ts';

export interface UploadQuotas {
  /** Of one file. */
  maxFileBytes: number;
  /** Open at a time, of one account. */
  maxOpenUploads: number;
  /** Declared sizes of one account's open uploads together. */
  maxOpenBytes: number;
  /** How long an upload waits for its next byte. */
  expiryMs: number;
}

export interface UploadsParts {
  db: Database;
  vault: ContentVault;
  parts: UploadParts;
  digests: DigestPool;
  quotas: UploadQuotas;
  nowMs: () => number;
  /** One more thing to write down in the transaction that makes content received. */
  onReceived?: (q: Queryable, received: { depositId: string; fileIndex: number; at: Date }) => Promise<void>;
  /** Told of failures that nobody waits for. */
  onTrouble: (error: unknown) => void;
}

/** Why the bytes of an upload were dropped. */
export type Refusal =
  /** Their digests are not the declared ones. */
  | 'content-differs'
  /** What was stored of them could not be read again. */
  | 'stored-parts-lost'
  /** The entry that says what they should be was erased meanwhile. */
  | 'deposit-erased';

/** `checking`: all bytes are there and are being read again, here or by another server. */
export interface UploadOutcome {
  uploadId: string;
  depositId: string;
  fileIndex: number;
  state: UploadRow['state'] | 'checking';
  refusal: string | null;
}

const AT_A_TIME = 100;
const NAMES_AT_A_TIME = 500;

/**
 * Content that follows the digests of a deposit, from its first byte to the leaf that says it is here. The deposit's record never changes.
 *
 * An upload ends in one transaction: the file's key, the record of the receipt, its leaf and the upload's state are there together or not
 * at all. Whatever a crash leaves before it, `finish` begins anew; objects that it leaves are written down, and removed.
 */
export class Uploads {
  readonly #parts: UploadsParts;
  readonly #finishing = new Map<string, Promise<UploadOutcome>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: UploadsParts) {
    this.#parts = parts;
  }

  /** Continues what a stop or crash left, now and every so often: finishes, expires, and removes objects that nothing needs. */
  start(intervalMs: number): void {
    const round = () => {
      this.#round = this.#round.then(() => this.keep()).catch(this.#parts.onTrouble);
    };
    this.#timer = setInterval(round, intervalMs);
    this.#timer.unref();
    round();
  }

  /** Waits for what is being finished. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#round;
    await Promise.allSettled(this.#finishing.values());
  }

  /**
   * The entry of a file whose content may follow.
   * @throws DepositError `deposit-not-found` also where it is another account's; ResumableError `content-held`, `invalid-upload-metadata`
   */
  async declaredFile(accountId: string, { depositId, fileIndex }: UploadTarget): Promise<FileEntry> {
    const seen = this.#seenBy(accountId);
    const deposit = await selectDeposit(seen, depositId);
    if (deposit === undefined || deposit.accountId !== accountId) {
      throw new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
    }
    const entry = await this.#entry(seen, depositId, fileIndex);
    if (entry === undefined) {
      throw new ResumableError('invalid-upload-metadata', `deposit ${depositId} has no file ${fileIndex}`);
    }
    if (await this.#isHeld(seen, depositId, fileIndex)) throw contentHeld(depositId, fileIndex);
    return entry;
  }

  /** Those of the account that lack bytes, the one first that ends first. */
  openOf(accountId: string, limit: number): Promise<UploadRow[]> {
    return selectOpenUploadsOfAccount(this.#seenBy(accountId), accountId, limit);
  }

  /** @throws ResumableError `upload-not-found` also where it is another account's */
  async ofAccount(accountId: string, uploadId: string): Promise<UploadRow> {
    const row = await selectUpload(this.#seenBy(accountId), uploadId);
    if (row === undefined || row.accountId !== accountId) {
      throw new ResumableError('upload-not-found', `you have no upload ${uploadId} here`);
    }
    return row;
  }

  /**
   * Opens an upload, or gives the one that is open for this file.
   * @throws ResumableError `upload-size-differs`, `content-held`, `too-many-open-uploads`, `open-uploads-too-large`;
   *   IntakeError `file-too-large`; DepositError
   */
  async create(wanted: UploadTarget & { uploadId: string; sizeBytes: bigint }): Promise<UploadRow> {
    const { db, quotas, nowMs } = this.#parts;
    const { uploadId, depositId, fileIndex, sizeBytes } = wanted;
    return db.transaction(async (client) => {
      const deposit = await selectDeposit(client, depositId);
      if (deposit === undefined) throw new DepositError('deposit-not-found', `there is no deposit ${depositId}`);
      const { accountId } = deposit;
      // From here on of two requests for one file, or of one account, the second sees what the first one did.
      const open = await lockOpenUploadsOfAccount(client, accountId);
      const entry = await this.#entry(client, depositId, fileIndex);
      if (entry === undefined || (await this.#isHeld(client, depositId, fileIndex))) {
        throw contentHeld(depositId, fileIndex);
      }
      if (BigInt(entry.sizeBytes) !== sizeBytes) {
        throw new ResumableError(
          'upload-size-differs',
          `Upload-Length ${sizeBytes}: file ${fileIndex} of the deposit has ${entry.sizeBytes} bytes`,
        );
      }
      const already = await selectOpenUploadOfFile(client, depositId, fileIndex);
      if (already !== undefined) return already;
      if (sizeBytes > BigInt(quotas.maxFileBytes)) {
        throw new IntakeError('file-too-large', `${sizeBytes} bytes, at most ${quotas.maxFileBytes} in one file`);
      }
      if (open.count >= BigInt(quotas.maxOpenUploads)) {
        throw new ResumableError(
          'too-many-open-uploads',
          `${open.count} uploads are open, at most ${quotas.maxOpenUploads}`,
        );
      }
      if (open.sizeBytes + sizeBytes > BigInt(quotas.maxOpenBytes)) {
        throw new ResumableError(
          'open-uploads-too-large',
          `open uploads would have ${open.sizeBytes + sizeBytes} bytes together, at most ${quotas.maxOpenBytes}`,
        );
      }
      const createdAt = new Date(nowMs());
      const expiresAt = new Date(nowMs() + quotas.expiryMs);
      await insertUpload(client, { uploadId, depositId, fileIndex, accountId, sizeBytes, createdAt, expiresAt });
      return (await selectUpload(client, uploadId)) as UploadRow;
    });
  }

  /** The depositor wants it no more: its bytes are removed. Nothing happens if it has ended. */
  async terminate(uploadId: string): Promise<void> {
    await this.#end(uploadId, 'terminated', null);
  }

  /**
   * Reads all bytes of an upload again, and makes them the deposit's if they are what it declares; else drops them. To be called as often
   * as one likes: an end is an end, and one that is being reached is waited for.
   * @throws ResumableError `upload-not-found`, `upload-incomplete`; StorageError, DatabaseError: try again
   */
  finish(uploadId: string): Promise<UploadOutcome> {
    let work = this.#finishing.get(uploadId);
    if (work === undefined) {
      work = this.#finish(uploadId).finally(() => this.#finishing.delete(uploadId));
      this.#finishing.set(uploadId, work);
    }
    return work;
  }

  /** What `finish` comes to, or `checking` if that takes longer. */
  async outcome(uploadId: string, waitMs: number): Promise<UploadOutcome> {
    const work = this.finish(uploadId);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), waitMs);
    });
    try {
      const outcome = await Promise.race([work, late]);
      if (outcome !== undefined) return outcome;
      work.catch(this.#parts.onTrouble);
      const row = (await selectUpload(this.#parts.db.pool, uploadId)) as UploadRow;
      return row.state === 'open' ? { ...outcomeOf(row), state: 'checking' } : outcomeOf(row);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One round of what `start` does. */
  async keep(): Promise<void> {
    const { db, parts, nowMs, onTrouble } = this.#parts;
    for (const uploadId of await selectCompleteUploads(db.pool, AT_A_TIME)) {
      if (this.#isStopped) return;
      await this.finish(uploadId).catch(onTrouble);
    }
    for (const uploadId of await selectExpiredUploads(db.pool, new Date(nowMs()), AT_A_TIME)) {
      await this.#end(uploadId, 'expired', null).catch(onTrouble);
    }
    for (const uploadId of await selectEndedUploadsWithObjects(db.pool, AT_A_TIME)) {
      await parts.removeAll(uploadId).catch(onTrouble);
    }
  }

  /**
   * Removes objects of uploads that no row knows: a server that was cut off from the database may have stored one that another had given
   * up. For the start: it lists the store.
   * @returns how many were removed
   */
  async removeUnknown(): Promise<number> {
    const { db, vault } = this.#parts;
    let removed = 0;
    let names: string[] = [];
    const flush = async () => {
      const known = await selectKnownUploadObjects(db.pool, names);
      for (const name of names) {
        if (known.has(name)) continue;
        await vault.store.delete(name);
        removed++;
      }
      names = [];
    };
    for await (const name of vault.store.list('upload/')) {
      names.push(name);
      if (names.length === NAMES_AT_A_TIME) await flush();
    }
    await flush();
    return removed;
  }

  async #finish(uploadId: string): Promise<UploadOutcome> {
    const { db } = this.#parts;
    const before = await selectUpload(db.pool, uploadId);
    if (before === undefined) throw new ResumableError('upload-not-found', `there is no upload ${uploadId}`);
    if (before.state !== 'open') return outcomeOf(before);
    if (before.offsetBytes < before.sizeBytes) {
      throw new ResumableError(
        'upload-incomplete',
        `${before.offsetBytes} of ${before.sizeBytes} bytes of upload ${uploadId} are here`,
      );
    }
    const after = await withAdvisoryLock(db, `upload ${uploadId}`, () => this.#check(uploadId));
    return after ?? { ...outcomeOf(before), state: 'checking' };
  }

  async #check(uploadId: string): Promise<UploadOutcome> {
    const { db, parts } = this.#parts;
    const upload = (await selectUpload(db.pool, uploadId)) as UploadRow;
    if (upload.state !== 'open') return outcomeOf(upload);
    // What an earlier attempt left.
    await parts.remove(await selectUnfinishedUploadObjects(db.pool, uploadId));
    const entry = await this.#entry(db.pool, upload.depositId, upload.fileIndex);
    if (entry === undefined) return this.#end(uploadId, 'refused', 'deposit-erased');
    try {
      const whole = await this.#putWhole(upload);
      if (!isAsDeclared(entry, whole)) return await this.#end(uploadId, 'refused', 'content-differs');
      return await this.#receive(upload, entry, whole);
    } catch (error) {
      if (!isLost(error)) throw error;
      this.#parts.onTrouble(error);
      return this.#end(uploadId, 'refused', 'stored-parts-lost');
    }
  }

  /** One object like every other original, and the digests of what the store gave back. Memory is constant in its size. */
  async #putWhole({ uploadId, depositId, fileIndex }: UploadRow): Promise<WholeFile> {
    const { db, vault, parts, digests } = this.#parts;
    // A name of its own for each attempt, so that none ever meets what another one has put.
    const objectName = `${originalObjectName(depositId, fileIndex)}-${randomBytes(8).toString('hex')}`;
    const sealer = await ObjectSealer.open(vault.keys, objectName);
    const { wrappedKey } = sealer;
    await insertUploadObject(db.pool, { objectName, uploadId, startBytes: null, wrappedKey });
    const head = new Head();
    const digest = digests.open();
    const plaintext = parts.read(await selectUploadParts(db.pool, uploadId));
    async function* sealed() {
      for await (const chunk of plaintext) {
        head.add(chunk);
        await digest.update(chunk);
        yield* sealer.update(chunk);
      }
      yield* sealer.end();
    }
    try {
      await vault.store.put(objectName, sealed());
      const digested = await digest.finish();
      const mediaType = await detectMediaType(head.bytes(), head.sizeBytes <= MEDIA_TYPE_HEAD_BYTES);
      return { objectName, wrappedKey, mediaType, sizeBytes: head.sizeBytes, ...digested };
    } finally {
      digest.abort();
    }
  }

  async #receive(upload: UploadRow, entry: FileEntry, whole: WholeFile): Promise<UploadOutcome> {
    const { db, parts, nowMs, onReceived } = this.#parts;
    const { uploadId, depositId, fileIndex } = upload;
    const at = new Date(nowMs());
    const record: ContentReceived = {
      type: 'tiezheng/content-received/v1',
      entry: encodeHex(commit(entry)),
      digests: { sha256: whole.sha256, sm3: whole.sm3 },
      at: utcTimeOf(at.getTime()),
      salt: randomBytes(32).toString('hex'),
    };
    const isReceived = await db.transaction(async (client) => {
      if (!(await updateUploadEnded(client, uploadId, 'received', null, at))) return false;
      await insertObjectKeys(client, [
        {
          depositId,
          fileIndex,
          role: 'original',
          object: { kind: 'stored', name: whole.objectName },
          wrappedKey: whole.wrappedKey,
          sizeBytes: BigInt(whole.sizeBytes),
          mediaType: whole.mediaType,
          sha256: parseHex(whole.sha256),
          sm3: parseHex(whole.sm3),
        },
      ]);
      // It is the deposit's from now on; the parts go.
      await deleteUploadObjects(client, [whole.objectName]);
      const submissionId = await insertSubmission(client, plainLeafData(record));
      const body = encodeJson(record as unknown as JsonValue);
      await insertContentReceived(client, { depositId, fileIndex, submissionId, body, at });
      await onReceived?.(client, { depositId, fileIndex, at });
      return true;
    });
    if (isReceived) await notifyLog(db.pool, 'submission');
    await parts.removeAll(uploadId).catch(this.#parts.onTrouble);
    return outcomeOf((await selectUpload(db.pool, uploadId)) as UploadRow);
  }

  /** State first, then the objects: what a crash leaves in between is found by its state. */
  async #end(
    uploadId: string,
    state: 'refused' | 'expired' | 'terminated',
    refusal: Refusal | null,
  ): Promise<UploadOutcome> {
    const { db, parts, nowMs, onTrouble } = this.#parts;
    if (await updateUploadEnded(db.pool, uploadId, state, refusal, new Date(nowMs()))) {
      await parts.removeAll(uploadId).catch(onTrouble);
    }
    return outcomeOf((await selectUpload(db.pool, uploadId)) as UploadRow);
  }

  #seenBy(accountId: string): Queryable {
    const { db, nowMs } = this.#parts;
    return fenced(db, { accountId, at: new Date(nowMs()) });
  }

  async #entry(q: Queryable, depositId: string, fileIndex: number): Promise<FileEntry | undefined> {
    const row = (await selectFileEntries(q, depositId)).find((each) => each.fileIndex === fileIndex);
    return row && parseFileEntry(row.body);
  }

  async #isHeld(q: Queryable, depositId: string, fileIndex: number): Promise<boolean> {
    const keys = await selectObjectKeysOfDeposit(q, depositId);
    return keys.some((key) => key.role === 'original' && key.fileIndex === fileIndex);
  }
}

interface WholeFile extends ContentDigests {
  objectName: string;
  wrappedKey: Uint8Array;
  mediaType: string;
  sizeBytes: number;
}

/** The first bytes of a stream, and how many there were in all. */
class Head {
  sizeBytes = 0;
  readonly #chunks: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    if (this.sizeBytes < MEDIA_TYPE_HEAD_BYTES)
      this.#chunks.push(Uint8Array.from(chunk.subarray(0, MEDIA_TYPE_HEAD_BYTES)));
    this.sizeBytes += chunk.length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks).subarray(0, MEDIA_TYPE_HEAD_BYTES);
  }
}

function isAsDeclared({ sizeBytes, digests }: FileEntry, whole: WholeFile): boolean {
  return (
    whole.sizeBytes === sizeBytes &&
    whole.sha256 === digests.sha256 &&
    (digests.sm3 === null || whole.sm3 === digests.sm3)
  );
}

/** Nothing that another attempt could mend. */
function isLost(error: unknown): boolean {
  return (
    error instanceof StorageError &&
    ['object-not-found', 'object-corrupt', 'wrong-key', 'invalid-wrapped-key'].includes(error.code)
  );
}

function outcomeOf({ uploadId, depositId, fileIndex, state, refusal }: UploadRow): UploadOutcome {
  return { uploadId, depositId, fileIndex, state, refusal };
}

function contentHeld(depositId: string, fileIndex: number): ResumableError {
  return new ResumableError(
    'content-held',
    `the content of file ${fileIndex} of deposit ${depositId} is here, or was erased`,
  );
}
