import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectLockMode,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
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
import { asStorageError, StorageError } from './storage-error.ts';

/** 10,000 parts are the most S3 takes, so the largest object has 78 GiB. A put holds at most two parts. */
const PART_BYTES = 8 * 1024 * 1024;

export interface S3Options {
  bucket: string;
  /** Before every object's name: empty, or ends with `/`. */
  prefix?: string;
  /**
   * Object lock for everything put. It needs a bucket made for it. `GOVERNANCE` lets `delete` through (the credentials need
   * s3:BypassGovernanceRetention); `COMPLIANCE` lets nobody, so a broken upload's earlier files stay, unreadable, until then.
   */
  retention?: { mode: ObjectLockMode; days: number; nowMs: () => number };
}

/** Objects in a bucket of any S3-compatible store that honours `If-None-Match: *` on PutObject and CompleteMultipartUpload. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #options: S3Options;

  /** The client stays the caller's, who destroys it. */
  constructor(client: S3Client, options: S3Options) {
    checkObjectPrefix(options.prefix ?? '');
    this.#client = client;
    this.#options = options;
  }

  async put(name: string, content: ObjectContent): Promise<ObjectHead> {
    const target = this.#target(name);
    const source = new PartSource(content);
    try {
      const first = await source.nextPart();
      const taken = source.isAtEnd ? await this.#putWhole(target, first) : await this.#putParts(target, first, source);
      if (taken && !(await this.#holds(name, source))) {
        throw new StorageError('object-differs', `${name} is stored with other bytes`);
      }
      return { sizeBytes: source.sizeBytes };
    } catch (error) {
      source.close();
      if (source.failure !== undefined && source.failure.error === error) throw error;
      throw asStorageError(error, `store ${name}`);
    }
  }

  async get(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const target = this.#target(name);
    if (range !== undefined && (range.start >= range.end || !(range.start >= 0))) return this.#getNothing(name, range);
    try {
      const Range = range && `bytes=${range.start}-${range.end - 1}`;
      const answer = await this.#client.send(new GetObjectCommand({ ...target, ...(Range && { Range }) }));
      const content = answer.Body as Readable;
      const sizeBytes = sizeOf(answer);
      try {
        // S3 shortens a range that runs beyond the end instead of refusing it.
        if (range !== undefined) checkRange(range, sizeBytes);
      } catch (error) {
        content.destroy();
        throw error;
      }
      return { sizeBytes, content: withStorageErrors(content, name) };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (statusOf(error) === 416 && range !== undefined) return this.#getNothing(name, range);
      throw asStorageError(error, `read ${name}`);
    }
  }

  async head(name: string): Promise<ObjectHead | undefined> {
    const target = this.#target(name);
    try {
      const { ContentLength } = await this.#client.send(new HeadObjectCommand(target));
      return { sizeBytes: ContentLength ?? 0 };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw asStorageError(error, `look for ${name}`);
    }
  }

  async delete(name: string): Promise<void> {
    const target = this.#target(name);
    try {
      // Without a version id a versioned bucket only hides the object. Erasure means every version, markers too.
      for await (const VersionId of this.#versionsOf(target.Key)) {
        const bypass = this.#options.retention?.mode === 'GOVERNANCE' && { BypassGovernanceRetention: true };
        await this.#client.send(new DeleteObjectCommand({ ...target, ...(VersionId && { VersionId }), ...bypass }));
      }
    } catch (error) {
      if (isAbsent(error)) return;
      const isRetained = statusOf(error) === 403 && (await this.head(name).catch(() => undefined)) !== undefined;
      if (isRetained) throw new StorageError('object-retained', `${name} may not be deleted yet`, { cause: error });
      throw asStorageError(error, `delete ${name}`);
    }
  }

  async *list(prefix: string): AsyncGenerator<string> {
    checkObjectPrefix(prefix);
    const root = this.#options.prefix ?? '';
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#client
        .send(
          new ListObjectsV2Command({
            Bucket: this.#options.bucket,
            Prefix: root + prefix,
            ...(ContinuationToken && { ContinuationToken }),
          }),
        )
        .catch((error: unknown) => {
          throw asStorageError(error, `list ${prefix}`);
        });
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(root.length);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  #target(name: string): { Bucket: string; Key: string } {
    checkObjectName(name);
    return { Bucket: this.#options.bucket, Key: (this.#options.prefix ?? '') + name };
  }

  /** An empty range cannot be asked of S3; an impossible one need not be. */
  async #getNothing(name: string, range: ByteRange): Promise<StoredObject | undefined> {
    const head = await this.head(name);
    if (head === undefined) return undefined;
    checkRange(range, head.sizeBytes);
    return { ...head, content: Readable.from([]) };
  }

  /** True if the name is taken. */
  async #putWhole(target: { Bucket: string; Key: string }, bytes: Buffer): Promise<boolean> {
    try {
      const condition = { IfNoneMatch: '*', ...this.#retention() };
      await this.#client.send(
        new PutObjectCommand({ ...target, ...condition, Body: bytes, ContentLength: bytes.length }),
      );
      return false;
    } catch (error) {
      if (isTaken(error)) return true;
      throw error;
    }
  }

  /** True if the name is taken. A crash within leaves parts under no name: the bucket's lifecycle rule lets them expire. */
  async #putParts(target: { Bucket: string; Key: string }, first: Buffer, source: PartSource): Promise<boolean> {
    // Said here, because the parts will carry it: a store that was told nothing refuses them or forgets their sums.
    const carriesSums = (await this.#client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const checksum = carriesSums && { ChecksumAlgorithm: 'CRC32' as const };
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({ ...target, ...checksum, ...this.#retention() }),
    );
    const upload = { ...target, UploadId };
    try {
      const parts: CompletedPart[] = [];
      let part = first;
      for (let PartNumber = 1; ; PartNumber++) {
        // One part travels while the next is filled.
        const travelling = this.#client.send(new UploadPartCommand({ ...upload, PartNumber, Body: part }));
        travelling.catch(() => {});
        const next = source.isAtEnd ? undefined : await source.nextPart();
        parts.push({ PartNumber, ...etagAndChecksum(await travelling) });
        if (next === undefined || (next.length === 0 && source.isAtEnd)) break;
        part = next;
      }
      const complete = { ...upload, MultipartUpload: { Parts: parts }, IfNoneMatch: '*' };
      await this.#client.send(new CompleteMultipartUploadCommand(complete));
      return false;
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
      if (isTaken(error)) return true;
      throw error;
    }
  }

  async #holds(name: string, source: PartSource): Promise<boolean> {
    const stored = await this.get(name);
    if (stored === undefined) throw new StorageError('storage-failed', `${name} was removed while it was stored`);
    if (stored.sizeBytes !== source.sizeBytes) {
      stored.content.destroy();
      return false;
    }
    const hash = createHash('sha256');
    for await (const chunk of stored.content) hash.update(chunk);
    return hash.digest().equals(source.sha256());
  }

  #retention() {
    const { retention } = this.#options;
    if (retention === undefined) return {};
    const until = new Date(retention.nowMs() + retention.days * 24 * 3600 * 1000);
    return { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: until };
  }

  /** Version ids of a key, newest first; a single undefined where the bucket has no versions. */
  async *#versionsOf(key: string): AsyncGenerator<string | undefined> {
    const head = await this.#client
      .send(new HeadObjectCommand({ Bucket: this.#options.bucket, Key: key }))
      .catch((error: unknown) => {
        // Hidden by a delete marker or absent: versions may be there all the same.
        if (!isAbsent(error)) throw error;
      });
    if (head !== undefined && head.VersionId === undefined) {
      yield undefined;
      return;
    }
    let marker = {};
    for (;;) {
      const page = await this.#client
        .send(new ListObjectVersionsCommand({ Bucket: this.#options.bucket, Prefix: key, ...marker }))
        .catch((error: unknown) => {
          // Stores without versioning need not know this call.
          if (head === undefined && [400, 404, 405, 501].includes(statusOf(error) ?? 0)) return undefined;
          throw error;
        });
      for (const { Key, VersionId } of [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])]) {
        if (Key === key && VersionId !== undefined) yield VersionId;
      }
      if (page?.IsTruncated !== true) return;
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
  }
}

/** Cuts content into parts and remembers enough of it to recognise it in the store. */
class PartSource {
  sizeBytes = 0;
  isAtEnd = false;
  /** What the content itself threw. */
  failure: { error: unknown } | undefined;
  readonly #chunks: AsyncGenerator<Uint8Array, void, void>;
  readonly #hash: Hash = createHash('sha256');
  #rest: Uint8Array = new Uint8Array(0);

  constructor(content: ObjectContent) {
    this.#chunks = chunksOf(content);
  }

  /** PART_BYTES, or fewer at the end. Grows with what has come, so that a slow small upload holds little. */
  async nextPart(): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let have = 0;
    while (have < PART_BYTES) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#next();
        if (done === true) {
          this.isAtEnd = true;
          break;
        }
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, PART_BYTES - have);
      pieces.push(piece);
      this.#rest = this.#rest.subarray(piece.length);
      have += piece.length;
    }
    const part = Buffer.concat(pieces);
    this.#hash.update(part);
    this.sizeBytes += part.length;
    return part;
  }

  sha256(): Buffer {
    return this.#hash.copy().digest();
  }

  close(): void {
    this.#chunks.return().catch(() => {});
  }

  async #next(): Promise<IteratorResult<Uint8Array, void>> {
    try {
      return await this.#chunks.next();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

function etagAndChecksum(answer: { ETag?: string | undefined; ChecksumCRC32?: string | undefined }) {
  const { ETag, ChecksumCRC32 } = answer;
  return { ...(ETag !== undefined && { ETag }), ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) };
}

function sizeOf(answer: { ContentRange?: string | undefined; ContentLength?: number | undefined }): number {
  const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
  return total === undefined ? (answer.ContentLength ?? 0) : Number(total);
}

function withStorageErrors(body: Readable, name: string): Readable {
  const content = Readable.from(
    (async function* read() {
      try {
        yield* body;
      } catch (error) {
        throw asStorageError(error, `read ${name}`);
      }
    })(),
    { objectMode: false },
  );
  content.once('close', () => body.destroy());
  return content;
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
}

function isAbsent(error: unknown): boolean {
  const { name } = error as { name?: unknown };
  // A missing bucket is a mistake of configuration, not an absent object.
  return statusOf(error) === 404 && name !== 'NoSuchBucket' && name !== 'NoSuchUpload';
}

/** 412: the name was taken before. 409: another writer of the same name was faster by a moment. */
function isTaken(error: unknown): boolean {
  return statusOf(error) === 412 || statusOf(error) === 409;
}
