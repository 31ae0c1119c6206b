import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StorageError } from './storage-error.ts';

/**
 * Wraps the data keys of encrypted objects. A local key today; a key management service fits behind the same two calls, with
 * the object name as its encryption context.
 */
export interface MasterKey {
  /** 1 to 64 of `a-z 0-9 . _ -`. Written into every wrapped key, so it never names another key later. */
  readonly id: string;
  /** @returns what `unwrap` takes; opaque, at most 1,024 bytes. */
  wrap(dataKey: Uint8Array, objectName: string): Promise<Uint8Array>;
  /** @throws StorageError `wrong-key` if this key did not wrap it for this very object name. */
  unwrap(wrapped: Uint8Array, objectName: string): Promise<Uint8Array>;
}

export const MASTER_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[a-z0-9._-]{1,64}$/;

/** A master key held in this process: AES-256-GCM, layout in docs/formats/encrypted-object.md. */
export class LocalMasterKey implements MasterKey {
  readonly id: string;
  readonly #key: Uint8Array;

  /** @throws StorageError `invalid-master-key` if the id is outside its rule or the key is not 32 bytes. */
  constructor(id: string, key: Uint8Array) {
    if (!KEY_ID.test(id)) {
      throw new StorageError('invalid-master-key', `master key id ${JSON.stringify(id)}: 1 to 64 of a-z 0-9 . _ -`);
    }
    if (key.length !== MASTER_KEY_BYTES) {
      throw new StorageError('invalid-master-key', `master key ${id} has ${key.length} bytes, not ${MASTER_KEY_BYTES}`);
    }
    this.id = id;
    this.#key = Uint8Array.from(key);
  }

  async wrap(dataKey: Uint8Array, objectName: string): Promise<Uint8Array> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(this.#associatedData(objectName));
    return new Uint8Array(Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]));
  }

  async unwrap(wrapped: Uint8Array, objectName: string): Promise<Uint8Array> {
    const length = wrapped.length - NONCE_BYTES - TAG_BYTES;
    if (length < 0)
      throw new StorageError('invalid-wrapped-key', `a wrapped key of ${wrapped.length} bytes is too short`);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, wrapped.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(this.#associatedData(objectName));
    decipher.setAuthTag(wrapped.subarray(NONCE_BYTES + length));
    try {
      const sealed = wrapped.subarray(NONCE_BYTES, NONCE_BYTES + length);
      return new Uint8Array(Buffer.concat([decipher.update(sealed), decipher.final()]));
    } catch (cause) {
      throw new StorageError('wrong-key', `master key ${this.id} did not wrap this data key for ${objectName}`, {
        cause,
      });
    }
  }

  #associatedData(objectName: string): Buffer {
    return Buffer.from(`tiezheng/wrapped-key/v1\0${this.id}\0${objectName}`);
  }
}

/** The key that wraps now, and the earlier ones whose objects are still read. */
export class MasterKeyRing {
  readonly current: MasterKey;
  readonly #byId: Map<string, MasterKey>;

  /** @throws StorageError `invalid-master-key` if two keys have one id. */
  constructor(current: MasterKey, earlier: readonly MasterKey[] = []) {
    this.current = current;
    this.#byId = new Map();
    for (const key of [current, ...earlier]) {
      if (this.#byId.has(key.id)) throw new StorageError('invalid-master-key', `two master keys have the id ${key.id}`);
      this.#byId.set(key.id, key);
    }
  }

  /** @throws StorageError `unknown-master-key` */
  find(id: string): MasterKey {
    const key = this.#byId.get(id);
    if (key === undefined)
      throw new StorageError('unknown-master-key', `no master key ${JSON.stringify(id)} is configured`);
    return key;
  }
}
