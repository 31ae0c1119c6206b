import type { Queryable } from './pool.ts';

export type GrantScope = 'read' | 'download' | 'export';
export type Coverage = 'disclosed' | 'everything';

/** One deposit or one matter. */
export type SharedObject = { depositId: string } | { matterId: string };

export interface GrantRow {
  grantId: string;
  /** Whose the object is. */
  accountId: string;
  depositId: string | null;
  matterId: string | null;
  requestId: string | null;
  /** Null until whoever was invited has accepted. */
  granteeAccountId: string | null;
  invitedEmail: string | null;
  /** As the giver named it: there need not be such an account. */
  invitedAccountId: string | null;
  scope: GrantScope;
  coverage: Coverage;
  remark: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  acceptedAt: Date | null;
  revokedAt: Date | null;
}

export type NewGrant = Omit<GrantRow, 'acceptedAt' | 'revokedAt'>;

/** With the name of the grantee, as far as whoever reads it sees that account. */
export interface NamedGrantRow extends GrantRow {
  granteeName: string | null;
}

const GRANT = `g.grant_id as "grantId", g.account_id as "accountId", g.deposit_id as "depositId", g.matter_id as "matterId",
  g.request_id as "requestId", g.grantee_account_id as "granteeAccountId", g.invited_email as "invitedEmail",
  g.invited_account_id as "invitedAccountId", g.scope, g.coverage,
  g.remark, g.created_at as "createdAt", g.expires_at as "expiresAt", g.accepted_at as "acceptedAt", g.revoked_at as "revokedAt"`;

const NAMED = `${GRANT}, (select name from account where account.account_id = g.grantee_account_id) as "granteeName"`;

/** Of grant `g`: in force at the time in this parameter. */
const inForce = (at: string) => `g.revoked_at is null and (g.expires_at is null or g.expires_at > ${at})`;
/** `e`, a deposit of the matter that `g` is about, is shown by it. */
const IS_SHOWN = `(e.disclosed or g.coverage = 'everything')`;

/** Rejects with pg's 23503 if the account does not own the object, or there is no such grantee. */
export async function insertGrant(q: Queryable, grant: NewGrant): Promise<void> {
  await q.query(
    `insert into access_grant (grant_id, account_id, deposit_id, matter_id, request_id, grantee_account_id, invited_email,
       scope, coverage, remark, created_at, expires_at, invited_account_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      grant.grantId,
      grant.accountId,
      grant.depositId,
      grant.matterId,
      grant.requestId,
      grant.granteeAccountId,
      grant.invitedEmail,
      grant.scope,
      grant.coverage,
      grant.remark,
      grant.createdAt,
      grant.expiresAt,
      grant.invitedAccountId,
    ],
  );
}

export async function selectGrant(q: Queryable, grantId: string): Promise<NamedGrantRow | undefined> {
  const { rows } = await q.query<NamedGrantRow>(`select ${NAMED} from access_grant g where grant_id = $1`, [grantId]);
  return rows[0];
}

/** Newest first: those that the account gave, of one object or of all. `before` is the last one of the page before. */
export async function selectGrantsGiven(
  q: Queryable,
  accountId: string,
  page: { limit: number; before: string | null; depositId: string | null; matterId: string | null },
): Promise<NamedGrantRow[]> {
  const { rows } = await q.query<NamedGrantRow>(
    `select ${NAMED} from access_grant g
     where account_id = $1 and ($3::uuid is null or grant_id < $3) and ($4::uuid is null or deposit_id = $4)
       and ($5::uuid is null or matter_id = $5)
     order by grant_id desc limit $2`,
    [accountId, page.limit, page.before, page.depositId, page.matterId],
  );
  return rows;
}

export interface ReceivedGrantRow extends NamedGrantRow {
  giverName: string;
  /** Of the matter, or of the statement of the deposit; null if that says nothing. */
  title: string | null;
}

/** Newest first: those in force that the account holds. */
export async function selectGrantsReceived(
  q: Queryable,
  accountId: string,
  at: Date,
  page: { limit: number; before: string | null },
): Promise<ReceivedGrantRow[]> {
  const { rows } = await q.query<ReceivedGrantRow>(
    `select ${NAMED}, giver.name as "giverName",
       coalesce(m.title, (select convert_from(body, 'UTF8')::jsonb ->> 'title' from annex
         where annex.deposit_id = g.deposit_id and annex.name = 'statement')) as title
     from access_grant g join account giver on giver.account_id = g.account_id left join matter m on m.matter_id = g.matter_id
     where g.grantee_account_id = $1 and ${inForce('$2')} and ($4::uuid is null or g.grant_id < $4)
     order by g.grant_id desc limit $3`,
    [accountId, at, page.limit, page.before],
  );
  return rows;
}

/** True if it was in force until now. */
export async function updateGrantRevoked(q: Queryable, grantId: string, at: Date): Promise<boolean> {
  const { rowCount } = await q.query(
    'update access_grant g set revoked_at = $2 where grant_id = $1 and revoked_at is null',
    [grantId, at],
  );
  return rowCount === 1;
}

/** Those that were given with a request to an office. */
export async function updateGrantsOfRequestRevoked(q: Queryable, requestId: string, at: Date): Promise<GrantRow[]> {
  const { rows } = await q.query<GrantRow>(
    `update access_grant g set revoked_at = $2 where request_id = $1 and g.revoked_at is null returning ${GRANT}`,
    [requestId, at],
  );
  return rows;
}

/**
 * Whether the caller has to do with this account, or it is an office that is listed for all. Looks at the same things whether there is such
 * an account or not.
 * @param seen of the caller, within his fence
 */
export async function selectIsCounterpart(seen: Queryable, accountId: string): Promise<boolean> {
  const { rows } = await seen.query<{ is: boolean }>('select $1::uuid in (select caller_counterparts()) as is', [
    accountId,
  ]);
  return rows[0]?.is === true;
}

/**
 * Invitations to this account and this address that wait become the account's. Its own are left alone.
 * @param email lower case; null: of nobody's address
 */
export async function updateInvitationsAccepted(
  q: Queryable,
  email: string | null,
  accountId: string,
  at: Date,
): Promise<GrantRow[]> {
  const { rows } = await q.query<GrantRow>(
    `update access_grant g set grantee_account_id = $2, accepted_at = $3
     where (invited_email = $1 or invited_account_id = $2) and grantee_account_id is null and account_id <> $2 and ${inForce('$3')} returning ${GRANT}`,
    [email, accountId, at],
  );
  return rows;
}

/** The address of a user, lower case, if it is known to be his. */
export async function selectVerifiedEmail(q: Queryable, userId: string): Promise<string | undefined> {
  const { rows } = await q.query<{ email: string }>(
    'select lower("email") as email from auth."user" where "id" = $1 and "emailVerified"',
    [userId],
  );
  return rows[0]?.email;
}

export interface StandingRow {
  isOwn: boolean;
  /** Scopes of the grants in force. */
  scopes: GrantScope[];
}

/** How an account stands to an object. One statement, which looks for the same things whether there is such an object or not. */
export async function selectStanding(
  q: Queryable,
  accountId: string,
  object: SharedObject,
  at: Date,
): Promise<StandingRow> {
  const { rows } =
    'depositId' in object
      ? await q.query<StandingRow>(
          `select exists (select from deposit where deposit_id = $2 and account_id = $1) as "isOwn",
             array(select scope from access_grant g where grantee_account_id = $1 and ${inForce('$3')}
               and (deposit_id = $2 or exists (select from matter_deposit e
                 where e.matter_id = g.matter_id and e.deposit_id = $2 and ${IS_SHOWN}))) as scopes`,
          [accountId, object.depositId, at],
        )
      : await q.query<StandingRow>(
          `select exists (select from matter where matter_id = $2 and account_id = $1) as "isOwn",
             array(select scope from access_grant g where grantee_account_id = $1 and ${inForce('$3')}
               and matter_id = $2) as scopes`,
          [accountId, object.matterId, at],
        );
  return rows[0] as StandingRow;
}

/** Whether the account sees all of a matter that is another's, or what that discloses; undefined if nothing. */
export async function selectMatterCoverage(
  q: Queryable,
  accountId: string,
  matterId: string,
  at: Date,
): Promise<Coverage | undefined> {
  const { rows } = await q.query<{ coverage: Coverage }>(
    `select coverage from access_grant g where grantee_account_id = $1 and matter_id = $2 and ${inForce('$3')}
     order by coverage = 'everything' desc limit 1`,
    [accountId, matterId, at],
  );
  return rows[0]?.coverage;
}

/** Deposits that a grant or link lets somebody see, ascending. */
export async function selectCoveredDeposits(
  q: Queryable,
  shared: { depositId: string | null; matterId: string | null; coverage: Coverage },
): Promise<string[]> {
  const { rows } = await q.query<{ depositId: string }>(
    `select distinct deposit_id as "depositId" from (
       select $1::uuid as deposit_id where $1::uuid is not null
       union all select e.deposit_id from matter_deposit e where e.matter_id = $2 and (e.disclosed or $3 = 'everything')) covered
     order by 1`,
    [shared.depositId, shared.matterId, shared.coverage],
  );
  return rows.map((row) => row.depositId);
}

/** Whether the deposit is a trade secret in any matter. */
export async function selectIsTradeSecret(q: Queryable, depositId: string): Promise<boolean> {
  const { rows } = await q.query<{ is: boolean }>(
    'select exists (select from trade_secret where deposit_id = $1) as is',
    [depositId],
  );
  return rows[0]?.is === true;
}

export interface FoundFile {
  depositId: string;
  fileIndex: number;
  receivedAt: Date;
  isOwn: boolean;
}

/**
 * Files with this digest that are the account's own, or of deposits granted to it. Looks at rows of no other account, so that the time
 * it takes says nothing of them either.
 */
export async function selectFilesByDigest(
  q: Queryable,
  accountId: string,
  digest: { alg: 'sha256' | 'sm3'; value: Uint8Array },
  at: Date,
  limit: number,
): Promise<FoundFile[]> {
  const { rows } = await q.query<FoundFile>(
    `with granted as materialized (
       select deposit_id from access_grant g where grantee_account_id = $1 and ${inForce('$3')} and deposit_id is not null
       union
       select e.deposit_id from access_grant g join matter_deposit e using (matter_id)
       where grantee_account_id = $1 and ${inForce('$3')} and ${IS_SHOWN})
     select f.deposit_id as "depositId", f.file_index as "fileIndex", d.received_at as "receivedAt", f."isOwn"
     from (
       select deposit_id, file_index, true as "isOwn" from file_digest where account_id = $1 and ${digest.alg} = $2
       union all
       select f.deposit_id, file_index, false from granted join file_digest f using (deposit_id) where f.${digest.alg} = $2
     ) f join deposit d using (deposit_id)
     order by d.received_at, f.deposit_id, f.file_index limit $4`,
    [accountId, digest.value, at, limit],
  );
  return rows;
}

export interface EqualFile {
  fileIndex: number;
  otherDepositId: string;
  otherFileIndex: number;
  otherReceivedAt: Date;
}

/** Files of the account's other deposits that are equal to files of this one by SHA-256. Never those of another account. */
export async function selectEqualFiles(
  q: Queryable,
  accountId: string,
  depositId: string,
  limit: number,
): Promise<EqualFile[]> {
  const { rows } = await q.query<EqualFile>(
    `select f.file_index as "fileIndex", o.deposit_id as "otherDepositId", o.file_index as "otherFileIndex",
       d.received_at as "otherReceivedAt"
     from file_digest f join file_digest o on o.account_id = f.account_id and o.sha256 = f.sha256 and o.deposit_id <> f.deposit_id
       join deposit d on d.deposit_id = o.deposit_id
     where f.account_id = $1 and f.deposit_id = $2
     order by f.file_index, d.received_at, o.deposit_id, o.file_index limit $3`,
    [accountId, depositId, limit],
  );
  return rows;
}
