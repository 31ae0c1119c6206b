import type { IncomingHttpHeaders } from 'node:http';
import { passkey } from '@better-auth/passkey';
import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import { fromNodeHeaders } from 'better-auth/node';
import { genericOAuth, organization, twoFactor } from 'better-auth/plugins';
import { adminAc, memberAc, ownerAc } from 'better-auth/plugins/organization/access';
import pg from 'pg';
import { insertProviderMember, isInvited, upsertProviderOrganisation } from '../db/people.ts';
import type { Database } from '../db/pool.ts';
import { text } from '../format/fields.ts';
import type { SignedInUser, UserSessions } from './authentication.ts';
import { alreadySignedUpMail, confirmationMail, invitationMail, passwordResetMail, type SendMail } from './mail.ts';
import type { OidcProvider } from './oidc-settings.ts';
import { passkeyAddresses } from './passkey-signature.ts';
import { ROLES } from './rules.ts';

export interface SignInSettings {
  /** Signs cookies, encrypts what second factors rest on. 32 characters or more. */
  secret: string;
  /** Where readers reach this service, without a slash at the end. */
  publicUrl: string;
  providers: readonly OidcProvider[];
  /** `invited`: only addresses that an organisation has invited, and users of providers. */
  signUp: 'open' | 'invited';
}

export interface SignInParts {
  db: Database;
  /** Of the same database. */
  databaseUrl: string;
  settings: SignInSettings;
  sendMail: SendMail;
  onTrouble: (error: unknown) => void;
}

/** Sessions last as long as those by one-time link. */
export const SESSION_SECONDS = 12 * 3600;
/** So long after signing in, what can be abused for long may be changed without proving once more who one is. */
export const FRESH_SECONDS = 900;
const MAX_CONNECTIONS = 5;
/** How often a provider that was away at the start is asked again. */
const PROVIDER_RETRY_MS = 60_000;

const personName = text(200);

/** Users, their passwords, passkeys, second factors and sessions, kept by better-auth in the schema `auth`. */
export class SignIn implements UserSessions {
  readonly settings: SignInSettings;
  readonly #pool: pg.Pool;
  readonly #parts: SignInParts;
  #auth: Auth;
  #providersAway: readonly OidcProvider[] = [];
  #retry: NodeJS.Timeout | undefined;

  private constructor(parts: SignInParts) {
    this.#parts = parts;
    this.settings = parts.settings;
    this.#pool = new pg.Pool({
      connectionString: parts.databaseUrl,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: 10_000,
    });
    this.#pool.on('error', parts.onTrouble);
    // Queued before whatever the connection is taken for.
    this.#pool.on('connect', (client) => void client.query('set search_path to auth').catch(parts.onTrouble));
    this.#auth = this.#build([]);
  }

  /** Expects the schema of 0010-people.sql. A provider that does not answer is asked again later; the others can be used meanwhile. */
  static async open(parts: SignInParts): Promise<SignIn> {
    const signIn = new SignIn(parts);
    try {
      for (const provider of parts.settings.providers) {
        if (provider.organisation !== null)
          await parts.db.transaction((q) =>
            upsertProviderOrganisation(
              q,
              provider.id,
              provider.organisation as NonNullable<OidcProvider['organisation']>,
            ),
          );
      }
      await signIn.#connectProviders();
    } catch (error) {
      await signIn.close();
      throw error;
    }
    return signIn;
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#pool.end();
  }

  /** What better-auth can do with a session's own headers: organisations, invitations, members. */
  get api(): Auth['api'] {
    return this.#auth.api;
  }

  /** Providers that can be used now. */
  providers(): { id: string; name: string }[] {
    return this.settings.providers
      .filter((provider) => !this.#providersAway.includes(provider))
      .map(({ id, name }) => ({ id, name }));
  }

  async handle(request: Request): Promise<Response> {
    return this.#auth.handler(request);
  }

  async sessionOf(headers: IncomingHttpHeaders): Promise<SignedInUser | undefined> {
    // Asked of the database each time: what was ended is over at once.
    if (headers.cookie === undefined) return undefined;
    const found = await this.#auth.api.getSession({ headers: fromNodeHeaders({ cookie: headers.cookie }) });
    if (found === null) return undefined;
    const { user, session } = found;
    return {
      userId: user.id,
      sessionId: session.id,
      name: user.name,
      email: user.email,
      twoFactorEnabled: (user as { twoFactorEnabled?: boolean | null }).twoFactorEnabled === true,
      emailConfirmed: user.emailVerified,
      // By the clock by which better-auth judges its own.
      isFresh: Date.now() - session.createdAt.getTime() < FRESH_SECONDS * 1000,
    };
  }

  async #connectProviders(): Promise<void> {
    const { providers } = this.settings;
    if (providers.length === 0) return;
    const answers = await Promise.all(providers.map((provider) => this.#answers(provider)));
    const here = providers.filter((_, i) => answers[i]);
    // better-auth asks each provider once, when it is made, and forgets those that are away.
    const auth = this.#build(here);
    await auth.$context;
    this.#auth = auth;
    this.#providersAway = providers.filter((_, i) => !answers[i]);
    if (this.#providersAway.length === 0) return;
    this.#retry = setTimeout(() => void this.#connectProviders().catch(this.#parts.onTrouble), PROVIDER_RETRY_MS);
    this.#retry.unref();
  }

  async #answers(provider: OidcProvider): Promise<boolean> {
    try {
      const answer = await fetch(discoveryUrl(provider), { signal: AbortSignal.timeout(10_000), redirect: 'error' });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const { issuer } = (await answer.json()) as { issuer?: unknown };
      // OpenID Connect Discovery §4.3
      if (issuer !== provider.issuer) throw new Error(`names the issuer ${String(issuer)}`);
      return true;
    } catch (cause) {
      this.#parts.onTrouble(
        new Error(`OIDC provider ${provider.id} (${provider.issuer}) cannot be used now`, { cause }),
      );
      return false;
    }
  }

  #build(providers: readonly OidcProvider[]): Auth {
    return betterAuth(optionsOf(this.#parts, this.#pool, providers));
  }
}

function optionsOf(
  { db, sendMail, onTrouble, settings }: SignInParts,
  pool: pg.Pool,
  providers: readonly OidcProvider[],
) {
  const { publicUrl, secret, signUp } = settings;
  const isSecure = new URL(publicUrl).protocol === 'https:';
  const { rpId, origins } = passkeyAddresses(publicUrl);
  const background = (work: Promise<unknown>) => void work.catch(onTrouble);
  return {
    appName: '铁证 Tiezheng',
    baseURL: publicUrl,
    basePath: '/api/auth',
    secret,
    database: pool,
    telemetry: { enabled: false },
    trustedOrigins: origins,
    // Counted before, by address of the caller and by user: see sign-in-guard.ts and auth-handler.ts.
    rateLimit: { enabled: false },
    logger: {
      level: 'error',
      // Messages may quote addresses and tokens.
      log: (level) => onTrouble(new Error(`better-auth reports an ${level}`)),
    },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      minPasswordLength: 12,
      maxPasswordLength: 128,
      autoSignIn: false,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: 3600,
      sendResetPassword: async ({ user, token }) =>
        sendMail(passwordResetMail(user.email, `${publicUrl}/reset-password?token=${token}`)),
      onExistingUserSignUp: async ({ user }) => sendMail(alreadySignedUpMail(user.email, `${publicUrl}/sign-in`)),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: false,
      autoSignInAfterVerification: false,
      expiresIn: 3600,
      sendVerificationEmail: async ({ user, url }) => sendMail(confirmationMail(user.email, url)),
    },
    session: {
      expiresIn: SESSION_SECONDS,
      updateAge: 3600,
      freshAge: FRESH_SECONDS,
      // A cache in the cookie would outlive the end of a session.
      cookieCache: { enabled: false },
    },
    // A provider that says it is somebody's address does not become that user.
    account: { accountLinking: { enabled: false }, encryptOAuthTokens: true, updateAccountOnSignIn: false },
    verification: { storeIdentifier: 'hashed' },
    user: { changeEmail: { enabled: false }, deleteUser: { enabled: false } },
    databaseHooks: {
      user: {
        create: {
          before: async (user, context) => {
            const name = personName.safeParse(user.name?.trim() || user.email);
            if (!name.success)
              throw new APIError('BAD_REQUEST', { code: 'INVALID_NAME', message: name.error.issues[0]?.message ?? '' });
            const isByProvider = context?.path?.startsWith('/callback/') === true;
            if (signUp === 'invited' && !isByProvider && !(await isInvited(db.pool, user.email, new Date()))) {
              throw new APIError('FORBIDDEN', {
                code: 'SIGN_UP_BY_INVITATION',
                message: 'this service takes users by invitation',
              });
            }
            return { data: { ...user, name: name.data } };
          },
        },
      },
      account: {
        create: {
          after: async (account) => {
            const provider = settings.providers.find(({ id }) => id === account.providerId);
            if (provider?.organisation)
              await insertProviderMember(db.pool, provider.id, account.userId, provider.organisation.roles);
          },
        },
      },
    },
    advanced: {
      // RFC 6265bis §4.1.3.2: with this prefix no other host and no plain connection can set it.
      cookiePrefix: isSecure ? '__Host-tiezheng' : 'tiezheng',
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, secure: isSecure, sameSite: 'lax', path: '/' },
      cookies: { session_token: { attributes: { sameSite: 'strict' } } },
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS] },
      backgroundTasks: { handler: background },
    },
    plugins: [
      twoFactor({
        issuer: '铁证 Tiezheng',
        backupCodeOptions: { storeBackupCodes: 'encrypted' },
        accountLockout: { enabled: true, maxFailedAttempts: 10, durationSeconds: 900 },
        trustDeviceMaxAge: 0,
      }),
      passkey({ rpID: rpId, rpName: '铁证 Tiezheng', origin: origins }),
      organization({
        roles: {
          owner: ownerAc,
          admin: adminAc,
          member: memberAc,
          ...Object.fromEntries(ROLES.filter((role) => role !== 'administrator').map((role) => [role, memberAc])),
        },
        organizationLimit: 20,
        membershipLimit: 1000,
        invitationExpiresIn: INVITATION_SECONDS,
        invitationLimit: 100,
        cancelPendingInvitationsOnReInvite: true,
        requireEmailVerificationOnInvitation: true,
        disableOrganizationDeletion: true,
        sendInvitationEmail: async ({ id, email, organization: { name } }) =>
          sendMail(invitationMail(email, name, `${publicUrl}/invitations/${id}`)),
      }),
      genericOAuth({
        config: providers.map((provider) => ({
          providerId: provider.id,
          name: provider.name,
          discoveryUrl: discoveryUrl(provider),
          requireIdTokenVerification: true,
          clientId: provider.clientId,
          clientSecret: provider.clientSecret,
          scopes: provider.scopes,
          pkce: true,
        })),
      }),
    ],
  } satisfies BetterAuthOptions;
}

/** Set by us on every request that is passed on; what the caller sent under this name is dropped. */
export const CLIENT_ADDRESS = 'x-tiezheng-client-address';
const INVITATION_SECONDS = 48 * 3600;

type Auth = ReturnType<typeof betterAuth<ReturnType<typeof optionsOf>>>;

function discoveryUrl({ issuer }: OidcProvider): string {
  return `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
}
