import { Readable } from 'node:stream';
import type { ObjectKey } from '../db/objects.ts';
import { openBytes, openObject } from '../storage/encrypted-object.ts';
import type { MasterKeyRing } from '../storage/master-key.ts';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';
import { StorageError } from '../storage/storage-error.ts';

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
  { object, wrappedKey }: ObjectKey,
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
