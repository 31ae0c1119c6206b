import { CodedError } from '../../errors.ts';
import { openReadersTrust } from '../verify/verification.ts';

/** The trust policy of an office, chosen once and kept in this browser. */
export interface OfficePolicy {
  /** The policy, and beside it the X.509 certificates of whom the office lets sign it. */
  files: File[];
  /** SHA-256 of the policy's canonical bytes, as reports name it. */
  digest: string;
  evaluation: boolean;
  /** UTC. */
  chosenAt: string;
}

interface Kept {
  files: { name: string; bytes: ArrayBuffer }[];
  chosenAt: string;
}

const STORE = 'policy';

/**
 * The one that was kept for the account; undefined if none was, or if the browser keeps nothing.
 * @throws CodedError if it can be used no more
 */
export async function keptPolicy(accountId: string): Promise<OfficePolicy | undefined> {
  const kept = await inStore<Kept | undefined>('readonly', (store) => store.get(accountId)).catch(() => undefined);
  if (kept === undefined) return undefined;
  return openOfficePolicy(
    kept.files.map(({ name, bytes }) => new File([bytes], name)),
    kept.chosenAt,
  );
}

/** Keeps it for the next time; where the browser keeps nothing it holds until the page is closed. @throws CodedError if it is unusable */
export async function choosePolicy(accountId: string, files: readonly File[]): Promise<OfficePolicy> {
  const chosenAt = new Date().toISOString();
  const policy = await openOfficePolicy(files, chosenAt);
  const kept: Kept = {
    files: await Promise.all(files.map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() }))),
    chosenAt,
  };
  await inStore('readwrite', (store) => store.put(kept, accountId)).catch(() => {});
  return policy;
}

export async function forgetPolicy(accountId: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(accountId)).catch(() => {});
}

async function openOfficePolicy(files: readonly File[], chosenAt: string): Promise<OfficePolicy> {
  const trust = await openReadersTrust(files, []);
  if (trust.policy === undefined || trust.digest === null) {
    throw new CodedError('no-policy-among-the-files', 'none of the files is a tiezheng/policy/v1 or a signed one');
  }
  return { files: [...files], digest: trust.digest, evaluation: trust.policy.evaluation, chosenAt };
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('tiezheng-desk', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
