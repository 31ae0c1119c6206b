import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type CheckpointRegister, LARGEST_REGISTER_BYTES, type RegisterValue } from './checkpoint-register.ts';
import { checkObjectName } from './object-store.ts';
import { asStorageError, StorageError } from './storage-error.ts';

export interface S3RegisterOptions {
  bucket: string;
  /** Name of the register's object. */
  key: string;
}

/**
 * The register as one object, replaced with `If-Match`. Use a bucket without versioning and object lock, unless `probe` passes
 * there: some stores let every conditional write win in such a bucket.
 */
export class S3CheckpointRegister implements CheckpointRegister {
  readonly #client: S3Client;
  readonly #options: S3RegisterOptions;

  /** The client stays the caller's, who destroys it. */
  constructor(client: S3Client, options: S3RegisterOptions) {
    checkObjectName(options.key);
    this.#client = client;
    this.#options = options;
  }

  async read(): Promise<RegisterValue | undefined> {
    return this.#read(this.#options.key);
  }

  async compareAndSwap(expectedVersion: string | undefined, bytes: Uint8Array): Promise<{ version: string }> {
    return this.#swap(this.#options.key, expectedVersion, bytes);
  }

  /**
   * Tries on objects beside the register whether this store keeps the promise, with stale and with racing writers. Run it
   * before the first signature of a process. Leaves one small object.
   * @throws StorageError `register-unsafe` if it does not.
   */
  async probe(): Promise<void> {
    const key = `${this.#options.key}-probe`;
    const first = await this.#read(key);
    let version = first?.version;
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, () => this.#swap(key, version, Buffer.from(crypto.randomUUID()))),
      );
      const winners = results.filter((result) => result.status === 'fulfilled');
      const stored = await this.#read(key);
      if (winners.length !== 1 || stored?.version !== winners[0]?.value.version) {
        throw this.#unsafe(`${winners.length} of 8 racing writers were told that they had won`);
      }
      const stale = await this.#swap(key, version, Buffer.from(crypto.randomUUID())).then(
        () => true,
        (error: unknown) => {
          if ((error as StorageError).code !== 'register-conflict') throw error;
          return false;
        },
      );
      if (stale) throw this.#unsafe('a writer with a stale version was told that it had won');
      version = stored?.version;
    }
  }

  #unsafe(why: string): StorageError {
    return new StorageError(
      'register-unsafe',
      `the bucket ${this.#options.bucket} does not hold to conditional writes: ${why}`,
    );
  }

  async #read(key: string): Promise<RegisterValue | undefined> {
    try {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#options.bucket, Key: key }));
      if (answer.ETag === undefined || answer.Body === undefined) {
        throw new StorageError('storage-failed', `the store gave no ETag for ${key}`);
      }
      return { version: answer.ETag, bytes: await answer.Body.transformToByteArray() };
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return undefined;
      throw asStorageError(error, 'read the checkpoint register');
    }
  }

  async #swap(key: string, expectedVersion: string | undefined, bytes: Uint8Array): Promise<{ version: string }> {
    if (bytes.length > LARGEST_REGISTER_BYTES) {
      throw new StorageError(
        'storage-failed',
        `${bytes.length} bytes for the register, at most ${LARGEST_REGISTER_BYTES}`,
      );
    }
    const condition = expectedVersion === undefined ? { IfNoneMatch: '*' } : { IfMatch: expectedVersion };
    try {
      const target = { Bucket: this.#options.bucket, Key: key };
      const answer = await this.#client.send(new PutObjectCommand({ ...target, ...condition, Body: bytes }));
      if (answer.ETag === undefined) throw new StorageError('storage-failed', `the store gave no ETag for ${key}`);
      return { version: answer.ETag };
    } catch (error) {
      const status = statusOf(error);
      if (status !== 412 && status !== 409 && status !== 404)
        throw asStorageError(error, 'write the checkpoint register');
      return this.#afterConflict(key, expectedVersion, bytes);
    }
  }

  /** The client repeats a write whose answer was lost, and is then refused because of its own success. */
  async #afterConflict(
    key: string,
    expectedVersion: string | undefined,
    bytes: Uint8Array,
  ): Promise<{ version: string }> {
    const found = await this.#read(key);
    if (found !== undefined && Buffer.from(found.bytes).equals(bytes)) return { version: found.version };
    throw new StorageError(
      'register-conflict',
      `the register is at version ${found?.version ?? 'none'}, not at ${expectedVersion ?? 'none'} as expected`,
    );
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
}
