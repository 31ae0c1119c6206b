import type { Queryable } from './pool.ts';

/** `open` until all of it is received and found right, or it ends otherwise. */
export type UploadState = 'open' | 'received' | 'refused' | 'expired' | 'terminated';

export interface UploadRow {
  uploadId: string;
  depositId: string;
  fileIndex: number;
  accountId: string;
  sizeBytes: bigint;
  /** So many bytes are durable. */
  offsetBytes: bigint;
  state: UploadState;
  /** Set when refused. */
  refusal: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/** A durable piece of an upload: an encrypted object of its own. */
export interface UploadPart {
  objectName: string;
  startBytes: bigint;
  sizeBytes: bigint;
  wrappedKey: Buffer;
}

const COLUMNS = `upload_id as "uploadId", deposit_id as "depositId", file_index as "fileIndex", account_id as "accountId",
  size_bytes as "sizeBytes", offset_bytes as "offsetBytes", state, refusal, created_at as "createdAt", expires_at as "expiresAt"`;

/** Rejects with pg's 23505 on `upload_one_open` if the file has an open one. */
export async function insertUpload(
  q: Queryable,
  upload: Pick<
    UploadRow,
    'uploadId' | 'depositId' | 'fileIndex' | 'accountId' | 'sizeBytes' | 'createdAt' | 'expiresAt'
  >,
): Promise<void> {
  await q.query(
    `insert into upload (upload_id, deposit_id, file_index, account_id, size_bytes, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      upload.uploadId,
      upload.depositId,
      upload.fileIndex,
      upload.accountId,
      upload.sizeBytes,
      upload.createdAt,
      upload.expiresAt,
    ],
  );
}

export async function selectUpload(q: Queryable, uploadId: string): Promise<UploadRow | undefined> {
  return (await q.query<UploadRow>(`select ${COLUMNS} from upload where upload_id = $1`, [uploadId])).rows[0];
}

/** Waits for whoever changes it; held until the transaction ends. */
export async function lockUpload(q: Queryable, uploadId: string): Promise<UploadRow | undefined> {
  return (await q.query<UploadRow>(`select ${COLUMNS} from upload where upload_id = $1 for update`, [uploadId]))
    .rows[0];
}

export async function selectOpenUploadOfFile(
  q: Queryable,
  depositId: string,
  fileIndex: number,
): Promise<UploadRow | undefined> {
  const { rows } = await q.query<UploadRow>(
    `select ${COLUMNS} from upload where deposit_id = $1 and file_index = $2 and state = 'open'`,
    [depositId, fileIndex],
  );
  return rows[0];
}

/** Those that lack bytes, the one first that ends first. */
export async function selectOpenUploadsOfAccount(q: Queryable, accountId: string, limit: number): Promise<UploadRow[]> {
  const { rows } = await q.query<UploadRow>(
    `select ${COLUMNS} from upload where account_id = $1 and state = 'open' and offset_bytes < size_bytes
     order by expires_at, upload_id limit $2`,
    [accountId, limit],
  );
  return rows;
}

/** The newest upload of each file that has had one. */
export async function selectNewestUploadsOfDeposit(q: Queryable, depositId: string): Promise<UploadRow[]> {
  const { rows } = await q.query<UploadRow>(
    `select distinct on (file_index) ${COLUMNS} from upload where deposit_id = $1 order by file_index, created_at desc`,
    [depositId],
  );
  return rows;
}

/** What an account has open. Locks the account, so that of two that would go over a limit together one waits for the other. */
export async function lockOpenUploadsOfAccount(
  q: Queryable,
  accountId: string,
): Promise<{ count: bigint; sizeBytes: bigint }> {
  await q.query('select from account where account_id = $1 for no key update', [accountId]);
  const { rows } = await q.query<{ count: bigint; sizeBytes: bigint }>(
    `select count(*) as count, coalesce(sum(size_bytes), 0)::bigint as "sizeBytes" from upload
     where account_id = $1 and state = 'open'`,
    [accountId],
  );
  return rows[0] as { count: bigint; sizeBytes: bigint };
}

/** All of whose bytes are there, and which are not finished. */
export async function selectCompleteUploads(q: Queryable, limit: number): Promise<string[]> {
  const { rows } = await q.query<{ uploadId: string }>(
    `select upload_id as "uploadId" from upload where state = 'open' and offset_bytes = size_bytes order by created_at limit $1`,
    [limit],
  );
  return rows.map((row) => row.uploadId);
}

/** Open ones that lack bytes and that nobody has gone on with in time. */
export async function selectExpiredUploads(q: Queryable, now: Date, limit: number): Promise<string[]> {
  const { rows } = await q.query<{ uploadId: string }>(
    `select upload_id as "uploadId" from upload
     where state = 'open' and offset_bytes < size_bytes and expires_at < $1 order by expires_at limit $2`,
    [now, limit],
  );
  return rows.map((row) => row.uploadId);
}

/**
 * Moves the durable offset on if it is still where the writer found it.
 * @returns false, and nothing is changed, if another writer was faster or the upload has ended
 */
export async function updateUploadOffset(
  q: Queryable,
  uploadId: string,
  from: bigint,
  to: bigint,
  expiresAt: Date,
): Promise<boolean> {
  const { rowCount } = await q.query(
    `update upload set offset_bytes = $3, expires_at = $4 where upload_id = $1 and offset_bytes = $2 and state = 'open'`,
    [uploadId, from, to, expiresAt],
  );
  return rowCount === 1;
}

/** False if it had ended before. */
export async function updateUploadEnded(
  q: Queryable,
  uploadId: string,
  state: Exclude<UploadState, 'open'>,
  refusal: string | null,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await q.query(
    `update upload set state = $2, refusal = $3, ended_at = $4 where upload_id = $1 and state = 'open'`,
    [uploadId, state, refusal, now],
  );
  return rowCount === 1;
}

/** To be committed before the object is put. @param startBytes null for the whole file */
export async function insertUploadObject(
  q: Queryable,
  object: { objectName: string; uploadId: string; startBytes: bigint | null; wrappedKey: Uint8Array },
): Promise<void> {
  await q.query(
    'insert into upload_object (object_name, upload_id, start_bytes, wrapped_key) values ($1, $2, $3, $4)',
    [object.objectName, object.uploadId, object.startBytes, object.wrappedKey],
  );
}

/**
 * The object is durable and counts.
 * @returns false if it is not written down any more: another writer has taken the upload over
 */
export async function updateUploadPartDurable(q: Queryable, objectName: string, sizeBytes: bigint): Promise<boolean> {
  const { rowCount } = await q.query(
    'update upload_object set size_bytes = $2 where object_name = $1 and size_bytes is null',
    [objectName, sizeBytes],
  );
  return rowCount === 1;
}

/** The part no longer counts: another one holds its bytes too. */
export async function updateUploadPartReplaced(q: Queryable, objectName: string): Promise<void> {
  await q.query('update upload_object set size_bytes = null where object_name = $1', [objectName]);
}

/** Those that count, in the order of the file. */
export async function selectUploadParts(q: Queryable, uploadId: string): Promise<UploadPart[]> {
  const { rows } = await q.query<UploadPart>(
    `select object_name as "objectName", start_bytes as "startBytes", size_bytes as "sizeBytes", wrapped_key as "wrappedKey"
     from upload_object where upload_id = $1 and size_bytes is not null order by start_bytes`,
    [uploadId],
  );
  return rows;
}

export async function selectLastUploadPart(q: Queryable, uploadId: string): Promise<UploadPart | undefined> {
  const { rows } = await q.query<UploadPart>(
    `select object_name as "objectName", start_bytes as "startBytes", size_bytes as "sizeBytes", wrapped_key as "wrappedKey"
     from upload_object where upload_id = $1 and size_bytes is not null order by start_bytes desc limit 1`,
    [uploadId],
  );
  return rows[0];
}

/** Names of all objects of an upload, those included that may never have been put. */
export async function selectUploadObjectNames(q: Queryable, uploadId: string): Promise<string[]> {
  const { rows } = await q.query<{ objectName: string }>(
    'select object_name as "objectName" from upload_object where upload_id = $1',
    [uploadId],
  );
  return rows.map((row) => row.objectName);
}

/** Written down and not counting: what a writer left that did not get to its end. */
export async function selectUnfinishedUploadObjects(q: Queryable, uploadId: string): Promise<string[]> {
  const { rows } = await q.query<{ objectName: string }>(
    'select object_name as "objectName" from upload_object where upload_id = $1 and size_bytes is null',
    [uploadId],
  );
  return rows.map((row) => row.objectName);
}

/** Forgets those that do not count. A writer that makes one count at the same moment is either too late, or keeps it. @returns their names */
export async function deleteUnfinishedUploadObjects(q: Queryable, uploadId: string): Promise<string[]> {
  const { rows } = await q.query<{ objectName: string }>(
    'delete from upload_object where upload_id = $1 and size_bytes is null returning object_name as "objectName"',
    [uploadId],
  );
  return rows.map((row) => row.objectName);
}

/** For objects that are gone, or belong to the deposit now. */
export async function deleteUploadObjects(q: Queryable, objectNames: readonly string[]): Promise<void> {
  await q.query('delete from upload_object where object_name = any($1::text[])', [objectNames]);
}

/** Uploads that have ended and whose objects are not all removed yet. */
export async function selectEndedUploadsWithObjects(q: Queryable, limit: number): Promise<string[]> {
  const { rows } = await q.query<{ uploadId: string }>(
    `select distinct upload_id as "uploadId" from upload_object join upload using (upload_id) where state <> 'open' limit $1`,
    [limit],
  );
  return rows.map((row) => row.uploadId);
}

/** Of the given object names, those that are written down. */
export async function selectKnownUploadObjects(q: Queryable, objectNames: readonly string[]): Promise<Set<string>> {
  const { rows } = await q.query<{ objectName: string }>(
    'select object_name as "objectName" from upload_object where object_name = any($1::text[])',
    [objectNames],
  );
  return new Set(rows.map((row) => row.objectName));
}
