import type { Queryable } from './pool.ts';

/** Why a deposit was erased: a code, since it stays. */
export const ERASURE_BASES = [
  'depositor-request',
  'personal-data',
  'court-order',
  'authority-order',
  'retention-ended',
  'other',
] as const;
export type ErasureBasis = (typeof ERASURE_BASES)[number];

/** What stays of a deposit beside its leaf and its custody. */
export interface ErasureRow {
  depositId: string;
  /** Its place in the log. */
  depositNo: bigint;
  receivedAt: Date;
  basis: ErasureBasis;
  /** Files that it had. */
  fileCount: number;
  erasedAt: Date;
  /** Null while the object store has not confirmed that every object is gone. */
  completedAt: Date | null;
}

const COLUMNS = `e.deposit_id as "depositId", s.leaf_index as "depositNo", d.received_at as "receivedAt", e.basis,
  e.file_count as "fileCount", e.erased_at as "erasedAt", e.completed_at as "completedAt"`;

export async function selectErasure(q: Queryable, depositId: string): Promise<ErasureRow | undefined> {
  const { rows } = await q.query<ErasureRow>(
    `select ${COLUMNS} from erasure e join deposit d using (deposit_id) join submission s using (submission_id)
     where e.deposit_id = $1`,
    [depositId],
  );
  return rows[0];
}

export async function insertErasure(
  q: Queryable,
  erasure: Pick<ErasureRow, 'depositId' | 'basis' | 'erasedAt'> & { accountId: string; userId: string | null },
): Promise<void> {
  const { depositId, accountId, userId, basis, erasedAt } = erasure;
  await q.query(
    `insert into erasure (deposit_id, account_id, user_id, basis, file_count, erased_at)
     select $1, $2, $3, $4, (select count(*) from file_entry where deposit_id = $1), $5`,
    [depositId, accountId, userId, basis, erasedAt],
  );
}

/**
 * Takes the locks that an erasure needs, in the order in which others take them: certificates before the deposit (a change of status
 * goes on to its custody), uploads before the deposit (a finished one goes on to its keys), the deposit before its custody chain. Who
 * inserts something for the deposit waits until the end of the transaction.
 * @returns its number, null until the log has it; undefined if there is no such deposit
 */
export async function lockForErasure(
  q: Queryable,
  depositId: string,
): Promise<{ accountId: string; leafIndex: bigint | null } | undefined> {
  await q.query('select from certificate where deposit_id = $1 order by certificate_no for update', [depositId]);
  await q.query(`select from upload where deposit_id = $1 and state = 'open' order by upload_id for update`, [
    depositId,
  ]);
  const { rows } = await q.query<{ accountId: string; leafIndex: bigint | null }>(
    `select d.account_id as "accountId", s.leaf_index as "leafIndex"
     from deposit d join submission s using (submission_id) where d.deposit_id = $1 for update of d`,
    [depositId],
  );
  return rows[0];
}

/** Matters on legal hold that reach the deposit. Until the end of the transaction no hold is set or lifted. */
export async function lockLegalHolds(q: Queryable, depositId: string): Promise<{ matterId: string; title: string }[]> {
  const { rows } = await q.query<{ matterId: string; title: string; held: boolean }>(
    `select matter_id as "matterId", title, legal_hold as held from matter
     where matter_id in (select matter_id from matter_deposit where deposit_id = $1) order by matter_id for share`,
    [depositId],
  );
  return rows.filter(({ held }) => held).map(({ matterId, title }) => ({ matterId, title }));
}

/** Numbers and digests of all that were issued, oldest first. */
export async function selectCertificateNamesOfDeposit(
  q: Queryable,
  depositId: string,
): Promise<{ certificateNo: string; digest: Buffer }[]> {
  const { rows } = await q.query<{ certificateNo: string; digest: Buffer }>(
    `select certificate_no as "certificateNo", digest from certificate where deposit_id = $1 order by issued_at`,
    [depositId],
  );
  return rows;
}

/**
 * Deletes everything that says what was deposited, and every key to its content; after `insertErasure`, in the same transaction. Names
 * of the objects that are to go stay in `erasure_object` and, for uploads that had not ended, in `upload_object`.
 */
export async function deleteDepositContent(q: Queryable, depositId: string, at: Date): Promise<void> {
  await q.query(
    `insert into erasure_object (object_name, deposit_id)
     select object_name, deposit_id from object_key where deposit_id = $1 and object_name is not null`,
    [depositId],
  );
  await q.query(`update upload set state = 'terminated', ended_at = $2 where deposit_id = $1 and state = 'open'`, [
    depositId,
    at,
  ]);
  // The names are still needed: whoever is writing such an object at this moment leaves it behind.
  await q.query(
    `update upload_object set wrapped_key = '' where upload_id in (select upload_id from upload where deposit_id = $1)`,
    [depositId],
  );
  for (const table of CONTENT_TABLES) await q.query(`delete from ${table} where deposit_id = $1`, [depositId]);
  await q.query('update certificate set json = null, pdf = null where deposit_id = $1 and json is not null', [
    depositId,
  ]);
  await q.query('update deposit set request_digest = null where deposit_id = $1', [depositId]);
}

/** `file_digest` goes with `file_entry`. Statements of hand-overs name files by their digests. */
const CONTENT_TABLES = [
  'object_key',
  'content_received',
  'archive_blind',
  'archive_digest',
  'hand_over',
  'file_entry',
  'annex',
  'record',
] as const;

/** Of these deposits, those that are here and not erased. */
export async function selectDepositsNotErased(q: Queryable, depositIds: readonly string[]): Promise<string[]> {
  const { rows } = await q.query<{ depositId: string }>(
    `select deposit_id as "depositId" from deposit d where deposit_id = any($1::uuid[])
       and not exists (select from erasure e where e.deposit_id = d.deposit_id)`,
    [depositIds],
  );
  return rows.map(({ depositId }) => depositId);
}

/** Erasures whose objects are not all gone, oldest first. */
export async function selectIncompleteErasures(q: Queryable, limit: number): Promise<string[]> {
  const { rows } = await q.query<{ depositId: string }>(
    `select deposit_id as "depositId" from erasure where completed_at is null order by erased_at limit $1`,
    [limit],
  );
  return rows.map(({ depositId }) => depositId);
}

/** Names of objects that still have to go. */
export async function selectErasureObjects(q: Queryable, depositId: string): Promise<string[]> {
  const { rows } = await q.query<{ name: string }>(
    `select object_name as name from erasure_object where deposit_id = $1
     union
     select object_name from upload_object join upload using (upload_id) where deposit_id = $1
     order by name`,
    [depositId],
  );
  return rows.map(({ name }) => name);
}

/** For an object that is gone. */
export async function deleteErasureObject(q: Queryable, objectName: string): Promise<void> {
  await q.query('delete from upload_object where object_name = $1', [objectName]);
  await q.query('delete from erasure_object where object_name = $1', [objectName]);
}

/** Nothing is changed if it was completed before, or an object still has to go. */
export async function updateErasureCompleted(q: Queryable, depositId: string, at: Date): Promise<void> {
  await q.query(
    `update erasure set completed_at = greatest($2, erased_at) where deposit_id = $1 and completed_at is null
       and not exists (select from erasure_object where deposit_id = $1)`,
    [depositId, at],
  );
}

/** Whether an insert was refused because the deposit was erased meanwhile. */
export function isErasedMeanwhile(error: unknown): boolean {
  return (error as { constraint?: unknown } | null)?.constraint === 'deposit_erased';
}
