import type { Queryable } from './pool.ts';

export type RequestState = 'submitted' | 'accepted' | 'deed-issued' | 'refused' | 'withdrawn';

export interface RequestRow {
  requestId: string;
  /** Who asks. */
  accountId: string;
  accountName: string;
  officeAccountId: string;
  officeName: string;
  matterId: string | null;
  subject: string;
  message: string | null;
  state: RequestState;
  stateSince: Date;
  deedNo: string | null;
  /** SHA-256 of the deed, 32 bytes. */
  deedDigest: Buffer | null;
  /** Why the office refused. */
  reason: string | null;
  version: number;
  createdAt: Date;
  /** How many deposits it is about. */
  depositCount: number;
  /** Until when the office may see them, as was asked; null: no day was named. */
  expiresAt: Date | null;
}

const REQUEST = `r.request_id as "requestId", r.account_id as "accountId", asker.name as "accountName",
  r.office_account_id as "officeAccountId", office.name as "officeName", r.matter_id as "matterId", r.subject, r.message, r.state,
  r.state_since as "stateSince", r.deed_no as "deedNo", r.deed_digest as "deedDigest", r.reason, r.version,
  r.created_at as "createdAt", (select count(*)::int from request_item i where i.request_id = r.request_id) as "depositCount",
  (select min(g.expires_at) from access_grant g where g.request_id = r.request_id) as "expiresAt"`;
const FROM = `from verification_request r join account asker on asker.account_id = r.account_id
  join account office on office.account_id = r.office_account_id`;

/** Roles whose accounts can be asked: they have a desk. */
const OFFICE_ROLES = ['notary', 'mediator'];

export interface Office {
  accountId: string;
  name: string;
  /** What it is: `notary`, `mediator` or both. */
  roles: string[];
}

/** Accounts that are notaries' or mediators' offices, by name. */
export async function selectOffices(q: Queryable, limit: number): Promise<Office[]> {
  const { rows } = await q.query<Office>(
    `select account_id as "accountId", name, (select array_agg(r order by r desc) from unnest(roles) r where r = any ($2)) as roles
     from account where roles && $2 order by name, account_id limit $1`,
    [limit, OFFICE_ROLES],
  );
  return rows;
}

export async function selectIsOffice(q: Queryable, accountId: string): Promise<boolean> {
  const { rowCount } = await q.query('select from account where account_id = $1 and roles && $2', [
    accountId,
    OFFICE_ROLES,
  ]);
  return rowCount === 1;
}

/** Rejects with 23503 if the matter or a deposit is not the account's. */
export async function insertRequest(
  q: Queryable,
  request: Pick<
    RequestRow,
    'requestId' | 'accountId' | 'officeAccountId' | 'matterId' | 'subject' | 'message' | 'createdAt'
  >,
  depositIds: readonly string[],
): Promise<void> {
  await q.query(
    `insert into verification_request (request_id, account_id, office_account_id, matter_id, subject, message, state_since, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7)`,
    [
      request.requestId,
      request.accountId,
      request.officeAccountId,
      request.matterId,
      request.subject,
      request.message,
      request.createdAt,
    ],
  );
  await q.query(
    'insert into request_item (request_id, account_id, deposit_id) select $1, $2, deposit_id from unnest($3::uuid[]) as t (deposit_id)',
    [request.requestId, request.accountId, depositIds],
  );
}

export async function selectRequest(q: Queryable, requestId: string): Promise<RequestRow | undefined> {
  return (await q.query<RequestRow>(`select ${REQUEST} ${FROM} where r.request_id = $1`, [requestId])).rows[0];
}

/** As `selectRequest`; until the end of the transaction nobody else changes it. */
export async function lockRequest(q: Queryable, requestId: string): Promise<RequestRow | undefined> {
  const { rows } = await q.query<RequestRow>(`select ${REQUEST} ${FROM} where r.request_id = $1 for update of r`, [
    requestId,
  ]);
  return rows[0];
}

/** `asked` by the account, or of it as an `office`; behind `cursor`, in the order asked for. */
export async function selectRequests(
  q: Queryable,
  accountId: string,
  side: 'asked' | 'office',
  page: {
    limit: number;
    order: 'newest' | 'oldest';
    cursor: string | null;
    state: RequestState | null;
    matterId: string | null;
  },
): Promise<RequestRow[]> {
  const column = side === 'asked' ? 'account_id' : 'office_account_id';
  // Version 7 ids: their order is that of the requests.
  const [beyond, direction] = page.order === 'newest' ? ['<', 'desc'] : ['>', 'asc'];
  const { rows } = await q.query<RequestRow>(
    `select ${REQUEST} ${FROM}
     where r.${column} = $1 and ($3::uuid is null or r.request_id ${beyond} $3) and ($4::text is null or r.state = $4)
       and ($5::uuid is null or r.matter_id = $5)
     order by r.request_id ${direction} limit $2`,
    [accountId, page.limit, page.cursor, page.state, page.matterId],
  );
  return rows;
}

/** Ascending. */
export async function selectRequestDeposits(q: Queryable, requestId: string): Promise<string[]> {
  const { rows } = await q.query<{ depositId: string }>(
    'select deposit_id as "depositId" from request_item where request_id = $1 order by deposit_id',
    [requestId],
  );
  return rows.map((row) => row.depositId);
}

export async function updateRequestState(
  q: Queryable,
  requestId: string,
  next: {
    state: RequestState;
    at: Date;
    deedNo: string | null;
    deedDigest: Uint8Array | null;
    reason: string | null;
  },
): Promise<void> {
  await q.query(
    `update verification_request set state = $2, state_since = $3, deed_no = $4, deed_digest = $5, reason = $6, version = version + 1
     where request_id = $1`,
    [requestId, next.state, next.at, next.deedNo, next.deedDigest, next.reason],
  );
}

export interface RequestStepRow {
  stepId: bigint;
  at: Date;
  /** Who did it, and his account's name. */
  accountId: string;
  accountName: string;
  kind: string;
  depositId: string | null;
  outcome: 'consistent' | 'inconsistent' | 'not-checked' | null;
  remark: string | null;
}

export async function insertRequestStep(
  q: Queryable,
  requestId: string,
  step: Omit<RequestStepRow, 'stepId' | 'accountName'> & { userId: string | null; by: string },
): Promise<bigint> {
  const { rows } = await q.query<{ stepId: bigint }>(
    `insert into request_step (request_id, at, account_id, user_id, by, kind, deposit_id, outcome, remark)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning step_id as "stepId"`,
    [requestId, step.at, step.accountId, step.userId, step.by, step.kind, step.depositId, step.outcome, step.remark],
  );
  return (rows[0] as { stepId: bigint }).stepId;
}

/** Oldest first. */
export async function selectRequestSteps(
  q: Queryable,
  requestId: string,
  page: { limit: number; after: bigint | null },
): Promise<RequestStepRow[]> {
  const { rows } = await q.query<RequestStepRow>(
    `select s.step_id as "stepId", s.at, s.account_id as "accountId", a.name as "accountName", s.kind, s.deposit_id as "depositId",
       s.outcome, s.remark
     from request_step s join account a using (account_id)
     where s.request_id = $1 and ($3::bigint is null or s.step_id > $3) order by s.step_id limit $2`,
    [requestId, page.limit, page.after],
  );
  return rows;
}
