import type { CookieOptions } from 'express';
import * as z from 'zod';
import type { AccountService } from '../access/account-service.ts';
import type { Authentication } from '../access/authentication.ts';
import { meSchema, type SignInWays, signInWaysSchema } from './answers.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

const signInQuery = z.strictObject({ token: z.string().min(1).max(200) });

export interface CookieSettings {
  /** `__Host-…` needs `secure`. */
  name: string;
  /** False only where pages are served without TLS, on the loopback. */
  secure: boolean;
}

/** Signing in by a one-time link, signing out, and who one is. */
export function accessRoutes(
  authentication: Authentication,
  cookie: CookieSettings,
  accounts: Pick<AccountService, 'memberships'>,
  signInWays: () => SignInWays,
): Route[] {
  const attributes: CookieOptions = { httpOnly: true, sameSite: 'strict', secure: cookie.secure, path: '/' };
  return [
    {
      method: 'get',
      path: '/sign-in',
      operationId: 'signIn',
      tag: 'access',
      summary: { zh: '凭一次性链接登录', en: 'Sign in by a one-time link' },
      description:
        'Uses up the token, sets the session cookie (HttpOnly, SameSite=Strict) and goes on to the first page.',
      parameters: { query: signInQuery },
      answers: [{ status: 303, means: 'Signed in; `Location: /`.' }],
      problems: ['sign-in-token-invalid', 'invalid-parameter'],
      may: 'public',
      handle: async (req, res) => {
        const { token } = parseParameters(signInQuery, req.query);
        const { session, expiresAt } = await authentication.signIn(token);
        res.cookie(cookie.name, session, { ...attributes, expires: expiresAt });
        // The token stands in this page's address: the next one must not be told.
        res.set('Referrer-Policy', 'no-referrer').redirect(303, '/');
      },
    },
    {
      method: 'post',
      path: '/api/v1/sign-out',
      operationId: 'signOut',
      tag: 'access',
      summary: { zh: '退出登录', en: 'Sign out' },
      answers: [{ status: 204, means: 'The session, if there was one, is over.' }],
      problems: ['cross-site-request'],
      may: 'public',
      handle: async (req, res) => {
        await authentication.signOut(req);
        res.clearCookie(cookie.name, attributes).status(204).end();
      },
    },
    {
      method: 'get',
      path: '/api/v1/sign-in',
      operationId: 'getSignInWays',
      tag: 'access',
      summary: { zh: '可用的登录方式', en: 'Ways to sign in' },
      description:
        'Passwords, passkeys and second factors are served under /api/auth, by better-auth; see docs/api.md.',
      answers: [
        { status: 200, means: 'What there is.', mediaType: 'application/json', body: { json: signInWaysSchema } },
      ],
      problems: [],
      may: 'public',
      handle: (_req, res) => sendJson(res, 200, signInWays()),
    },
    {
      method: 'get',
      path: '/api/v1/me',
      operationId: 'getMe',
      tag: 'access',
      summary: { zh: '当前账户', en: 'The account that calls' },
      answers: [{ status: 200, means: 'The account.', mediaType: 'application/json', body: { json: meSchema } }],
      problems: [],
      may: 'self.read',
      handle: async (_req, res, caller) => {
        const { accountId, name, kind, identityMethod } = caller.account;
        const memberships = await accounts.memberships(caller);
        sendJson(res, 200, {
          ...{ accountId, name, kind, identityMethod, by: caller.by },
          roles: caller.principal.roles,
          scopes: caller.principal.scopes,
          user: caller.user && {
            userId: caller.user.userId,
            name: caller.user.name,
            email: caller.user.email,
            emailConfirmed: caller.user.emailConfirmed,
            twoFactorEnabled: caller.user.twoFactorEnabled,
          },
          accounts: memberships.map(({ account, roles }) => ({
            ...{ accountId: account.accountId, name: account.name, kind: account.kind, roles },
          })),
        });
      },
    },
  ];
}
