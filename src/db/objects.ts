import type { Queryable } from './pool.ts';

/** Where the ciphertext of a file is. */
export type ObjectPlace = { kind: 'inline'; ciphertext: Uint8Array } | { kind: 'stored'; name: string };

export interface ObjectKey {
  depositId: string;
  fileIndex: number;
  role: 'original' | 'preview';
  object: ObjectPlace;
  wrappedKey: Uint8Array;
  /** Of the plaintext. */
  sizeBytes: bigint;
  mediaType: string;
  /** Of the plaintext, 32 bytes each. */
  sha256: Uint8Array;
  sm3: Uint8Array;
}

interface ObjectKeyRow extends Omit<ObjectKey, 'object'> {
  objectName: string | null;
  ciphertext: Buffer | null;
}

const COLUMNS = `deposit_id as "depositId", file_index as "fileIndex", role, object_name as "objectName", ciphertext,
  wrapped_key as "wrappedKey", size_bytes as "sizeBytes", media_type as "mediaType", sha256, sm3`;

export async function insertObjectKeys(q: Queryable, keys: readonly ObjectKey[]): Promise<void> {
  await q.query(
    `insert into object_key
       (deposit_id, file_index, role, object_name, ciphertext, wrapped_key, size_bytes, media_type, sha256, sm3)
     select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bigint[],
       $8::text[], $9::bytea[], $10::bytea[])`,
    [
      keys.map((k) => k.depositId),
      keys.map((k) => k.fileIndex),
      keys.map((k) => k.role),
      keys.map((k) => (k.object.kind === 'stored' ? k.object.name : null)),
      keys.map((k) => (k.object.kind === 'inline' ? k.object.ciphertext : null)),
      keys.map((k) => k.wrappedKey),
      keys.map((k) => k.sizeBytes),
      keys.map((k) => k.mediaType),
      keys.map((k) => k.sha256),
      keys.map((k) => k.sm3),
    ],
  );
}

/** Undefined if there never was one or its content was erased. */
export async function selectObjectKey(
  q: Queryable,
  depositId: string,
  fileIndex: number,
  role: ObjectKey['role'],
): Promise<ObjectKey | undefined> {
  const { rows } = await q.query<ObjectKeyRow>(
    `select ${COLUMNS} from object_key where deposit_id = $1 and file_index = $2 and role = $3`,
    [depositId, fileIndex, role],
  );
  return rows[0] && asObjectKey(rows[0]);
}

/** Without inline ciphertexts, which come as empty. Ordered by file, originals first. */
export async function selectObjectKeysOfDeposit(q: Queryable, depositId: string): Promise<ObjectKey[]> {
  const { rows } = await q.query<ObjectKeyRow>(
    `select ${COLUMNS.replace(' ciphertext,', " case when object_name is null then ''::bytea end as ciphertext,")}
     from object_key where deposit_id = $1 order by file_index, role`,
    [depositId],
  );
  return rows.map(asObjectKey);
}

/** Of the given names, those that a row refers to. For removing objects that none does. */
export async function selectReferencedObjectNames(q: Queryable, names: readonly string[]): Promise<Set<string>> {
  const { rows } = await q.query<{ name: string }>(
    'select object_name as name from object_key where object_name = any($1::text[])',
    [names],
  );
  return new Set(rows.map((row) => row.name));
}

function asObjectKey({ objectName, ciphertext, ...rest }: ObjectKeyRow): ObjectKey {
  const object: ObjectPlace =
    objectName === null
      ? { kind: 'inline', ciphertext: ciphertext ?? new Uint8Array(0) }
      : { kind: 'stored', name: objectName };
  return { ...rest, object };
}
