import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CookieOptions, Request, RequestHandler, Response } from 'express';
import { AccessError } from '../access/access-error.ts';
import { cookieOf, refuseCrossSite } from '../access/authentication.ts';
import { CLIENT_ADDRESS, FRESH_SECONDS, type SignIn } from '../access/sign-in.ts';
import type { SignInGuard } from '../access/sign-in-guard.ts';
import { HttpError } from './http-error.ts';
import type { RateLimit } from './rate-limit.ts';
import { mediaTypeOf, readBody } from './request-body.ts';

export interface AuthHandlerParts {
  signIn: SignIn;
  guard: SignInGuard;
  /** Requests that change something, from one address. */
  requests: RateLimit;
  nowMs: () => number;
}

/** What of better-auth is offered here. Anything else that it brings answers as what does not exist. */
const OFFERED: readonly string[] = [
  'POST /sign-up/email',
  'POST /sign-in/email',
  'POST /sign-in/social',
  'GET /callback/:id',
  'POST /sign-out',
  'GET /get-session',
  'GET /list-sessions',
  'POST /revoke-session',
  'POST /revoke-other-sessions',
  'GET /verify-email',
  'POST /send-verification-email',
  'POST /request-password-reset',
  'POST /reset-password',
  'POST /change-password',
  'POST /two-factor/enable',
  'POST /two-factor/disable',
  'POST /two-factor/get-totp-uri',
  'POST /two-factor/verify-totp',
  'POST /two-factor/verify-backup-code',
  'POST /two-factor/generate-backup-codes',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/update-passkey',
  'POST /passkey/delete-passkey',
  'GET /error',
];

const PREFIX = '/api/auth';
const MAX_BODY_BYTES = 64 * 1024;
const MARK_MS = 365 * 24 * 3600_000;
/** What better-auth would do for any session, and an open browser must not be enough for. */
const FRESH = ['/passkey/delete-passkey'];
/** Ask for mails to an address that the caller names. */
const MAILING = ['/sign-up/email', '/send-verification-email', '/request-password-reset'];

/** Passwords, passkeys, second factors and sessions: what better-auth answers, behind this server's own bounds. */
export function authHandler(parts: AuthHandlerParts): RequestHandler {
  const { signIn, guard, requests, nowMs } = parts;
  const { publicUrl } = signIn.settings;
  const isSecure = publicUrl.startsWith('https:');
  const markName = `${isSecure ? '__Host-' : ''}tiezheng-device`;
  const markAttributes: CookieOptions = {
    httpOnly: true,
    secure: isSecure,
    sameSite: 'strict',
    path: '/',
    maxAge: MARK_MS,
  };

  /** Seconds counted for nothing: the attempt waits. */
  const counted = async (subject: Uint8Array, what: 'passwords' | 'mails') => {
    const retryAfterSeconds = await guard.take(subject, what);
    if (retryAfterSeconds > 0) {
      throw new HttpError('sign-in-locked', `too many attempts: try again in ${retryAfterSeconds} s`, {
        retryAfterSeconds,
      });
    }
  };

  return async (req: Request, res: Response) => {
    res.locals.operationId = 'auth';
    const path = new URL(req.originalUrl, publicUrl).pathname.slice(PREFIX.length);
    if (!isOffered(req.method, path)) throw new HttpError('not-found', 'there is nothing at this address');
    if (req.method === 'GET') return send(res, await signIn.handle(requestOf(req, undefined)));

    const wait = requests.take(req.ip ?? '', nowMs());
    if (wait > 0) throw new HttpError('rate-limited', `try again in ${wait} s`, { retryAfterSeconds: wait });
    refuseOtherSites(req);
    if (!['application/json', ''].includes(mediaTypeOf(req))) {
      throw new HttpError('unsupported-media-type', `${mediaTypeOf(req)}: send application/json`);
    }
    if (FRESH.includes(path) && (await signIn.sessionOf(req.headers))?.isFresh === false) {
      throw new AccessError('fresh-sign-in-needed', `sign in again: the last time is more than ${FRESH_SECONDS} s ago`);
    }
    const bytes = await readBody(req, res, MAX_BODY_BYTES);
    const body = objectOf(bytes);
    const email = typeof body.email === 'string' ? body.email.slice(0, 320) : '';
    if (MAILING.includes(path)) await counted(guard.mailSubject(email), 'mails');

    let subject: Uint8Array | undefined;
    if (path === '/sign-in/email') {
      subject = guard.passwordSubject(email, cookieOf(req.headers.cookie ?? '', markName));
    } else if (typeof body.password === 'string' || typeof body.currentPassword === 'string') {
      // A session that was left open, or taken, is no place to guess its password either.
      const session = cookieOf(req.headers.cookie ?? '', `${isSecure ? '__Host-' : ''}tiezheng.session_token`);
      if (session !== undefined) subject = guard.sessionSubject(session);
    }
    if (subject !== undefined) await counted(subject, 'passwords');
    const answer = await signIn.handle(requestOf(req, bytes));
    if (subject !== undefined && answer.ok) {
      await guard.succeeded(subject);
      if (path === '/sign-in/email') res.cookie(markName, guard.newMark(email), markAttributes);
    }
    await send(res, answer);
  };

  /** As better-auth is to see it: at the public address, from an origin that was judged here, with no address header but ours. */
  function requestOf(req: Request, body: Uint8Array | undefined): globalThis.Request {
    const headers = new Headers();
    for (const name of ['cookie', 'user-agent', 'accept-language', 'accept'] as const) {
      const value = req.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    headers.set(CLIENT_ADDRESS, req.ip ?? '');
    headers.set('origin', new URL(publicUrl).origin);
    if (body !== undefined) headers.set('content-type', 'application/json');
    const { pathname, search } = new URL(req.originalUrl, publicUrl);
    // An empty body is what a browser sends for "no arguments".
    const content = body === undefined ? undefined : body.length === 0 ? '{}' : Buffer.from(body);
    return new Request(new URL(pathname + search, publicUrl), {
      method: req.method,
      headers,
      ...(content && { body: content }),
    });
  }
}

function isOffered(method: string, path: string): boolean {
  const asked = `${method} ${path.replace(/^(\/callback)\/[a-z][a-z0-9-]{0,31}$/, '$1/:id')}`;
  return OFFERED.includes(asked);
}

/** A browser says where a request comes from; without a cookie and without that word it is a program of the user's own. */
function refuseOtherSites(req: Request): void {
  const says = req.headers['sec-fetch-site'] !== undefined || req.headers.origin !== undefined;
  if (says || req.headers.cookie !== undefined) refuseCrossSite(req);
}

function objectOf(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The same for both.
  }
  throw new AccessError('invalid-account-request', 'the body is no JSON object');
}

async function send(res: Response, answer: globalThis.Response): Promise<void> {
  res.status(answer.status);
  for (const name of ['content-type', 'location', 'retry-after']) {
    const value = answer.headers.get(name);
    if (value !== null) res.set(name, value);
  }
  for (const cookie of answer.headers.getSetCookie()) res.append('Set-Cookie', cookie);
  if (answer.body === null) res.end();
  else await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), res);
}
