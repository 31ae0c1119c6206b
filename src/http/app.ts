import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { AccessError } from '../access/access-error.ts';
import { AccountService } from '../access/account-service.ts';
import type { Authentication, Caller } from '../access/authentication.ts';
import { passkeyAddresses, passkeySignature } from '../access/passkey-signature.ts';
import { mayEverDo } from '../access/rules.ts';
import { FRESH_SECONDS, type SignIn } from '../access/sign-in.ts';
import type { SignInGuard } from '../access/sign-in-guard.ts';
import type { CalendarStatus } from '../calendar/calendar-worker.ts';
import { makeFileProofs } from '../calendar/deposit-proofs.ts';
import { makeContentProof } from '../certificate/content-proof.ts';
import type { VerificationReporter } from '../certificate/verification-report/reporter.ts';
import type { Database } from '../db/pool.ts';
import { fenced } from '../db/row-security.ts';
import type { Erasures } from '../erasure/erasures.ts';
import { MAX_FILES } from '../format/deposit.ts';
import { DepositError } from '../intake/deposit-error.ts';
import type { DepositPreviews } from '../intake/deposit-previews.ts';
import { MAX_UPLOADED_FILES } from '../intake/deposit-request.ts';
import type { DepositService } from '../intake/deposit-service.ts';
import type { UploadParts } from '../intake/resumable/upload-parts.ts';
import type { Uploads } from '../intake/resumable/uploads.ts';
import type { UploadReceiver } from '../intake/upload-engine.ts';
import type { LogReader } from '../log/log-reader.ts';
import { Matters } from '../matters/matters.ts';
import { VerificationRequests } from '../matters/requests.ts';
import type { WebhookService } from '../notices/webhook-service.ts';
import { EvidenceRecords } from '../renewal/evidence-records.ts';
import { requireRelation } from '../sharing/grants.ts';
import type { StatusService } from '../status/status-service.ts';
import type { ContentVault } from '../storage/stored-content.ts';
import type { Timestamping } from '../timestamp/timestamping.ts';
import { makeDepositProof } from '../witness/deposit-proof.ts';
import { accessRoutes, type CookieSettings } from './access-routes.ts';
import { accountRoutes } from './account-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { authHandler } from './auth-handler.ts';
import { type CustodyRouteParts, custodyRoutes } from './custody-routes.ts';
import { type DepositRouteParts, depositRoutes } from './deposit-routes.ts';
import { DOCS_POLICY, problemAnswerPage } from './docs-page.ts';
import { docsRoutes } from './docs-routes.ts';
import { erasureRoutes } from './erasure-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { HttpError } from './http-error.ts';
import { type IntakeLimits, intakeRoutes } from './intake-routes.ts';
import { logRoutes } from './log-routes.ts';
import { lookUpRoutes } from './look-up-routes.ts';
import { matterRoutes } from './matter-routes.ts';
import { noticeRoutes } from './notice-routes.ts';
import { firstPageForAddresses, pages } from './pages.ts';
import { type PlatformRouteParts, platformRoutes } from './platform-routes.ts';
import { problemOf } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import type { Readiness } from './readiness.ts';
import { readOnBriefly } from './request-body.ts';
import { requestRoutes } from './request-routes.ts';
import { resumableRoutes } from './resumable-routes.ts';
import { expressPath, type RestrictedRoute, type Route } from './route.ts';
import { sendBytes } from './send.ts';
import { type ServiceIdentity, serviceRoutes } from './service-routes.ts';
import { sharingRoutes } from './sharing-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { tsaRoutes } from './tsa-routes.ts';
import { verificationReportRoutes } from './verification-report-routes.ts';

export interface HttpLimits extends IntakeLimits {
  /** Of one file; what the upload receiver was made with. */
  maxFileBytes: number;
  /** Of one account. */
  requestsPerMinute: number;
  /** From one address; more are answered 429. */
  failedSignInsPerMinute: number;
  /** From one address, to /api/auth, that change something. */
  signInRequestsPerMinute: number;
  /** From one address, of links that do not open. */
  failedOpeningsPerMinute: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxFileBytes: 5 * 1024 ** 3,
  maxUploadBytes: 20 * 1024 ** 3,
  maxUploadsAtOnce: 64,
  maxLines: 10_000,
  maxLineBytes: 256 * 1024,
  requestsPerMinute: 60_000,
  failedSignInsPerMinute: 60,
  signInRequestsPerMinute: 120,
  failedOpeningsPerMinute: 30,
};

export interface AppParts {
  db: Database;
  vault: ContentVault;
  authentication: Authentication;
  cookie: CookieSettings;
  /** Users who sign in by themselves; null: callers come by key and by one-time link alone. */
  people: { signIn: SignIn; guard: SignInGuard } | null;
  deposits: DepositService;
  uploads: UploadReceiver;
  /** Content that follows its digests. */
  resumable: { uploads: Uploads; parts: UploadParts; maxFileBytes: number };
  previews: DepositPreviews;
  erasures: Pick<Erasures, 'erase' | 'of'>;
  log: LogReader;
  /** The checkpoint in the register, its exact note; undefined before the first. */
  registerNote: () => Promise<Uint8Array | undefined>;
  readiness: Readiness;
  statuses: Pick<StatusService, 'answer'>;
  custody: CustodyRouteParts['custody'];
  /** Where people reach this service. */
  publicUrl: string;
  webhooks: WebhookService;
  /** Statements of offices about what they verified. */
  reporter: Pick<VerificationReporter, 'make'>;
  identity: ServiceIdentity;
  writePackage: DepositRouteParts['writePackage'];
  anchoringTrouble: DepositRouteParts['anchoringTrouble'];
  chains: DepositRouteParts['chains'];
  /** The authorities that are asked, and the one that answers here, if any. */
  timestamping: Pick<Timestamping, 'status' | 'builtIn'>;
  calendars: () => readonly CalendarStatus[];
  /** What only those see who run the service or audit it. */
  operation: Pick<PlatformRouteParts, 'profiles' | 'sealChain' | 'anchoring' | 'witnesses'>;
  limits: HttpLimits;
  /** Folder of the built pages; null serves the interface alone. */
  pagesFolder: string | null;
  /** Express's `trust proxy`: which peers' X-Forwarded-For is believed. */
  trustProxy: boolean | string | number;
  logger: Logger;
  nowMs: () => number;
}

/** Everything that this server answers, in one place. */
export function buildApp(parts: AppParts): Express {
  const { logger, pagesFolder, limits } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', parts.trustProxy);
  app.set('query parser', 'simple');

  app.use((req, res, next) => {
    res.locals.requestId = randomUUID();
    res.set('X-Request-Id', res.locals.requestId);
    // Answers are somebody's evidence unless a route says otherwise.
    res.set('Cache-Control', 'no-store');
    logWhenDone(logger, req, res);
    next();
  });
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      strictTransportSecurity: parts.cookie.secure,
      referrerPolicy: { policy: 'no-referrer' },
    }),
  );

  if (parts.people !== null) {
    const requests = new RateLimit(limits.signInRequestsPerMinute);
    // Before everything that reads bodies: better-auth reads its own.
    app.all('/api/auth/{*any}', authHandler({ ...parts.people, requests, nowMs: parts.nowMs }));
  }
  if (pagesFolder !== null) {
    // One address for people: with a token it is a one-time link, without one the page.
    const signInPage = firstPageForAddresses(pagesFolder);
    app.get('/sign-in', (req, res, next) => (req.query.token === undefined ? signInPage(req, res, next) : next()));
  }
  const routes = routesOf(parts);
  const handlers = new Handlers(parts);
  for (const route of routes) app[route.method](expressPath(route.path), handlers.of(route));
  for (const path of new Set(routes.map((route) => route.path))) app.all(expressPath(path), refuseMethod(routes, path));

  if (pagesFolder !== null) app.use(pages(pagesFolder), firstPageForAddresses(pagesFolder));
  app.use(() => {
    throw new HttpError('not-found', 'there is nothing at this address');
  });
  app.use(answerProblem(logger));
  return app;
}

/** What readers by link may ask for as well: these look at nothing of their caller but his principal. */
const READABLE_BY_LINK: readonly string[] = [
  'getDeposit',
  'getReceipt',
  'getCertificate',
  'getCertificatePdf',
  'getPackage',
  'getLogProof',
  'getFile',
  'getFileProof',
  'getPreview',
  'getMatter',
  'listParties',
  'listRights',
  'listRightProofs',
  'listItems',
  'listRelations',
  'getEvidenceIndex',
  'getEvidenceIndexCsv',
  'getEvidenceIndexPage',
  'listDerivatives',
];

/** Every route, those that describe the others included. */
export function routesOf(parts: AppParts): Route[] {
  const { db, vault, deposits, previews, writePackage, limits, identity } = parts;
  const onFailure = (error: unknown, res: Response) => logFailure(parts.logger, error, res);
  const signIn = parts.people?.signIn;
  const accounts = new AccountService({ db, signIn, nowMs: parts.nowMs });
  const signInWays = () => ({ providers: signIn?.providers() ?? null, signUp: signIn?.settings.signUp ?? null });
  const authorities = () => parts.timestamping.status();
  const calendars = () =>
    parts.calendars().map((calendar) => ({
      url: calendar.url,
      trouble: calendar.state === 'ok' ? null : calendar.reason.code,
    }));
  const depositReading = depositRoutes({
    db,
    vault,
    deposits,
    previews,
    writePackage,
    evidenceRecord: async (seen, depositId, index) =>
      (await new EvidenceRecords(seen).ofDeposit(depositId, index))[0]?.bytes,
    fileProof: async (seen, depositId, index) => (await makeFileProofs(seen, parts.log, depositId, index))[0]?.bytes,
    leafProof: (leafIndex) => makeDepositProof(db.pool, parts.log, leafIndex),
    anchoringTrouble: parts.anchoringTrouble,
    chains: parts.chains,
    nowMs: parts.nowMs,
  });
  const matterReading = matterRoutes({ db, matters: new Matters(db), nowMs: parts.nowMs });
  const routes: Route[] = [
    ...intakeRoutes({
      ...{ deposits, uploads: parts.uploads, previews, limits, onFailure },
      passkeySignature: (userId, assertion) =>
        passkeySignature(
          db.pool,
          passkeyAddresses(signIn?.settings.publicUrl ?? 'http://localhost'),
          userId,
          assertion,
        ),
    }),
    ...resumableRoutes({
      db,
      ...parts.resumable,
      contentProof: async (principal, depositId) => {
        const at = new Date(parts.nowMs());
        await requireRelation(db.pool, principal, 'deposit.read', { depositId }, at, () => {
          return new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
        });
        return makeContentProof(fenced(db, { ...principal, at }), parts.log, depositId);
      },
      maxUploadsAtOnce: limits.maxUploadsAtOnce,
      onFailure,
    }),
    ...depositReading,
    ...erasureRoutes({ db, erasures: parts.erasures, nowMs: parts.nowMs }),
    ...matterReading,
    ...requestRoutes({ db, requests: new VerificationRequests(db), nowMs: parts.nowMs }),
    ...verificationReportRoutes({
      db,
      requests: new VerificationRequests(db),
      reporter: parts.reporter,
      nowMs: parts.nowMs,
    }),
    ...lookUpRoutes({ db, vault, previews, nowMs: parts.nowMs }),
    ...sharingRoutes({
      db,
      nowMs: parts.nowMs,
      readable: [...depositReading, ...matterReading].filter((route) => READABLE_BY_LINK.includes(route.operationId)),
      failedOpeningsPerMinute: limits.failedOpeningsPerMinute,
    }),
    ...logRoutes(parts.log),
    ...auditRoutes(db, parts.log, parts.registerNote),
    ...statusRoutes(parts.statuses),
    ...custodyRoutes({ db, custody: parts.custody, publicUrl: parts.publicUrl, nowMs: parts.nowMs }),
    ...noticeRoutes({ db, webhooks: parts.webhooks, nowMs: parts.nowMs }),
    ...serviceRoutes({
      db,
      identity,
      readiness: parts.readiness,
      authorities,
      calendars,
      limits: {
        fileBytes: limits.maxFileBytes,
        resumableFileBytes: parts.resumable.maxFileBytes,
        files: MAX_UPLOADED_FILES,
        digestFiles: MAX_FILES,
        bulkLines: limits.maxLines,
        bulkLineBytes: limits.maxLineBytes,
      },
    }),
    ...historyRoutes({
      db,
      chains: parts.chains,
      authorities,
      calendars,
      statuses: parts.statuses,
      nowMs: parts.nowMs,
    }),
    ...platformRoutes({
      db,
      identity,
      readiness: parts.readiness,
      authorities,
      calendars,
      nowMs: parts.nowMs,
      vault,
      ...parts.operation,
    }),
    ...accessRoutes(parts.authentication, parts.cookie, accounts, signInWays),
    ...accountRoutes(accounts),
    ...(parts.timestamping.builtIn === null ? [] : tsaRoutes(parts.timestamping.builtIn)),
    ...docsRoutes(() => routes, identity),
  ];
  return routes;
}

/** Who may call, how often, and then the route's own work. */
class Handlers {
  readonly #parts: AppParts;
  readonly #requests: RateLimit;
  readonly #failures: RateLimit;

  constructor(parts: AppParts) {
    this.#parts = parts;
    this.#requests = new RateLimit(parts.limits.requestsPerMinute);
    this.#failures = new RateLimit(parts.limits.failedSignInsPerMinute);
  }

  of(route: Route) {
    return async (req: Request, res: Response) => {
      res.locals.operationId = route.operationId;
      if (route.may === 'public') await this.#countingFailures(req, async () => route.handle(req, res));
      else await route.handle(req, res, await this.#caller(req, route));
    };
  }

  async #caller(req: Request, { may: action, freshSignIn }: RestrictedRoute): Promise<Caller> {
    const caller = await this.#countingFailures(req, () => this.#parts.authentication.authenticate(req));
    const waitSeconds = this.#requests.take(caller.account.accountId, this.#parts.nowMs());
    if (waitSeconds > 0) throw rateLimited(waitSeconds);
    if (!mayEverDo(caller.principal, action)) {
      throw new AccessError('forbidden', `neither the roles nor the scopes of the caller allow ${action}`);
    }
    if (freshSignIn === true && caller.user?.isFresh === false) {
      throw new AccessError('fresh-sign-in-needed', `sign in again: the last time is more than ${FRESH_SECONDS} s ago`);
    }
    return caller;
  }

  async #countingFailures<T>(req: Request, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const waitSeconds = error instanceof AccessError ? this.#failures.take(req.ip ?? '', this.#parts.nowMs()) : 0;
      throw waitSeconds > 0 ? rateLimited(waitSeconds) : error;
    }
  }
}

function rateLimited(retryAfterSeconds: number): HttpError {
  return new HttpError('rate-limited', `try again in ${retryAfterSeconds} s`, { retryAfterSeconds });
}

function refuseMethod(routes: readonly Route[], path: string) {
  const taken = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
  if (taken.includes('GET')) taken.push('HEAD');
  return (req: Request, res: Response) => {
    res.set('Allow', taken.join(', '));
    throw new HttpError('method-not-allowed', `${req.method} is not one of ${taken.join(', ')}`);
  };
}

function answerProblem(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req: Request, res: Response, _next) => {
    const { problem, retryAfterSeconds } = problemOf(foreseen(error));
    logFailure(logger, error, res);
    if (res.headersSent) {
      // The rest of the answer cannot be had: an end that comes too early is all that can still be told.
      res.destroy();
      return;
    }
    const requestId = res.locals.requestId as string;
    for (const name of ['Content-Disposition', 'Content-Length', 'Content-Range', 'ETag', 'Accept-Ranges'])
      res.removeHeader(name);
    res.set('Cache-Control', 'no-store');
    if (problem.status === 401) res.set('WWW-Authenticate', 'Bearer');
    if (problem.status === 416) res.set('Content-Range', `bytes */${problem.sizeBytes}`);
    if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
    readOnBriefly(req, res);
    if (req.accepts(['application/json', 'text/html']) === 'text/html') {
      res.set('Content-Security-Policy', DOCS_POLICY);
      const page = problemAnswerPage({ ...problem, requestId });
      sendBytes(res, problem.status, 'text/html; charset=utf-8', Buffer.from(page));
    } else {
      sendBytes(
        res,
        problem.status,
        'application/problem+json',
        Buffer.from(JSON.stringify({ ...problem, requestId })),
      );
    }
  };
}

/** Express's own errors about the address are the caller's. */
function foreseen(error: unknown): unknown {
  return error instanceof URIError
    ? new HttpError('invalid-parameter', 'the address is not percent-encoded UTF-8')
    : error;
}

/** One line for each request: no address, no names, no secrets. */
function logWhenDone(logger: Logger, req: Request, res: Response): void {
  const startedMs = performance.now();
  res.once('close', () => {
    logger.info(
      {
        requestId: res.locals.requestId,
        operation: res.locals.operationId ?? null,
        method: req.method,
        status: res.statusCode,
        code: res.locals.problemCode ?? null,
        isWhole: res.writableFinished,
        ms: Math.round(performance.now() - startedMs),
      },
      'request',
    );
  });
}

/** A caller's mistake is its code; what is the service's own fault is told in full, except that causes bring no row contents. */
function logFailure(logger: Logger, error: unknown, res: Response): void {
  const { problem, isUnforeseen } = problemOf(foreseen(error));
  res.locals.problemCode ??= problem.code;
  if (problem.status < 500) {
    // The request's own line was written when its connection ended.
    if (res.closed) logger.info({ requestId: res.locals.requestId, code: problem.code }, 'request broke off');
    return;
  }
  const about = { requestId: res.locals.requestId, code: problem.code, causes: causesOf(error) };
  if (isUnforeseen || problem.status === 500) logger.error(about, 'request failed');
  else logger.warn(about, 'request failed');
}

/** Without the other members: PostgreSQL's `detail` quotes rows. */
function causesOf(error: unknown): { name: string; code: unknown; stack: string | undefined }[] {
  const causes = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push({ name: cause.name, code: (cause as { code?: unknown }).code ?? null, stack: cause.stack });
  }
  return causes;
}
