import { ACCOUNT_COLUMNS, type Account } from './accounts.ts';
import type { Queryable } from './pool.ts';

/** An account in which a user may act. */
export interface MembershipRow {
  account: Account;
  /** Those of the user that the account has, too. */
  roles: string[];
}

const EFFECTIVE = "(select coalesce(array_agg(r order by r), '{}') from unnest(m.roles) r where r = any (a.roles))";

/** The one that the user came to last is first: whoever joins a firm acts for it until he says otherwise. */
export async function selectMemberships(q: Queryable, userId: string): Promise<MembershipRow[]> {
  const { rows } = await q.query<Account & { memberRoles: string[] }>(
    `select ${ACCOUNT_COLUMNS}, ${EFFECTIVE} as "memberRoles"
     from membership m join account a using (account_id) where m.user_id = $1 order by m.since desc, m.account_id`,
    [userId],
  );
  return rows.map(({ memberRoles, ...account }) => ({ account, roles: memberRoles }));
}

/** Undefined if the session chose none, or one of which its user is no member any more. */
export async function selectActingAccount(
  q: Queryable,
  sessionId: string,
  userId: string,
): Promise<string | undefined> {
  const { rows } = await q.query<{ accountId: string }>(
    `select account_id as "accountId" from acting_account join membership using (account_id)
     where session_id = $1 and user_id = $2`,
    [sessionId, userId],
  );
  return rows[0]?.accountId;
}

export async function upsertActingAccount(q: Queryable, sessionId: string, accountId: string): Promise<void> {
  await q.query(
    `insert into acting_account (session_id, account_id) values ($1, $2)
     on conflict (session_id) do update set account_id = excluded.account_id`,
    [sessionId, accountId],
  );
}

export interface MemberRow {
  memberId: string;
  userId: string;
  name: string;
  email: string;
  roles: string[];
  isOwner: boolean;
  since: Date;
}

/** Members of an organisation's account, oldest first. */
export async function selectMembers(q: Queryable, accountId: string): Promise<MemberRow[]> {
  const { rows } = await q.query<MemberRow>(
    `select o."id" as "memberId", m.user_id as "userId", u."name", u."email", ${EFFECTIVE} as roles,
       'owner' = any (string_to_array(o."role", ',')) as "isOwner", m.since
     from membership m join account a using (account_id)
     join auth."user" u on u."id" = m.user_id
     join auth."member" o on o."userId" = m.user_id and o."organizationId" = a.organization_id
     where m.account_id = $1 order by m.since, m.user_id`,
    [accountId],
  );
  return rows;
}

export interface InvitationRow {
  invitationId: string;
  email: string;
  roles: string[];
  expiresAt: Date;
}

/** Those that wait for an answer and have not expired at `at`. */
export async function selectOpenInvitations(q: Queryable, accountId: string, at: Date): Promise<InvitationRow[]> {
  const { rows } = await q.query<InvitationRow>(
    `select i."id" as "invitationId", i."email", roles_of_member(i."role") as roles, i."expiresAt"
     from auth."invitation" i join account a on a.organization_id = i."organizationId"
     where a.account_id = $1 and i."status" = 'pending' and i."expiresAt" > $2 order by i."createdAt", i."id"`,
    [accountId, at],
  );
  return rows;
}

/** An invitation as whoever got it sees it. */
export interface ReceivedInvitationRow extends InvitationRow {
  organisation: string;
}

/** To the address, from any organisation: those that wait for an answer and have not expired at `at`. */
export async function selectInvitationsTo(q: Queryable, email: string, at: Date): Promise<ReceivedInvitationRow[]> {
  const { rows } = await q.query<ReceivedInvitationRow>(
    `select i."id" as "invitationId", i."email", roles_of_member(i."role") as roles, i."expiresAt", o."name" as organisation
     from auth."invitation" i join auth."organization" o on o."id" = i."organizationId"
     where i."email" = lower($1) and i."status" = 'pending' and i."expiresAt" > $2 order by i."createdAt", i."id" limit 100`,
    [email, at],
  );
  return rows;
}

/** A session of a user, without what would let somebody use it. */
export interface UserSessionRow {
  sessionId: string;
  signedInAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  ipAddress: string | null;
  userAgent: string | null;
}

/** Those that have not expired at `at`, newest first. */
export async function selectUserSessions(q: Queryable, userId: string, at: Date): Promise<UserSessionRow[]> {
  const { rows } = await q.query<UserSessionRow>(
    `select "id" as "sessionId", "createdAt" as "signedInAt", "updatedAt" as "lastUsedAt", "expiresAt", "ipAddress", "userAgent"
     from auth."session" where "userId" = $1 and "expiresAt" > $2 order by "createdAt" desc, "id" limit 100`,
    [userId, at],
  );
  return rows;
}

/** Over at once. False if the user has no such session. */
export async function deleteUserSession(q: Queryable, userId: string, sessionId: string): Promise<boolean> {
  const { rowCount } = await q.query('delete from auth."session" where "userId" = $1 and "id" = $2', [
    userId,
    sessionId,
  ]);
  return rowCount === 1;
}

/** All but one are over at once. @returns how many */
export async function deleteOtherUserSessions(q: Queryable, userId: string, sessionId: string): Promise<number> {
  const { rowCount } = await q.query('delete from auth."session" where "userId" = $1 and "id" <> $2', [
    userId,
    sessionId,
  ]);
  return rowCount ?? 0;
}

/** The account's organisation; null for a person's and for accounts from the command line. */
export async function selectOrganizationId(q: Queryable, accountId: string): Promise<string | null> {
  const { rows } = await q.query<{ id: string | null }>(
    'select organization_id as id from account where account_id = $1',
    [accountId],
  );
  return rows[0]?.id ?? null;
}

export async function selectAccountOfOrganization(q: Queryable, organizationId: string): Promise<Account | undefined> {
  const { rows } = await q.query<Account>(`select ${ACCOUNT_COLUMNS} from account a where organization_id = $1`, [
    organizationId,
  ]);
  return rows[0];
}

export interface IdentityCheckRow {
  /** `none` takes an earlier check back. */
  method: string;
  checkedAt: Date | null;
  /** Who looked at the papers, in words. */
  checkedBy: string | null;
  recordedByUser: string | null;
  recordedByAccount: string | null;
  recordedAt: Date;
}

/** Adds to the history, and to the account what its next deposits print. Both or none: run it in a transaction. */
export async function insertIdentityCheck(q: Queryable, accountId: string, check: IdentityCheckRow): Promise<void> {
  await q.query(
    `insert into identity_check (account_id, method, checked_at, checked_by, recorded_by_user, recorded_by_account, recorded_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      accountId,
      check.method,
      check.checkedAt,
      check.checkedBy,
      check.recordedByUser,
      check.recordedByAccount,
      check.recordedAt,
    ],
  );
  await q.query(
    `update account set identity_method = $2, identity_checked_at = $3, identity_checked_by = $4 where account_id = $1`,
    [accountId, check.method, check.checkedAt, check.checkedBy],
  );
}

/** Newest first. */
export async function selectIdentityChecks(q: Queryable, accountId: string): Promise<IdentityCheckRow[]> {
  const { rows } = await q.query<IdentityCheckRow>(
    `select method, checked_at as "checkedAt", checked_by as "checkedBy", recorded_by_user as "recordedByUser",
       recorded_by_account as "recordedByAccount", recorded_at as "recordedAt"
     from identity_check where account_id = $1 order by identity_check_id desc`,
    [accountId],
  );
  return rows;
}

/** For the operator: by id, 101 at most after `after`; of those whose name holds `search`, or whose id is `search`. */
export async function selectAccounts(q: Queryable, after: string | null, search: string | null): Promise<Account[]> {
  const { rows } = await q.query<Account>(
    `select ${ACCOUNT_COLUMNS} from account a where ($1::uuid is null or a.account_id > $1)
       and ($2::text is null or strpos(lower(a.name), lower($2)) > 0 or a.account_id::text = lower($2))
     order by a.account_id limit 101`,
    [after, search],
  );
  return rows;
}

/** A user as the operator sees him. */
export interface UserRow {
  userId: string;
  name: string;
  email: string;
  emailConfirmed: boolean;
  twoFactorEnabled: boolean;
  passkeys: number;
  since: Date;
  accounts: { accountId: string; name: string; roles: string[] }[];
}

/** For the operator: by id, 101 at most after `after`; of those whose name or address holds `search`. */
export async function selectUsers(q: Queryable, after: string | null, search: string | null): Promise<UserRow[]> {
  const { rows } = await q.query<UserRow>(
    `select u."id" as "userId", u."name", u."email", u."emailVerified" as "emailConfirmed",
       coalesce(u."twoFactorEnabled", false) as "twoFactorEnabled",
       (select count(*)::integer from auth."passkey" p where p."userId" = u."id") as passkeys, u."createdAt" as since,
       coalesce((select json_agg(json_build_object('accountId', a.account_id, 'name', a.name, 'roles', ${EFFECTIVE}) order by m.since)
                 from membership m join account a using (account_id) where m.user_id = u."id"), '[]') as accounts
     from auth."user" u where ($1::text is null or u."id" > $1)
       and ($2::text is null or strpos(lower(u."name"), lower($2)) > 0 or strpos(lower(u."email"), lower($2)) > 0)
     order by u."id" limit 101`,
    [after, search],
  );
  return rows;
}

/** Base64 of the COSE key of a passkey, by the id that its authenticator has for it; undefined if the user has none such. */
export async function selectPasskeyKey(
  q: Queryable,
  userId: string,
  credentialId: string,
): Promise<string | undefined> {
  const { rows } = await q.query<{ publicKey: string }>(
    'select "publicKey" from auth."passkey" where "userId" = $1 and "credentialID" = $2',
    [userId, credentialId],
  );
  return rows[0]?.publicKey;
}

/** Whether an organisation has invited the address and waits for its answer at `at`. */
export async function isInvited(q: Queryable, email: string, at: Date): Promise<boolean> {
  const { rowCount } = await q.query(
    `select from auth."invitation" where "email" = lower($1) and "status" = 'pending' and "expiresAt" > $2 limit 1`,
    [email, at],
  );
  return rowCount === 1;
}

/** The organisation of a provider's users: made once, and given the roles that the configuration has for its members. */
export async function upsertProviderOrganisation(
  q: Queryable,
  providerId: string,
  organisation: { name: string; roles: readonly string[] },
): Promise<void> {
  await q.query(
    `insert into auth."organization" ("id", "name", "slug", "createdAt") values ($1, $2, $1, now()) on conflict do nothing`,
    [providerOrganisation(providerId), organisation.name],
  );
  await q.query('update account set roles = $2 where organization_id = $1', [
    providerOrganisation(providerId),
    organisation.roles,
  ]);
}

export async function insertProviderMember(
  q: Queryable,
  providerId: string,
  userId: string,
  roles: readonly string[],
): Promise<void> {
  await q.query(
    `insert into auth."member" ("id", "organizationId", "userId", "role", "createdAt")
     values (gen_random_uuid()::text, $1, $2, $3, now()) on conflict do nothing`,
    [
      providerOrganisation(providerId),
      userId,
      roles.map((role) => (role === 'administrator' ? 'admin' : role)).join(','),
    ],
  );
}

/** Cannot be that of an organisation which a user made: those have random ones. */
function providerOrganisation(providerId: string): string {
  return `oidc:${providerId}`;
}
