import type { Queryable } from './pool.ts';

export interface DepositRow {
  depositId: string;
  accountId: string;
  submissionId: bigint;
  receivedAt: Date;
  idempotencyKey: string | null;
  /** SHA-256, 32 bytes; null once erased. */
  requestDigest: Buffer | null;
  /** Null until the deposit is in the tree. */
  leafIndex: bigint | null;
}

export interface AnnexRow {
  name: string;
  /** Canonical bytes. */
  body: Buffer;
}

export interface FileEntryRow {
  fileIndex: number;
  /** Canonical bytes of tiezheng/file/v1. */
  body: Buffer;
  /** Canonical bytes of tiezheng/file-name/v1. */
  nameBody: Buffer;
}

const DEPOSIT = `d.deposit_id as "depositId", d.account_id as "accountId", d.submission_id as "submissionId",
  d.received_at as "receivedAt", d.idempotency_key as "idempotencyKey", d.request_digest as "requestDigest",
  s.leaf_index as "leafIndex"`;
const FROM = 'from deposit d join submission s using (submission_id)';

/** Rejects with pg's 23505 on `deposit_account_id_idempotency_key_key` if the account has used the key. */
export async function insertDeposit(
  q: Queryable,
  deposit: {
    depositId: string;
    accountId: string;
    submissionId: bigint;
    receivedAt: Date;
    idempotencyKey: string | null;
    requestDigest: Uint8Array | null;
  },
): Promise<void> {
  await q.query(
    `insert into deposit (deposit_id, account_id, submission_id, received_at, idempotency_key, request_digest)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      deposit.depositId,
      deposit.accountId,
      deposit.submissionId,
      deposit.receivedAt,
      deposit.idempotencyKey,
      deposit.requestDigest,
    ],
  );
}

export async function selectDeposit(q: Queryable, depositId: string): Promise<DepositRow | undefined> {
  return (await q.query<DepositRow>(`select ${DEPOSIT} ${FROM} where d.deposit_id = $1`, [depositId])).rows[0];
}

export async function selectDepositByIdempotencyKey(
  q: Queryable,
  accountId: string,
  idempotencyKey: string,
): Promise<DepositRow | undefined> {
  const { rows } = await q.query<DepositRow>(
    `select ${DEPOSIT} ${FROM} where d.account_id = $1 and d.idempotency_key = $2`,
    [accountId, idempotencyKey],
  );
  return rows[0];
}

/** Newest first; `before` is the place of the last one of the page before. */
export async function selectDepositsOfAccount(
  q: Queryable,
  accountId: string,
  limit: number,
  before?: { receivedAt: Date; depositId: string },
): Promise<DepositRow[]> {
  const { rows } = await q.query<DepositRow>(
    `select ${DEPOSIT} ${FROM}
     where d.account_id = $1
       and ($3::timestamptz is null or (d.received_at, d.deposit_id) < ($3::timestamptz, $4::uuid))
     order by d.received_at desc, d.deposit_id desc limit $2`,
    [accountId, limit, before?.receivedAt ?? null, before?.depositId ?? null],
  );
  return rows;
}

/** @param body canonical bytes of tiezheng/deposit/v1 */
export async function insertRecord(q: Queryable, depositId: string, body: Uint8Array): Promise<void> {
  await q.query('insert into record (deposit_id, body) values ($1, $2)', [depositId, body]);
}

/** Undefined if it was erased. */
export async function selectRecord(q: Queryable, depositId: string): Promise<Buffer | undefined> {
  const { rows } = await q.query<{ body: Buffer }>('select body from record where deposit_id = $1', [depositId]);
  return rows[0]?.body;
}

export async function insertAnnexes(
  q: Queryable,
  depositId: string,
  annexes: readonly { name: string; body: Uint8Array }[],
): Promise<void> {
  await q.query(
    'insert into annex (deposit_id, name, body) select $1, name, body from unnest($2::text[], $3::bytea[]) as t (name, body)',
    [depositId, annexes.map((a) => a.name), annexes.map((a) => a.body)],
  );
}

export async function selectAnnexes(q: Queryable, depositId: string): Promise<AnnexRow[]> {
  const { rows } = await q.query<AnnexRow>('select name, body from annex where deposit_id = $1 order by name', [
    depositId,
  ]);
  return rows;
}

export async function insertFileEntries(
  q: Queryable,
  depositId: string,
  entries: readonly { fileIndex: number; body: Uint8Array; nameBody: Uint8Array }[],
): Promise<void> {
  await q.query(
    `insert into file_entry (deposit_id, file_index, body, name_body)
     select $1, * from unnest($2::integer[], $3::bytea[], $4::bytea[])`,
    [depositId, entries.map((e) => e.fileIndex), entries.map((e) => e.body), entries.map((e) => e.nameBody)],
  );
}

/** In the order of their indices. */
export async function selectFileEntries(q: Queryable, depositId: string): Promise<FileEntryRow[]> {
  const { rows } = await q.query<FileEntryRow>(
    `select file_index as "fileIndex", body, name_body as "nameBody" from file_entry
     where deposit_id = $1 order by file_index`,
    [depositId],
  );
  return rows;
}
