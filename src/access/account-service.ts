import { isAPIError } from 'better-auth/api';
import * as z from 'zod';
import { type Account, selectAccount, updateAccountRoles } from '../db/accounts.ts';
import {
  type ApiKeyRow,
  insertApiKey,
  lockApiKey,
  selectApiKeys,
  updateApiKeyReplaced,
  updateApiKeyRevoked,
} from '../db/api-keys.ts';
import {
  deleteOtherUserSessions,
  deleteUserSession,
  type IdentityCheckRow,
  type InvitationRow,
  insertIdentityCheck,
  type MemberRow,
  type MembershipRow,
  type ReceivedInvitationRow,
  selectAccountOfOrganization,
  selectAccounts,
  selectIdentityChecks,
  selectInvitationsTo,
  selectMembers,
  selectMemberships,
  selectOpenInvitations,
  selectOrganizationId,
  selectUserSessions,
  selectUsers,
  type UserRow,
  type UserSessionRow,
  upsertActingAccount,
} from '../db/people.ts';
import type { Database } from '../db/pool.ts';
import { text } from '../format/fields.ts';
import { AccessError } from './access-error.ts';
import type { Caller, SignedInUser } from './authentication.ts';
import { ACTIONS, type Action, mayEverDo, NEVER_BY_KEY, ROLES, type Role } from './rules.ts';
import { API_KEY, hashSecret, makeSecret } from './secret.ts';
import type { SignIn } from './sign-in.ts';

export const newKeySchema = z.strictObject({
  label: text(100),
  /** What the key may do; left out: all that its maker may do and a key ever may. */
  scopes: z.array(z.enum(ACTIONS)).min(1).max(ACTIONS.length).optional(),
  /** Days; after them the key is refused. */
  days: z.number().int().min(1).max(366),
});
export type NewKey = z.infer<typeof newKeySchema>;

export const rotationSchema = z.strictObject({
  days: z.number().int().min(1).max(366),
  /** Hours for which the old key goes on. */
  graceHours: z.number().int().min(0).max(720).default(24),
});

export const memberRolesSchema = z.strictObject({ roles: z.array(z.enum(ROLES)).max(ROLES.length) });
export const invitationSchema = z.strictObject({ email: z.email().max(320), ...memberRolesSchema.shape });
export const organisationSchema = z.strictObject({ name: text(200) });

export const identityCheckSchema = z
  .strictObject({
    /** `none` takes an earlier check back. */
    method: text(100),
    checkedAt: z.iso.datetime({ precision: 3 }).nullable(),
    /** Person or office, in words. */
    checkedBy: text(200).nullable(),
  })
  .refine(
    ({ method, checkedAt, checkedBy }) =>
      (method === 'none') === (checkedAt === null) && (method !== 'none' || checkedBy === null),
    { path: ['checkedAt'], message: 'expected a time for every method but "none", and nothing with "none"' },
  );

const HOUR_MS = 3600_000;
/** Keys in force, for one account. */
const MAX_KEYS = 100;

/** Accounts, their members, keys and identity checks. Whether the caller may is judged before, by the rules and by relation. */
export class AccountService {
  readonly #db: Database;
  readonly #signIn: SignIn | undefined;
  readonly #nowMs: () => number;

  constructor(parts: { db: Database; signIn: SignIn | undefined; nowMs: () => number }) {
    this.#db = parts.db;
    this.#signIn = parts.signIn;
    this.#nowMs = parts.nowMs;
  }

  /** Accounts in which the caller may act; the one of the key or link where there is no user. */
  async memberships({ user, account, principal }: Caller): Promise<MembershipRow[]> {
    if (user === null) return [{ account, roles: [...principal.roles] }];
    return selectMemberships(this.#db.pool, user.userId);
  }

  /** The account in which this session's user acts from now on. @throws AccessError `account-not-found`, `session-needed` */
  async act(caller: Caller, accountId: string): Promise<void> {
    const user = userOf(caller);
    const memberships = await selectMemberships(this.#db.pool, user.userId);
    if (!memberships.some(({ account }) => account.accountId === accountId)) throw noAccount(accountId);
    await upsertActingAccount(this.#db.pool, user.sessionId, accountId);
  }

  // ------------------------------------------------------------ organisations and members

  /** A new organisation, of which the user is the owner. @throws AccessError `session-needed`, `refused-by-sign-in` */
  async createOrganisation(caller: Caller, headers: Headers, name: string): Promise<Account> {
    userOf(caller);
    // Names are not taken by anybody: two firms may be called the same, and nobody learns of the other.
    const slug = crypto.randomUUID();
    const made = await this.#asked((api) => api.createOrganization({ headers, body: { name, slug } }));
    return (await selectAccountOfOrganization(this.#db.pool, made.id)) as Account;
  }

  async members(accountId: string): Promise<MemberRow[]> {
    return selectMembers(this.#db.pool, accountId);
  }

  async invitations(accountId: string): Promise<InvitationRow[]> {
    return selectOpenInvitations(this.#db.pool, accountId, new Date(this.#nowMs()));
  }

  /** @throws AccessError `account-not-found` for an account that is no organisation, `refused-by-sign-in`, `scope-not-held` */
  async invite(caller: Caller, headers: Headers, invitation: z.infer<typeof invitationSchema>): Promise<string> {
    const organizationId = await this.#organizationOf(caller);
    refuseRolesNotHad(caller.account, invitation.roles);
    const { id } = await this.#asked((api) =>
      api.createInvitation({
        headers,
        body: { organizationId, email: invitation.email, role: memberRole(invitation.roles) as 'member'[] },
      }),
    );
    return id;
  }

  /** @throws AccessError `invitation-not-found` */
  async cancelInvitation(caller: Caller, headers: Headers, invitationId: string): Promise<void> {
    const open = await this.invitations(caller.account.accountId);
    if (!open.some((invitation) => invitation.invitationId === invitationId)) throw noInvitation();
    await this.#asked((api) => api.cancelInvitation({ headers, body: { invitationId } }));
  }

  /** @returns the account in which the user may act now @throws AccessError `invitation-not-found`: unknown, used, expired, another's */
  async acceptInvitation(caller: Caller, headers: Headers, invitationId: string): Promise<string> {
    userOf(caller);
    const accepted = await this.#asked(
      (api) => api.acceptInvitation({ headers, body: { invitationId } }),
      () => noInvitation(),
    );
    const account = await selectAccountOfOrganization(this.#db.pool, accepted?.invitation.organizationId ?? '');
    if (account === undefined) throw noInvitation();
    return account.accountId;
  }

  /** Invitations that wait for this user's answer. @throws AccessError `session-needed` */
  async invitationsToMe(caller: Caller): Promise<ReceivedInvitationRow[]> {
    const { email, emailConfirmed } = userOf(caller);
    // Whoever only says that an address is his is not told who writes to it.
    return emailConfirmed ? selectInvitationsTo(this.#db.pool, email, new Date(this.#nowMs())) : [];
  }

  /** Nobody can accept it any more. @throws AccessError `invitation-not-found`: unknown, used, another's; `session-needed` */
  async declineInvitation(caller: Caller, headers: Headers, invitationId: string): Promise<void> {
    userOf(caller);
    await this.#asked(
      (api) => api.rejectInvitation({ headers, body: { invitationId } }),
      () => noInvitation(),
    );
  }

  // ------------------------------------------------------------ sessions of a user

  /** Newest first. @throws AccessError `session-needed` */
  async sessions(caller: Caller): Promise<(UserSessionRow & { isThisOne: boolean })[]> {
    const { userId, sessionId } = userOf(caller);
    const rows = await selectUserSessions(this.#db.pool, userId, new Date(this.#nowMs()));
    return rows.map((row) => ({ ...row, isThisOne: row.sessionId === sessionId }));
  }

  /** @throws AccessError `session-not-found`, `session-needed` */
  async endSession(caller: Caller, sessionId: string): Promise<void> {
    const { userId } = userOf(caller);
    if (!(await deleteUserSession(this.#db.pool, userId, sessionId))) {
      throw new AccessError('session-not-found', `you have no session ${sessionId}`);
    }
  }

  /** All but this one. @returns how many ended @throws AccessError `session-needed` */
  async endOtherSessions(caller: Caller): Promise<number> {
    const { userId, sessionId } = userOf(caller);
    return deleteOtherUserSessions(this.#db.pool, userId, sessionId);
  }

  /** @throws AccessError `member-not-found`, `scope-not-held`, `refused-by-sign-in` for the last owner */
  async changeMember(caller: Caller, headers: Headers, userId: string, roles: readonly Role[]): Promise<void> {
    const organizationId = await this.#organizationOf(caller);
    refuseRolesNotHad(caller.account, roles);
    const { memberId } = await this.#member(caller, userId);
    await this.#asked((api) =>
      api.updateMemberRole({ headers, body: { organizationId, memberId, role: memberRole(roles) as 'member'[] } }),
    );
  }

  /** @throws AccessError `member-not-found`, `refused-by-sign-in` for the last owner */
  async removeMember(caller: Caller, headers: Headers, userId: string): Promise<void> {
    const organizationId = await this.#organizationOf(caller);
    const { memberId } = await this.#member(caller, userId);
    await this.#asked((api) => api.removeMember({ headers, body: { organizationId, memberIdOrEmail: memberId } }));
  }

  async #member({ account }: Caller, userId: string): Promise<MemberRow> {
    const member = (await this.members(account.accountId)).find((row) => row.userId === userId);
    if (member === undefined) throw new AccessError('member-not-found', `the account has no member ${userId}`);
    return member;
  }

  async #organizationOf(caller: Caller): Promise<string> {
    userOf(caller);
    const id = await selectOrganizationId(this.#db.pool, caller.account.accountId);
    if (id === null) throw new AccessError('account-not-found', 'the account is no organisation: it has no members');
    return id;
  }

  async #asked<T>(ask: (api: SignIn['api']) => Promise<T>, otherwise?: () => AccessError): Promise<T> {
    if (this.#signIn === undefined) throw new AccessError('session-needed', 'this service has no users');
    try {
      return await ask(this.#signIn.api);
    } catch (cause) {
      if (!isAPIError(cause)) throw cause;
      const { code, message } = (cause.body ?? {}) as { code?: string; message?: string };
      throw otherwise?.() ?? new AccessError('refused-by-sign-in', message ?? code ?? 'refused', { cause });
    }
  }

  // ------------------------------------------------------------ API keys

  async keys(accountId: string): Promise<ApiKeyRow[]> {
    return selectApiKeys(this.#db.pool, accountId);
  }

  /**
   * A new key, shown this once. It never may more than whoever makes it.
   * @throws AccessError `session-needed` for whoever came by key, `scope-not-held`
   */
  async createKey(caller: Caller, wanted: NewKey): Promise<{ keyId: string; secret: string }> {
    refuseKeys(caller);
    const scopes = scopesFor(caller, wanted.scopes);
    const nowMs = this.#nowMs();
    const inForce = (await this.keys(caller.account.accountId)).filter((key) => isInForce(key, nowMs));
    if (inForce.length >= MAX_KEYS) {
      throw new AccessError('invalid-account-request', `${inForce.length} keys are in force, at most ${MAX_KEYS}`);
    }
    const secret = makeSecret(API_KEY);
    const keyId = await insertApiKey(this.#db.pool, {
      keyHash: hashSecret(secret),
      accountId: caller.account.accountId,
      label: wanted.label,
      roles: caller.principal.roles,
      scopes,
      expiresAt: new Date(nowMs + 24 * HOUR_MS * wanted.days),
      createdBy: caller.user?.userId ?? null,
    });
    return { keyId, secret };
  }

  /**
   * A key that may the same, at most as much as whoever asks; the old one goes on for `graceHours`. A key is replaced once.
   * @throws AccessError `key-not-found` also for one that is revoked, expired or replaced, `session-needed`, `scope-not-held`
   */
  async rotateKey(
    caller: Caller,
    keyId: string,
    { days, graceHours }: z.infer<typeof rotationSchema>,
  ): Promise<{ keyId: string; secret: string }> {
    refuseKeys(caller);
    const { accountId } = caller.account;
    const nowMs = this.#nowMs();
    const secret = makeSecret(API_KEY);
    return this.#db.transaction(async (q) => {
      const old = await lockApiKey(q, accountId, keyId);
      if (old === undefined || !isInForce(old, nowMs) || old.replacedBy !== null) throw noKey(keyId);
      const replaced = await insertApiKey(q, {
        keyHash: hashSecret(secret),
        accountId,
        label: old.label,
        roles: old.roles.filter((role) => caller.principal.roles.includes(role as Role)),
        scopes: scopesFor(caller, (old.scopes as Action[] | null) ?? undefined),
        expiresAt: new Date(nowMs + 24 * HOUR_MS * days),
        createdBy: caller.user?.userId ?? null,
      });
      await updateApiKeyReplaced(q, keyId, replaced, new Date(nowMs + HOUR_MS * graceHours));
      return { keyId: replaced, secret };
    });
  }

  /** What keys that the caller makes may be allowed. */
  offeredScopes(caller: Caller): Action[] {
    return scopesFor(caller, undefined);
  }

  /** @throws AccessError `key-not-found` */
  async revokeKey({ account }: Caller, keyId: string): Promise<void> {
    const now = new Date(this.#nowMs());
    if (!(await updateApiKeyRevoked(this.#db.pool, account.accountId, keyId, now))) throw noKey(keyId);
  }

  // ------------------------------------------------------------ identity checks and what an account may be

  async identityChecks(accountId: string): Promise<IdentityCheckRow[]> {
    return selectIdentityChecks(this.#db.pool, accountId);
  }

  /** @throws AccessError `account-not-found`; `invalid-account-request` for a check in the future */
  async recordIdentityCheck(
    { principal }: Caller,
    accountId: string,
    check: z.infer<typeof identityCheckSchema>,
  ): Promise<void> {
    const recordedAt = new Date(this.#nowMs());
    const checkedAt = check.checkedAt === null ? null : new Date(check.checkedAt);
    if (checkedAt !== null && checkedAt > recordedAt) {
      throw new AccessError('invalid-account-request', `checkedAt ${check.checkedAt} lies in the future`);
    }
    await this.#db.transaction(async (q) => {
      if ((await selectAccount(q, accountId)) === undefined) throw noAccount(accountId);
      await insertIdentityCheck(q, accountId, {
        method: check.method,
        checkedAt,
        checkedBy: check.checkedBy,
        recordedByUser: principal.userId,
        recordedByAccount: principal.accountId,
        recordedAt,
      });
    });
  }

  /** For the operator; one more than a page tells that there is another. */
  async accounts(after: string | null, search: string | null): Promise<Account[]> {
    return selectAccounts(this.#db.pool, after, search);
  }

  /** For the operator; one more than a page tells that there is another. */
  async users(after: string | null, search: string | null): Promise<UserRow[]> {
    return selectUsers(this.#db.pool, after, search);
  }

  /** For the operator. @throws AccessError `account-not-found` */
  async identityChecksOf(accountId: string): Promise<IdentityCheckRow[]> {
    if ((await selectAccount(this.#db.pool, accountId)) === undefined) throw noAccount(accountId);
    return this.identityChecks(accountId);
  }

  /** What the account and its members may at most be. @throws AccessError `account-not-found` */
  async setRoles(accountId: string, roles: readonly Role[]): Promise<void> {
    if (!(await updateAccountRoles(this.#db.pool, accountId, roles))) throw noAccount(accountId);
  }
}

function userOf({ user }: Caller): SignedInUser {
  if (user === null) throw new AccessError('session-needed', 'only for a user who is signed in');
  return user;
}

function refuseKeys({ by }: Caller): void {
  if (by === 'api-key') throw new AccessError('session-needed', 'a key makes no keys: sign in for that');
}

/** @throws AccessError `scope-not-held` naming what the maker may not do, or no key may */
function scopesFor({ principal }: Caller, wanted: readonly Action[] | undefined): Action[] {
  const held = (action: Action) => mayEverDo({ ...principal, by: 'api-key' }, action);
  if (wanted === undefined) return ACTIONS.filter(held);
  const tooMuch = wanted.filter((action) => !held(action));
  if (tooMuch.length > 0) {
    const never = tooMuch.filter((action) => NEVER_BY_KEY.includes(action));
    const why = never.length > 0 ? `; no key may ${never.join(', ')}` : '';
    throw new AccessError('scope-not-held', `you may not give ${tooMuch.join(', ')}${why}`);
  }
  return [...new Set(wanted)];
}

function refuseRolesNotHad(account: Account, roles: readonly Role[]): void {
  const tooMuch = roles.filter((role) => !account.roles.includes(role));
  if (tooMuch.length > 0) {
    throw new AccessError(
      'scope-not-held',
      `the account is not ${tooMuch.join(', ')}: ask the operator of the service`,
    );
  }
}

/** Ours in better-auth's spelling. `member` alone is somebody who may do nothing yet. */
function memberRole(roles: readonly Role[]): string[] {
  return ['member', ...roles.map((role) => (role === 'administrator' ? 'admin' : role))];
}

function isInForce({ revokedAt, expiresAt }: ApiKeyRow, nowMs: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt.getTime() > nowMs);
}

function noAccount(accountId: string): AccessError {
  return new AccessError('account-not-found', `there is no account ${accountId} for you`);
}

function noInvitation(): AccessError {
  return new AccessError('invitation-not-found', 'there is no such invitation that waits for you');
}

function noKey(keyId: string): AccessError {
  return new AccessError('key-not-found', `the account has no key ${keyId} in force`);
}
