import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  type Account,
  deleteExpiredSessions,
  deleteSession,
  insertSession,
  insertSignInToken,
  selectAccountBySession,
  updateSignInTokenUsed,
} from '../db/accounts.ts';
import { insertApiKey, selectAccountByApiKey, updateApiKeyUsed } from '../db/api-keys.ts';
import { selectActingAccount, selectMemberships } from '../db/people.ts';
import type { Database } from '../db/pool.ts';
import { AccessError } from './access-error.ts';
import type { Action, Principal, Role } from './rules.ts';
import { API_KEY, hashSecret, isSecret, makeSecret, SESSION, SIGN_IN_TOKEN } from './secret.ts';

const DAY_MS = 24 * 3600_000;

/** Who calls, and by what. */
export interface Caller {
  /** The account in whose name he acts. */
  account: Account;
  /** `session` comes from a cookie, which a browser also sends on behalf of other sites. */
  by: 'api-key' | 'session';
  /** The same, as rules see it. */
  principal: Principal;
  /** Null for an API key, and for a session by one-time link. */
  user: SignedInUser | null;
}

/** A user's session, as it stands. */
export interface SignedInUser {
  userId: string;
  sessionId: string;
  name: string;
  email: string;
  twoFactorEnabled: boolean;
  emailConfirmed: boolean;
  /** Whether he signed in a short while ago (`FRESH_SECONDS`): whoever finds a browser left open does not change what matters. */
  isFresh: boolean;
}

/** Sessions of users; see sign-in.ts. */
export interface UserSessions {
  /** Undefined for a request without a session cookie of a user, or with one that is unknown or expired. */
  sessionOf(headers: IncomingHttpHeaders): Promise<SignedInUser | undefined>;
}

export interface AuthenticationOptions {
  db: Database;
  nowMs: () => number;
  /** Name of the session cookie by one-time link; `__Host-…` where pages are served over TLS. */
  cookieName: string;
  sessionMs: number;
  /** Absent: nobody signs in but by key and by one-time link. */
  users?: UserSessions;
}

/** API keys, sessions and one-time sign-in tokens. Secrets are shown once, when they are made; only their hashes are kept. */
export class Authentication {
  readonly #options: AuthenticationOptions;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  /**
   * The caller, by `Authorization: Bearer tz_…`, else by a session cookie. A bearer that is wrong is not made good by a cookie.
   * @throws AccessError `unauthenticated`, the same for missing, wrong, expired and revoked; `cross-site-request` if the cookie
   *   comes with a request that changes something and that no page of this server sent; `no-account`
   */
  async authenticate(req: IncomingMessage): Promise<Caller> {
    const authorization = req.headers.authorization;
    if (authorization !== undefined) {
      const key = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(authorization)?.[1];
      if (key === undefined || !isSecret(API_KEY, key)) throw unauthenticated();
      return this.#callerByKey(key);
    }
    const caller = (await this.#callerByLink(req)) ?? (await this.#callerByUser(req));
    if (caller === undefined) throw unauthenticated();
    refuseCrossSite(req);
    return caller;
  }

  async #callerByKey(secret: string): Promise<Caller> {
    const { db, nowMs } = this.#options;
    const now = new Date(nowMs());
    const found = await selectAccountByApiKey(db.pool, hashSecret(secret), now);
    if (found === undefined) throw unauthenticated();
    const { account, key } = found;
    if (key.lastUsedOn === null || now.getTime() - key.lastUsedOn.getTime() >= DAY_MS) {
      await updateApiKeyUsed(db.pool, key.keyId, now);
    }
    const principal: Principal = {
      accountId: account.accountId,
      userId: null,
      // An account that lost a role took it from its keys too.
      roles: key.roles.filter((role): role is Role => account.roles.includes(role)),
      by: 'api-key',
      scopes: key.scopes as Action[] | null,
    };
    return { account, by: 'api-key', principal, user: null };
  }

  /** Whoever holds the link acts with all that the account has. */
  async #callerByLink(req: IncomingMessage): Promise<Caller | undefined> {
    const session = this.#sessionOf(req);
    if (session === undefined) return undefined;
    const { db, nowMs } = this.#options;
    const account = await selectAccountBySession(db.pool, hashSecret(session), new Date(nowMs()));
    if (account === undefined) return undefined;
    const { accountId } = account;
    const roles = account.roles as Role[];
    return {
      account,
      by: 'session',
      user: null,
      principal: { accountId, userId: null, roles, by: 'session', scopes: null },
    };
  }

  async #callerByUser(req: IncomingMessage): Promise<Caller | undefined> {
    const { db, users } = this.#options;
    const user = await users?.sessionOf(req.headers);
    if (user === undefined) return undefined;
    const memberships = await selectMemberships(db.pool, user.userId);
    const chosen = await selectActingAccount(db.pool, user.sessionId, user.userId);
    // Where he has no role he could not even say that he would rather act for another account.
    const usable = memberships.filter(({ roles }) => roles.length > 0);
    const acting = usable.find(({ account }) => account.accountId === chosen) ?? usable[0] ?? memberships[0];
    if (acting === undefined) {
      throw new AccessError('no-account', 'the user belongs to no account: the address is to be confirmed first');
    }
    const { account } = acting;
    const principal: Principal = {
      accountId: account.accountId,
      userId: user.userId,
      roles: acting.roles as Role[],
      by: 'session',
      scopes: null,
    };
    return { account, by: 'session', principal, user };
  }

  /** A key for all that a holder may do by key, without end, shown this once: for the operator, not for requests (see api-keys.ts). */
  async createApiKey(accountId: string, label: string): Promise<string> {
    const key = makeSecret(API_KEY);
    await insertApiKey(this.#options.db.pool, { keyHash: hashSecret(key), accountId, label });
    return key;
  }

  /** A token that signs in once, within `validMs`. */
  async createSignInToken(accountId: string, validMs: number): Promise<string> {
    const token = makeSecret(SIGN_IN_TOKEN);
    const expiresAt = new Date(this.#options.nowMs() + validMs);
    await insertSignInToken(this.#options.db.pool, { tokenHash: hashSecret(token), accountId, expiresAt });
    return token;
  }

  /**
   * Uses up the token and opens a session, in one transaction: of two callers with one token exactly one gets in.
   * @throws AccessError `sign-in-token-invalid`, the same for unknown, used and expired
   */
  async signIn(token: string): Promise<{ session: string; expiresAt: Date }> {
    const { db, nowMs, sessionMs } = this.#options;
    const invalid = () => new AccessError('sign-in-token-invalid', 'this sign-in link is unknown, used or expired');
    if (!isSecret(SIGN_IN_TOKEN, token)) throw invalid();
    const session = makeSecret(SESSION);
    const now = new Date(nowMs());
    const expiresAt = new Date(now.getTime() + sessionMs);
    await db.transaction(async (client) => {
      const accountId = await updateSignInTokenUsed(client, hashSecret(token), now);
      if (accountId === undefined) throw invalid();
      await deleteExpiredSessions(client, now);
      await insertSession(client, { sessionHash: hashSecret(session), accountId, expiresAt });
    });
    return { session, expiresAt };
  }

  /** Ends the session of this request, if it has one. @throws AccessError `cross-site-request` */
  async signOut(req: IncomingMessage): Promise<void> {
    const session = this.#sessionOf(req);
    if (session === undefined) return;
    refuseCrossSite(req);
    await deleteSession(this.#options.db.pool, hashSecret(session));
  }

  #sessionOf(req: IncomingMessage): string | undefined {
    const value = cookieOf(req.headers.cookie ?? '', this.#options.cookieName);
    return value !== undefined && isSecret(SESSION, value) ? value : undefined;
  }
}

function unauthenticated(): AccessError {
  return new AccessError(
    'unauthenticated',
    'an API key (Authorization: Bearer tz_…) or a session is needed, and valid',
  );
}

/**
 * Browsers say by themselves where a request comes from: `Sec-Fetch-Site` (W3C Fetch Metadata), before it `Origin` (RFC 6454).
 * A request with a cookie and neither header is refused: every browser that keeps cookies sends one of them with a POST.
 */
export function refuseCrossSite(req: IncomingMessage): void {
  if (req.method === 'GET' || req.method === 'HEAD') return;
  const site = req.headers['sec-fetch-site'];
  const origin = req.headers.origin;
  const isSame =
    site !== undefined ? site === 'same-origin' : origin !== undefined && hostOf(origin) === req.headers.host;
  if (!isSame) {
    throw new AccessError('cross-site-request', 'a request signed in by cookie must come from a page of this server');
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** The first cookie of the name (RFC 6265 §4.2.1). Browsers send the one with the longest path first. */
export function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
