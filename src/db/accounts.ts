import type { Queryable } from './pool.ts';

export interface Account {
  accountId: string;
  name: string;
  kind: 'person' | 'organisation' | 'unknown';
  /** How the identity was checked; `none` is a value. */
  identityMethod: string;
  identityCheckedAt: Date | null;
  /** In words; null if nobody is named. */
  identityCheckedBy: string | null;
  /** The most that its members and keys can have. */
  roles: string[];
  createdAt: Date;
}

/** What a new account is made of; it begins with the roles that the schema gives every account. */
export type NewAccount = Pick<Account, 'accountId' | 'name' | 'kind' | 'identityMethod' | 'identityCheckedAt'>;

export const ACCOUNT_COLUMNS = `a.account_id as "accountId", a.name, a.kind, a.identity_method as "identityMethod",
  a.identity_checked_at as "identityCheckedAt", a.identity_checked_by as "identityCheckedBy", a.roles,
  a.created_at as "createdAt"`;

export async function insertAccount(q: Queryable, account: NewAccount): Promise<void> {
  await q.query(
    'insert into account (account_id, name, kind, identity_method, identity_checked_at) values ($1, $2, $3, $4, $5)',
    [account.accountId, account.name, account.kind, account.identityMethod, account.identityCheckedAt],
  );
}

export async function selectAccount(q: Queryable, accountId: string): Promise<Account | undefined> {
  return (await q.query<Account>(`select ${ACCOUNT_COLUMNS} from account a where account_id = $1`, [accountId]))
    .rows[0];
}

/** Writes over what an account may at most have. False if there is no such account. */
export async function updateAccountRoles(q: Queryable, accountId: string, roles: readonly string[]): Promise<boolean> {
  return (await q.query('update account set roles = $2 where account_id = $1', [accountId, roles])).rowCount === 1;
}

export async function insertSignInToken(
  q: Queryable,
  token: { tokenHash: Uint8Array; accountId: string; expiresAt: Date },
): Promise<void> {
  await q.query('insert into sign_in_token (token_hash, account_id, expires_at) values ($1, $2, $3)', [
    token.tokenHash,
    token.accountId,
    token.expiresAt,
  ]);
}

/** Uses up the token. The account that it signs in; undefined if it is unknown, used or expired. */
export async function updateSignInTokenUsed(
  q: Queryable,
  tokenHash: Uint8Array,
  at: Date,
): Promise<string | undefined> {
  const { rows } = await q.query<{ accountId: string }>(
    `update sign_in_token set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2
     returning account_id as "accountId"`,
    [tokenHash, at],
  );
  return rows[0]?.accountId;
}

export async function insertSession(
  q: Queryable,
  session: { sessionHash: Uint8Array; accountId: string; expiresAt: Date },
): Promise<void> {
  await q.query('insert into session (session_hash, account_id, expires_at) values ($1, $2, $3)', [
    session.sessionHash,
    session.accountId,
    session.expiresAt,
  ]);
}

/** Undefined if the session is unknown or has expired at `at`. */
export async function selectAccountBySession(
  q: Queryable,
  sessionHash: Uint8Array,
  at: Date,
): Promise<Account | undefined> {
  const { rows } = await q.query<Account>(
    `select ${ACCOUNT_COLUMNS} from session s join account a using (account_id) where s.session_hash = $1 and s.expires_at > $2`,
    [sessionHash, at],
  );
  return rows[0];
}

export async function deleteSession(q: Queryable, sessionHash: Uint8Array): Promise<void> {
  await q.query('delete from session where session_hash = $1', [sessionHash]);
}

/** Sessions and sign-in tokens that have expired at `at`. */
export async function deleteExpiredSessions(q: Queryable, at: Date): Promise<void> {
  await q.query('delete from session where expires_at <= $1', [at]);
  await q.query('delete from sign_in_token where expires_at <= $1', [at]);
}
