import { Readable } from 'node:stream';
import { openBytes, openObject } from './encrypted-object.ts';
import type { MasterKeyRing } from './master-key.ts';
import type { ByteRange, ObjectStore } from './object-store.ts';
import { StorageError } from './storage-error.ts';

/** Name under which the n-th file of a deposit is encrypted, and stored if it is not inline. Never derived from content. */
export function originalObjectName(depositId: string, n: number): string {
  return `deposit/${depositId}/${n}`;
}

/** The preview made of that file. */
export function previewObjectName(depositId: string, n: number): string {
  return `deposit/${depositId}/${n}-preview`;
}

/** One stored file: small ciphertexts are kept in the database, the others in the object store. */
export interface StoredContent {
  object: { kind: 'inline'; ciphertext: Uint8Array } | { kind: 'stored'; name: string };
  /** The data key, wrapped by a master key. */
  wrappedKey: Uint8Array;
}

/** Where ciphertexts lie and what opens them. */
export interface ContentVault {
  store: ObjectStore;
  keys: MasterKeyRing;
}

/**
 * Plaintext of a stored file, or of a range of it; every byte that comes out was authenticated.
 * `objectName`: the name it was sealed under.
 * @throws StorageError `object-not-found` if the row is there and the object is not; as `openObject`
 */
export async function openStored(
  { store, keys }: ContentVault,
  { object, wrappedKey }: StoredContent,
  objectName: string,
  range: ByteRange,
): Promise<Readable> {
  if (object.kind === 'inline') {
    const plaintext = await openBytes(keys, objectName, wrappedKey, object.ciphertext);
    return Readable.from([plaintext.subarray(range.start, range.end)], { objectMode: false });
  }
  const opened = await openObject(store, keys, object.name, wrappedKey, range);
  if (opened === undefined) throw new StorageError('object-not-found', `${object.name} is not in the object store`);
  return opened.content;
}
