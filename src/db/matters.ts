import type { Queryable } from './pool.ts';

export type MatterStatus = 'draft' | 'open' | 'closed';
export type Confidentiality = 'normal' | 'confidential' | 'trade-secret';

export interface MatterRow {
  matterId: string;
  accountId: string;
  title: string;
  dispute: string;
  status: MatterStatus;
  confidentiality: Confidentiality;
  legalHold: boolean;
  legalHoldReason: string | null;
  summary: string | null;
  version: number;
  createdAt: Date;
  changedAt: Date;
}

export type MatterFields = Pick<
  MatterRow,
  'title' | 'dispute' | 'status' | 'confidentiality' | 'legalHold' | 'legalHoldReason' | 'summary'
>;

const MATTER = `m.matter_id as "matterId", m.account_id as "accountId", m.title, m.dispute, m.status, m.confidentiality,
  m.legal_hold as "legalHold", m.legal_hold_reason as "legalHoldReason", m.summary, m.version, m.created_at as "createdAt",
  m.changed_at as "changedAt"`;

export async function insertMatter(q: Queryable, matter: Omit<MatterRow, 'version' | 'changedAt'>): Promise<void> {
  await q.query(
    `insert into matter (matter_id, account_id, title, dispute, status, confidentiality, legal_hold, legal_hold_reason, summary,
       created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
    [
      matter.matterId,
      matter.accountId,
      matter.title,
      matter.dispute,
      matter.status,
      matter.confidentiality,
      matter.legalHold,
      matter.legalHoldReason,
      matter.summary,
      matter.createdAt,
    ],
  );
}

export async function selectMatter(q: Queryable, matterId: string): Promise<MatterRow | undefined> {
  return (await q.query<MatterRow>(`select ${MATTER} from matter m where matter_id = $1`, [matterId])).rows[0];
}

/** As `selectMatter`; until the end of the transaction nobody else changes the matter or what is in it by `lockMatter`. */
export async function lockMatter(q: Queryable, matterId: string): Promise<MatterRow | undefined> {
  return (await q.query<MatterRow>(`select ${MATTER} from matter m where matter_id = $1 for update`, [matterId]))
    .rows[0];
}

export interface MatterPage {
  limit: number;
  before: string | null;
  status: MatterStatus | null;
  /** Part of the title or summary, in capitals or not. */
  search: string | null;
}

export interface ListedMatterRow extends MatterRow {
  items: number;
  parties: number;
  openDeadlines: number;
  /** Of the deadlines that are not done, the one that is due first. */
  nextDeadline: { title: string; dueAt: string } | null;
}

/** Holds of the matter `m` if it says what is searched for. */
const SAYS = (search: string) =>
  `(${search}::text is null or strpos(lower(m.title), lower(${search})) > 0 or strpos(lower(m.summary), lower(${search})) > 0)`;

/** Newest first. */
export async function selectMattersOfAccount(
  q: Queryable,
  accountId: string,
  page: MatterPage,
): Promise<ListedMatterRow[]> {
  const { rows } = await q.query<ListedMatterRow>(
    `select ${MATTER},
       (select count(*)::int from matter_item i where i.matter_id = m.matter_id) as items,
       (select count(*)::int from matter_party p where p.matter_id = m.matter_id) as parties,
       (select count(*)::int from matter_deadline d where d.matter_id = m.matter_id and d.done_at is null) as "openDeadlines",
       (select json_build_object('title', d.title, 'dueAt', ${utc('d.due_at')}) from matter_deadline d
         where d.matter_id = m.matter_id and d.done_at is null order by d.due_at, d.deadline_id limit 1) as "nextDeadline"
     from matter m
     where m.account_id = $1 and ($3::uuid is null or m.matter_id < $3) and ($4::text is null or m.status = $4) and ${SAYS('$5')}
     order by m.matter_id desc limit $2`,
    [accountId, page.limit, page.before, page.status, page.search],
  );
  return rows;
}

/** Newest first: matters of others that a grant in force at `at` shows. */
export async function selectMattersGranted(
  q: Queryable,
  accountId: string,
  at: Date,
  page: MatterPage,
): Promise<MatterRow[]> {
  const { rows } = await q.query<MatterRow>(
    `select ${MATTER} from matter m
     where exists (select from access_grant g where g.matter_id = m.matter_id and g.grantee_account_id = $1
         and g.revoked_at is null and (g.expires_at is null or g.expires_at > $5))
       and ($3::uuid is null or m.matter_id < $3) and ($4::text is null or m.status = $4) and ${SAYS('$6')}
     order by m.matter_id desc limit $2`,
    [accountId, page.limit, page.before, page.status, at, page.search],
  );
  return rows;
}

/** Undefined, and nothing is changed, if the version is another by now. */
export async function updateMatter(
  q: Queryable,
  matterId: string,
  version: number,
  fields: MatterFields,
  at: Date,
): Promise<MatterRow | undefined> {
  const { rows } = await q.query<MatterRow>(
    `update matter m set title = $3, dispute = $4, status = $5, confidentiality = $6, legal_hold = $7, legal_hold_reason = $8,
       summary = $9, version = version + 1, changed_at = $10
     where matter_id = $1 and version = $2 returning ${MATTER}`,
    [
      matterId,
      version,
      fields.title,
      fields.dispute,
      fields.status,
      fields.confidentiality,
      fields.legalHold,
      fields.legalHoldReason,
      fields.summary,
      at,
    ],
  );
  return rows[0];
}

export async function deleteMatter(q: Queryable, matterId: string): Promise<void> {
  await q.query('delete from matter where matter_id = $1', [matterId]);
}

// ---------------------------------------------------------------- what is in a matter

export const MATTER_PARTS = ['party', 'right', 'proof', 'item', 'relation', 'note', 'deadline'] as const;
export type MatterPart = (typeof MATTER_PARTS)[number];

/** A row as JSON has it: times are `utcTime`, days `2026-11-22`. */
export type PartFields = Record<string, string | number | null>;
export type PartRow = { id: string; matterId: string; version: number } & PartFields;

interface PartTable {
  table: string;
  id: string;
  /** Field → column. */
  columns: Readonly<Record<string, string>>;
  /** Rows carry the matter's account, so that they can only name its deposits. */
  hasAccount?: true;
}

const TABLES: Readonly<Record<MatterPart, PartTable>> = {
  party: {
    table: 'matter_party',
    id: 'party_id',
    columns: {
      role: 'role',
      name: 'name',
      kind: 'kind',
      identifier: 'identifier',
      contact: 'contact',
      representedBy: 'represented_by',
      remark: 'remark',
    },
  },
  right: {
    table: 'matter_right',
    id: 'right_id',
    columns: {
      kind: 'kind',
      title: 'title',
      registrationNo: 'registration_no',
      holderPartyId: 'holder_party_id',
      validFrom: 'valid_from',
      validUntil: 'valid_until',
      remark: 'remark',
    },
  },
  proof: {
    table: 'right_proof',
    id: 'proof_id',
    columns: { rightId: 'right_id', depositId: 'deposit_id', kind: 'kind', remark: 'remark' },
    hasAccount: true,
  },
  item: {
    table: 'matter_item',
    id: 'item_id',
    columns: {
      depositId: 'deposit_id',
      position: 'position',
      title: 'title',
      issue: 'issue',
      source: 'source',
      proofPurpose: 'proof_purpose',
      form: 'form',
      pages: 'pages',
      disclosure: 'disclosure',
      confidentiality: 'confidentiality',
    },
    hasAccount: true,
  },
  relation: {
    table: 'item_relation',
    id: 'relation_id',
    columns: { itemId: 'item_id', otherItemId: 'other_item_id', kind: 'kind', remark: 'remark' },
  },
  note: { table: 'matter_note', id: 'note_id', columns: { body: 'body' } },
  deadline: {
    table: 'matter_deadline',
    id: 'deadline_id',
    columns: { title: 'title', dueAt: 'due_at', basis: 'basis', doneAt: 'done_at' },
  },
};

/** Columns that pg would give as Date. */
const READ_AS: Readonly<Record<string, (column: string) => string>> = {
  valid_from: (column) => `${column}::text`,
  valid_until: (column) => `${column}::text`,
  due_at: utc,
  done_at: utc,
};

function utc(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

function selectList({ id, columns }: PartTable): string {
  const fields = Object.entries(columns).map(
    ([field, column]) => `${READ_AS[column]?.(`t.${column}`) ?? `t.${column}`} as "${field}"`,
  );
  return [`t.${id} as id`, `t.matter_id as "matterId"`, 't.version', ...fields].join(', ');
}

/** Fields that are left out get the column's default. Rejects with 23503, 23505 or 23514 as the tables rule. */
export async function insertPart(
  q: Queryable,
  part: MatterPart,
  row: { id: string; matterId: string; accountId: string; fields: PartFields },
): Promise<PartRow> {
  const table = TABLES[part];
  const given = Object.entries(row.fields).map(([field, value]) => ({ column: columnOf(part, field), value }));
  const columns = [table.id, 'matter_id', ...(table.hasAccount ? ['account_id'] : []), ...given.map((g) => g.column)];
  const values = [row.id, row.matterId, ...(table.hasAccount ? [row.accountId] : []), ...given.map((g) => g.value)];
  const { rows } = await q.query<PartRow>(
    `insert into ${table.table} as t (${columns.join(', ')}) values (${values.map((_, i) => `$${i + 1}`).join(', ')})
     returning ${selectList(table)}`,
    values,
  );
  return rows[0] as PartRow;
}

export async function selectPart(
  q: Queryable,
  part: MatterPart,
  matterId: string,
  id: string,
): Promise<PartRow | undefined> {
  const table = TABLES[part];
  const { rows } = await q.query<PartRow>(
    `select ${selectList(table)} from ${table.table} t where t.matter_id = $1 and t.${table.id} = $2`,
    [matterId, id],
  );
  return rows[0];
}

/** Items by their position, all else by age. `after` is the last one of the page before. */
export async function selectParts(
  q: Queryable,
  part: MatterPart,
  matterId: string,
  page: { limit: number; after: string | null },
): Promise<PartRow[]> {
  const table = TABLES[part];
  const order = part === 'item' ? 't.position' : `t.${table.id}`;
  const last =
    part === 'item' ? '(select i.position from matter_item i where i.item_id = $3 and i.matter_id = $1)' : '$3::uuid';
  const { rows } = await q.query<PartRow>(
    `select ${selectList(table)} from ${table.table} t where t.matter_id = $1 and ($3::uuid is null or ${order} > ${last})
     order by ${order} limit $2`,
    [matterId, page.limit, page.after],
  );
  return rows;
}

export async function countParts(q: Queryable, part: MatterPart, matterId: string): Promise<number> {
  const { rows } = await q.query<{ n: bigint }>(
    `select count(*) as n from ${TABLES[part].table} where matter_id = $1`,
    [matterId],
  );
  return Number(rows[0]?.n);
}

/** Undefined, and nothing is changed, if the version is another by now. */
export async function updatePart(
  q: Queryable,
  part: MatterPart,
  row: { matterId: string; id: string; version: number; fields: PartFields },
): Promise<PartRow | undefined> {
  const table = TABLES[part];
  const given = Object.entries(row.fields);
  const sets = given.map(([field], i) => `${columnOf(part, field)} = $${i + 4}`);
  const { rows } = await q.query<PartRow>(
    `update ${table.table} as t set ${[...sets, 'version = t.version + 1'].join(', ')}
     where t.matter_id = $1 and t.${table.id} = $2 and t.version = $3 returning ${selectList(table)}`,
    [row.matterId, row.id, row.version, ...given.map(([, value]) => value)],
  );
  return rows[0];
}

/** True if it was there with this version. */
export async function deletePart(
  q: Queryable,
  part: MatterPart,
  row: { matterId: string; id: string; version: number },
): Promise<boolean> {
  const table = TABLES[part];
  const { rowCount } = await q.query(
    `delete from ${table.table} where matter_id = $1 and ${table.id} = $2 and version = $3`,
    [row.matterId, row.id, row.version],
  );
  return rowCount === 1;
}

export async function selectLastPosition(q: Queryable, matterId: string): Promise<number> {
  const { rows } = await q.query<{ last: number | null }>(
    'select max(position) as last from matter_item where matter_id = $1',
    [matterId],
  );
  return rows[0]?.last ?? 0;
}

/** Gives the items of the matter the positions 1, 2, … in this order. Their versions go on. */
export async function updateItemOrder(q: Queryable, matterId: string, itemIds: readonly string[]): Promise<void> {
  await q.query(
    `update matter_item i set position = o.n, version = version + 1
     from unnest($2::uuid[]) with ordinality as o (item_id, n) where i.item_id = o.item_id and i.matter_id = $1`,
    [matterId, itemIds],
  );
}

function columnOf(part: MatterPart, field: string): string {
  const column = TABLES[part].columns[field];
  if (column === undefined) throw new Error(`a ${part} has no field ${field}`);
  return column;
}

// ---------------------------------------------------------------- history

export interface MatterChange {
  matterId: string;
  at: Date;
  accountId: string;
  userId: string | null;
  by: string;
  part: MatterPart | 'matter' | 'order';
  partId: string;
  change: 'created' | 'changed' | 'removed';
  before: object | null;
  after: object | null;
}

export interface MatterChangeRow extends MatterChange {
  changeId: bigint;
}

export async function insertMatterChange(q: Queryable, change: MatterChange): Promise<void> {
  await q.query(
    `insert into matter_change (matter_id, at, account_id, user_id, by, part, part_id, change, before, after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      change.matterId,
      change.at,
      change.accountId,
      change.userId,
      change.by,
      change.part,
      change.partId,
      change.change,
      change.before === null ? null : JSON.stringify(change.before),
      change.after === null ? null : JSON.stringify(change.after),
    ],
  );
}

/** Newest first. */
export async function selectMatterChanges(
  q: Queryable,
  matterId: string,
  page: { limit: number; before: bigint | null },
): Promise<MatterChangeRow[]> {
  const { rows } = await q.query<MatterChangeRow>(
    `select change_id as "changeId", matter_id as "matterId", at, account_id as "accountId", user_id as "userId", by, part,
       part_id as "partId", change, before, after
     from matter_change where matter_id = $1 and ($3::bigint is null or change_id < $3) order by change_id desc limit $2`,
    [matterId, page.limit, page.before],
  );
  return rows;
}

/** Names of users who changed something, by id; of whoever is no user any more there is none. */
export async function selectUserNames(q: Queryable, userIds: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await q.query<{ id: string; name: string }>(
    'select "id", "name" from auth."user" where "id" = any($1::text[])',
    [userIds],
  );
  return new Map(rows.map((row) => [row.id, row.name]));
}

// ---------------------------------------------------------------- derivatives

export interface DerivativeRow {
  depositId: string;
  originalDepositId: string;
  kind: string;
  method: string;
  linkedAt: Date;
}

const DERIVATIVE = `deposit_id as "depositId", original_deposit_id as "originalDepositId", kind, method, linked_at as "linkedAt"`;

/** Rejects with 23503 if one of the deposits is not the account's, 23505 if the derivative has its original already. */
export async function insertDerivative(q: Queryable, accountId: string, row: DerivativeRow): Promise<void> {
  await q.query(
    `insert into derivative (deposit_id, original_deposit_id, account_id, kind, method, linked_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [row.depositId, row.originalDepositId, accountId, row.kind, row.method, row.linkedAt],
  );
}

/** Oldest first. */
export async function selectDerivatives(q: Queryable, originalDepositIds: readonly string[]): Promise<DerivativeRow[]> {
  const { rows } = await q.query<DerivativeRow>(
    `select ${DERIVATIVE} from derivative where original_deposit_id = any($1::uuid[]) order by linked_at, deposit_id`,
    [originalDepositIds],
  );
  return rows;
}

/** The link from a derivative back to its original; undefined for a deposit that is none. */
export async function selectDerivationOf(q: Queryable, depositId: string): Promise<DerivativeRow | undefined> {
  const { rows } = await q.query<DerivativeRow>(`select ${DERIVATIVE} from derivative where deposit_id = $1`, [
    depositId,
  ]);
  return rows[0];
}

// ---------------------------------------------------------------- the deposits of a matter

export interface MatterDepositRow {
  depositId: string;
  /** As its statement says; null if that says nothing. */
  title: string | null;
  receivedAt: Date;
  leafIndex: bigint | null;
  /** The newest certificate's. */
  certificateNo: string | null;
  files: number;
}

/** Deposits of the account that its matter names, and their derivatives; oldest first. */
export async function selectMatterDeposits(
  q: Queryable,
  accountId: string,
  matterId: string,
): Promise<MatterDepositRow[]> {
  const { rows } = await q.query<MatterDepositRow>(
    `select d.deposit_id as "depositId", d.received_at as "receivedAt", s.leaf_index as "leafIndex",
       (select convert_from(body, 'UTF8')::jsonb ->> 'title' from annex a
         where a.deposit_id = d.deposit_id and a.name = 'statement') as title,
       (select certificate_no from certificate c where c.deposit_id = d.deposit_id order by issued_at desc limit 1) as "certificateNo",
       (select count(*)::int from file_entry f where f.deposit_id = d.deposit_id) as files
     from deposit d join submission s using (submission_id)
     where d.account_id = $1 and d.deposit_id in (select e.deposit_id from matter_deposit e where e.matter_id = $2)
     order by d.received_at, d.deposit_id`,
    [accountId, matterId],
  );
  return rows;
}

// ---------------------------------------------------------------- the index of a matter

export interface IndexedDeposit {
  depositId: string;
  receivedAt: Date;
  leafIndex: bigint | null;
  /** The newest certificate's. */
  certificateNo: string | null;
  /** Canonical bytes of the statement annex; null if erased. */
  statement: Buffer | null;
}

export async function selectIndexedDeposits(q: Queryable, depositIds: readonly string[]): Promise<IndexedDeposit[]> {
  const { rows } = await q.query<IndexedDeposit>(
    `select d.deposit_id as "depositId", d.received_at as "receivedAt", s.leaf_index as "leafIndex",
       (select certificate_no from certificate c where c.deposit_id = d.deposit_id order by issued_at desc limit 1) as "certificateNo",
       (select body from annex a where a.deposit_id = d.deposit_id and a.name = 'statement') as statement
     from deposit d join submission s using (submission_id) where d.deposit_id = any($1::uuid[])`,
    [depositIds],
  );
  return rows;
}

/** All files of these deposits, with their entries as they were written. */
export async function selectIndexedFiles(
  q: Queryable,
  depositIds: readonly string[],
): Promise<{ depositId: string; fileIndex: number; body: Buffer; nameBody: Buffer }[]> {
  const { rows } = await q.query<{ depositId: string; fileIndex: number; body: Buffer; nameBody: Buffer }>(
    `select deposit_id as "depositId", file_index as "fileIndex", body, name_body as "nameBody" from file_entry
     where deposit_id = any($1::uuid[]) order by deposit_id, file_index`,
    [depositIds],
  );
  return rows;
}
