import type { Request, Response } from 'express';
import * as z from 'zod';
import { AccessError } from '../access/access-error.ts';
import type { Caller } from '../access/authentication.ts';
import { mayDo, type Principal } from '../access/rules.ts';
import {
  type NamedGrantRow,
  type SharedObject,
  selectGrant,
  selectGrantsGiven,
  selectGrantsReceived,
  selectIsCounterpart,
} from '../db/grants.ts';
import { type LinkRow, selectLink, selectLinksOfAccount } from '../db/links.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { readWithin } from '../db/row-security.ts';
import { CodedError } from '../errors.ts';
import { text, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { DepositError } from '../intake/deposit-error.ts';
import { matterNotFound } from '../matters/matters.ts';
import { acceptInvitations, giveGrant, grantNotFound, requireRelation, revokeGrant } from '../sharing/grants.ts';
import { createLink, linkNotFound, openLink, readerOf, revokeLink } from '../sharing/links.ts';
import { SharingError } from '../sharing/sharing-error.ts';
import { HttpError } from './http-error.ts';
import { JSON_BODY_PROBLEMS, JSON_TYPE, jsonBody, limitParameter, pageOf } from './json-body.ts';
import { RateLimit } from './rate-limit.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

export interface SharingRouteParts {
  db: Database;
  nowMs: () => number;
  /** Routes of which readers by link have their own: those that ask nothing but `principal` of their caller. */
  readable: readonly Route[];
  /** Openings that fail, from one address. */
  failedOpeningsPerMinute: number;
}

const scope = z.enum(['read', 'download', 'export']);
const coverage = z.enum(['disclosed', 'everything']);
const object = { depositId: uuid.optional(), matterId: uuid.optional() };
const MAX_LINK_MS = 366 * 24 * 3600_000;

const newGrantSchema = z
  .strictObject({
    ...object,
    /**
     * An account, or the address of somebody who accepts once he has signed in. An office that is listed, and an account with which the
     * giver has had to do, have it at once; any other takes it first, and whether there is such an account is not told.
     */
    to: z.union([z.strictObject({ accountId: uuid }), z.strictObject({ email: z.email().max(254) })]),
    /** Each has what comes before it. */
    scope,
    /** Of a matter: what it discloses to readers (if left out), or everything in it. */
    coverage: coverage.optional(),
    expiresAt: utcTime.nullable().optional(),
    remark: text(500).nullable().optional(),
  })
  .refine(isOneObject, 'expected depositId or matterId, and one of them');
const grantSchema = z.strictObject({
  grantId: uuid,
  depositId: uuid.nullable(),
  matterId: uuid.nullable(),
  /** The request to an office that it was given with. */
  requestId: uuid.nullable(),
  /** Null until an invitation is accepted. */
  granteeAccountId: uuid.nullable(),
  /** Null where the caller has had nothing to do with the grantee. */
  granteeName: z.string().nullable(),
  /** Null to the grantee. */
  invitedEmail: z.string().nullable(),
  /** The account that was named and takes it first. There need not be such an account. */
  invitedAccountId: uuid.nullable(),
  scope,
  coverage,
  remark: z.string().nullable(),
  createdAt: utcTime,
  expiresAt: utcTime.nullable(),
  acceptedAt: utcTime.nullable(),
  revokedAt: utcTime.nullable(),
});
export const grantListSchema = z.strictObject({ grants: z.array(grantSchema), next: uuid.nullable() });
export const receivedListSchema = z.strictObject({
  grants: z.array(grantSchema.extend({ giverName: z.string(), title: z.string().nullable() })),
  next: uuid.nullable(),
});

const newLinkSchema = z
  .strictObject({
    ...object,
    /** For whom: stands on previews, so that a picture of the screen says whose it was. */
    reader: text(100),
    scope,
    coverage: coverage.optional(),
    /** At most 366 days from now. */
    expiresAt: utcTime,
    maxOpenings: z.number().int().min(1).max(10_000),
    passphrase: z.string().min(8).max(200).nullable().optional(),
  })
  .refine(isOneObject, 'expected depositId or matterId, and one of them');
const linkSchema = z.strictObject({
  linkId: uuid,
  depositId: uuid.nullable(),
  matterId: uuid.nullable(),
  reader: z.string(),
  scope,
  coverage,
  createdAt: utcTime,
  expiresAt: utcTime,
  maxOpenings: z.number().int(),
  openings: z.number().int(),
  hasPassphrase: z.boolean(),
  /** Wrong passphrases that are still forgiven; null without one. */
  attemptsLeft: z.number().int().nullable(),
  revokedAt: utcTime.nullable(),
});
const madeLinkSchema = linkSchema.extend({
  secret: z.string().meta({ description: 'Shown this once.' }),
  path: z.string().meta({ description: 'Of the page that opens it; goes after the address of this service.' }),
});
export const linkListSchema = z.strictObject({ links: z.array(linkSchema), next: uuid.nullable() });

const openSchema = z.strictObject({ passphrase: z.string().max(200).nullable().optional() });
const sharedSchema = z.strictObject({
  scope,
  reader: z.string(),
  /** What is shown: one deposit, or a matter. */
  depositId: uuid.nullable(),
  matterId: uuid.nullable(),
  linkExpiresAt: utcTime,
});
const openingSchema = sharedSchema.extend({
  /** Goes into the addresses under `/api/v1/shared/openings/`. */
  opening: z.string(),
  expiresAt: utcTime,
});

const secretParameter = z.string().min(1).max(200);
const ofSecret = z.strictObject({ token: secretParameter });
const ofGrant = z.strictObject({ grantId: uuid });
const ofLink = z.strictObject({ linkId: uuid });
const listQuery = z.strictObject({
  depositId: uuid.optional(),
  matterId: uuid.optional(),
  limit: limitParameter,
  before: uuid.optional().meta({ description: '`next` of the page before.' }),
});
const receivedQuery = z.strictObject({
  limit: limitParameter,
  before: uuid.optional().meta({ description: '`next` of the page before.' }),
});

/** A passphrase takes 32 MiB and a thread for a tenth of a second, whoever asks. */
const MAX_OPENINGS_AT_ONCE = 32;

/** Owns nothing, so that no route can take a reader by link for the account that made the link. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Grants and links. What is not there, not one's own, or over, answers as what never was. */
export function sharingRoutes({ db, nowMs, readable, failedOpeningsPerMinute }: SharingRouteParts): Route[] {
  const now = () => new Date(nowMs());
  const within = <T>(principal: Principal, read: (q: Queryable) => Promise<T>) =>
    readWithin(db, { ...principal, at: now() }, read);
  const failures = new RateLimit(failedOpeningsPerMinute);
  let openingsUnderWay = 0;

  /** Whoever is named by the number of his account. Asked in the same way of those who are there and of those who are not. */
  const receiverOf = async (principal: Principal, to: z.infer<typeof newGrantSchema>['to']) =>
    'email' in to || (await within(principal, (q) => selectIsCounterpart(q, to.accountId)))
      ? to
      : { invitedAccountId: to.accountId };
  /** As the caller sees it. */
  const shownGrant = async (principal: Principal, grantId: string) => {
    const grant = await within(principal, (q) => selectGrant(q, grantId));
    if (grant === undefined) throw grantNotFound();
    return grantView(grant, principal);
  };

  const ownObject = async (
    principal: Principal,
    action: 'grant.create' | 'link.create',
    given: { depositId?: string | undefined; matterId?: string | undefined },
  ): Promise<SharedObject> => {
    const { depositId, matterId } = given;
    const shared = depositId === undefined ? { matterId: matterId as string } : { depositId };
    const notFound = () =>
      depositId === undefined
        ? matterNotFound()
        : new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
    await requireRelation(db.pool, principal, action, shared, now(), notFound);
    return shared;
  };

  /** Whatever is wrong, the reader is told the same. */
  const asReader = async <T>(req: Request, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SharingError && error.code === 'link-not-found')) throw error;
      const waitSeconds = failures.take(req.ip ?? '', nowMs());
      throw waitSeconds > 0
        ? new HttpError('rate-limited', `try again in ${waitSeconds} s`, { retryAfterSeconds: waitSeconds })
        : error;
    }
  };

  return [
    {
      method: 'post',
      path: '/api/v1/grants',
      operationId: 'createGrant',
      tag: 'sharing',
      summary: { zh: '授权他人查看', en: 'Let another account see a deposit or a matter' },
      bodies: { [JSON_TYPE]: { json: newGrantSchema } },
      answers: [{ status: 201, means: 'Given.', mediaType: JSON_TYPE, body: { json: grantSchema } }],
      problems: ['deposit-not-found', 'matter-not-found', 'grant-invalid', ...JSON_BODY_PROBLEMS],
      may: 'grant.create',
      handle: async (req, res, { principal }) => {
        const body = await jsonBody(req, res, newGrantSchema);
        const order = {
          object: await ownObject(principal, 'grant.create', body),
          to: await receiverOf(principal, body.to),
          scope: body.scope,
          coverage: body.coverage ?? ('disclosed' as const),
          expiresAt: body.expiresAt == null ? null : new Date(body.expiresAt),
          remark: body.remark ?? null,
        };
        const { grantId } = await db.transaction((client) => giveGrant(client, principal, order, now()));
        sendJson(res, 201, await shownGrant(principal, grantId));
      },
    },
    {
      method: 'get',
      path: '/api/v1/grants',
      operationId: 'listGrants',
      tag: 'sharing',
      summary: { zh: '列出已作出的授权', en: 'Grants that you gave' },
      parameters: { query: listQuery },
      answers: [{ status: 200, means: 'A page, newest first.', mediaType: JSON_TYPE, body: { json: grantListSchema } }],
      problems: ['invalid-parameter'],
      may: 'grant.read',
      handle: async (req, res, { principal }) => {
        const { size, asked } = pageAsked(req);
        const rows = mayDo(principal, 'grant.read', 'own')
          ? await within(principal, (q) => selectGrantsGiven(q, principal.accountId, asked))
          : [];
        const { page, next } = pageOf(rows, size, (row) => row.grantId);
        sendJson(res, 200, { grants: page.map((row) => grantView(row, principal)), next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/received-grants',
      operationId: 'listReceivedGrants',
      tag: 'sharing',
      summary: { zh: '列出获得的授权', en: 'Grants in force that you received' },
      parameters: { query: receivedQuery },
      answers: [
        { status: 200, means: 'A page, newest first.', mediaType: JSON_TYPE, body: { json: receivedListSchema } },
      ],
      problems: ['invalid-parameter'],
      may: 'grant.read',
      handle: async (req, res, { principal }) => {
        const { limit = '50', before = null } = parseParameters(receivedQuery, req.query);
        const size = Number(limit);
        const asked = { limit: size + 1, before };
        const rows = await within(principal, (q) => selectGrantsReceived(q, principal.accountId, now(), asked));
        const { page, next } = pageOf(rows, size, (row) => row.grantId);
        const grants = page.map(({ giverName, title, ...row }) => ({ ...grantView(row, principal), giverName, title }));
        sendJson(res, 200, { grants, next });
      },
    },
    {
      method: 'post',
      path: '/api/v1/received-grants',
      operationId: 'acceptInvitations',
      tag: 'sharing',
      summary: {
        zh: '接受发给本账户编号或本人邮箱的授权',
        en: 'Take the grants to the account in which you act, and those to your own address, into that account',
      },
      description: 'To an address: only a user whose address is verified has any; an API key has none.',
      answers: [
        { status: 200, means: 'Those that were taken now.', mediaType: JSON_TYPE, body: { json: grantListSchema } },
      ],
      problems: [],
      may: 'grant.read',
      handle: async (_req, res, { principal, account }) => {
        const rows = await acceptInvitations(db.pool, principal, now());
        const grants = rows.map((row) => grantView({ ...row, granteeName: account.name }, principal));
        sendJson(res, 200, { grants, next: null });
      },
    },
    {
      method: 'get',
      path: '/api/v1/grants/{grantId}',
      operationId: 'getGrant',
      tag: 'sharing',
      summary: { zh: '查看授权', en: 'One grant' },
      parameters: { path: ofGrant },
      answers: [{ status: 200, means: 'The grant.', mediaType: JSON_TYPE, body: { json: grantSchema } }],
      problems: ['grant-not-found', 'invalid-parameter'],
      may: 'grant.read',
      handle: async (req, res, { principal }) => {
        const { grantId } = parseParameters(ofGrant, req.params);
        const grant = await within(principal, (q) => selectGrant(q, grantId));
        const relation =
          grant?.accountId === principal.accountId
            ? 'own'
            : grant !== undefined && grant.granteeAccountId === principal.accountId && isInForce(grant, now())
              ? 'granted'
              : 'none';
        if (grant === undefined || !mayDo(principal, 'grant.read', relation)) throw grantNotFound();
        sendJson(res, 200, grantView(grant, principal));
      },
    },
    {
      method: 'delete',
      path: '/api/v1/grants/{grantId}',
      operationId: 'revokeGrant',
      tag: 'sharing',
      summary: { zh: '撤销授权', en: 'Revoke a grant' },
      parameters: { path: ofGrant },
      answers: [{ status: 200, means: 'It has ended.', mediaType: JSON_TYPE, body: { json: grantSchema } }],
      problems: ['grant-not-found', 'invalid-parameter'],
      may: 'grant.revoke',
      handle: async (req, res, { principal }) => {
        const { grantId } = parseParameters(ofGrant, req.params);
        if (!mayDo(principal, 'grant.revoke', 'own')) throw forbidden('grant.revoke');
        await revokeGrant(db, principal, grantId, now());
        sendJson(res, 200, await shownGrant(principal, grantId));
      },
    },
    {
      method: 'post',
      path: '/api/v1/links',
      operationId: 'createLink',
      tag: 'sharing',
      summary: { zh: '新建查看链接', en: 'A link for a reader without an account' },
      bodies: { [JSON_TYPE]: { json: newLinkSchema } },
      answers: [
        {
          status: 201,
          means: 'Made; its secret is shown this once.',
          mediaType: JSON_TYPE,
          body: { json: madeLinkSchema },
        },
      ],
      problems: ['deposit-not-found', 'matter-not-found', 'link-invalid', 'passphrase-required', ...JSON_BODY_PROBLEMS],
      may: 'link.create',
      handle: async (req, res, { principal }) => {
        const body = await jsonBody(req, res, newLinkSchema);
        const expiresAt = new Date(body.expiresAt);
        if (expiresAt.getTime() - nowMs() > MAX_LINK_MS) {
          throw new SharingError('link-invalid', 'expiresAt: more than 366 days from now');
        }
        const order = {
          object: await ownObject(principal, 'link.create', body),
          reader: body.reader,
          scope: body.scope,
          coverage: body.coverage ?? ('disclosed' as const),
          expiresAt,
          maxOpenings: body.maxOpenings,
          passphrase: body.passphrase ?? null,
        };
        const { link, secret } = await db.transaction((client) => createLink(client, principal, order, now()));
        sendJson(res, 201, { ...linkView(link), secret, path: `/shared/${secret}` });
      },
    },
    {
      method: 'get',
      path: '/api/v1/links',
      operationId: 'listLinks',
      tag: 'sharing',
      summary: { zh: '列出查看链接', en: 'Links that you made' },
      parameters: { query: listQuery },
      answers: [{ status: 200, means: 'A page, newest first.', mediaType: JSON_TYPE, body: { json: linkListSchema } }],
      problems: ['invalid-parameter'],
      may: 'link.read',
      handle: async (req, res, { principal }) => {
        const { size, asked } = pageAsked(req);
        const rows = await within(principal, (q) => selectLinksOfAccount(q, principal.accountId, asked));
        const { page, next } = pageOf(rows, size, (row) => row.linkId);
        sendJson(res, 200, { links: page.map(linkView), next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/links/{linkId}',
      operationId: 'getLink',
      tag: 'sharing',
      summary: { zh: '查看链接状态', en: 'One link' },
      parameters: { path: ofLink },
      answers: [
        { status: 200, means: 'The link, without its secret.', mediaType: JSON_TYPE, body: { json: linkSchema } },
      ],
      problems: ['link-not-found', 'invalid-parameter'],
      may: 'link.read',
      handle: async (req, res, { principal }) => {
        const { linkId } = parseParameters(ofLink, req.params);
        const link = await within(principal, (q) => selectLink(q, linkId));
        if (link === undefined || link.accountId !== principal.accountId) throw linkNotFound();
        sendJson(res, 200, linkView(link));
      },
    },
    {
      method: 'delete',
      path: '/api/v1/links/{linkId}',
      operationId: 'revokeLink',
      tag: 'sharing',
      summary: { zh: '撤销链接', en: 'Revoke a link' },
      description: 'Visits that are under way end with it.',
      parameters: { path: ofLink },
      answers: [{ status: 200, means: 'It has ended.', mediaType: JSON_TYPE, body: { json: linkSchema } }],
      problems: ['link-not-found', 'invalid-parameter'],
      may: 'link.revoke',
      handle: async (req, res, { principal }) => {
        const { linkId } = parseParameters(ofLink, req.params);
        if (!mayDo(principal, 'link.revoke', 'own')) throw forbidden('link.revoke');
        sendJson(res, 200, linkView(await revokeLink(db, principal, linkId, now())));
      },
    },
    {
      method: 'post',
      path: '/api/v1/shared/{token}',
      operationId: 'openLink',
      tag: 'sharing',
      summary: { zh: '打开查看链接', en: 'Open a link' },
      description:
        'Counts as one opening and is recorded in the custody of every deposit that the link shows. By POST, so that what fetches addresses ' +
        'out of mails opens nothing. Unknown, expired, revoked, used up and a wrong passphrase read the same.',
      parameters: { path: ofSecret },
      bodies: { [JSON_TYPE]: { json: openSchema } },
      answers: [
        { status: 201, means: 'A visit of at most one hour.', mediaType: JSON_TYPE, body: { json: openingSchema } },
      ],
      problems: ['link-not-found', 'rate-limited', 'invalid-parameter', ...JSON_BODY_PROBLEMS],
      may: 'public',
      handle: async (req, res) => {
        const { token } = parseParameters(ofSecret, req.params);
        const { passphrase = null } = await jsonBody(req, res, openSchema);
        if (openingsUnderWay >= MAX_OPENINGS_AT_ONCE) {
          throw new HttpError('rate-limited', 'too many links are being opened', { retryAfterSeconds: 2 });
        }
        openingsUnderWay++;
        const opened = await asReader(req, () => openLink(db, token, passphrase, now())).finally(() => {
          openingsUnderWay--;
        });
        const { secret, expiresAt, link } = opened;
        sendJson(res, 201, { ...sharedView(link), opening: secret, expiresAt: utcTimeOf(expiresAt.getTime()) });
      },
    },
    {
      method: 'get',
      path: '/api/v1/shared/openings/{token}',
      operationId: 'getShared',
      tag: 'sharing',
      summary: { zh: '链接所示内容', en: 'What a link shows' },
      parameters: { path: ofSecret },
      answers: [{ status: 200, means: 'Where to go on.', mediaType: JSON_TYPE, body: { json: sharedSchema } }],
      problems: ['link-not-found', 'rate-limited', 'invalid-parameter'],
      may: 'public',
      handle: async (req, res) => {
        const { token } = parseParameters(ofSecret, req.params);
        const { link } = await asReader(req, () => readerOf(db.pool, token, now()));
        sendJson(res, 200, sharedView(link));
      },
    },
    ...readable.map((route): Route => byLink(route)),
  ];

  /** The same route for readers by link: what it refuses them, they are told as if there were nothing. */
  function byLink(route: Route): Route {
    const { may: _, handle, parameters, ...words } = route;
    const path = z.strictObject({ token: secretParameter, ...parameters?.path?.shape });
    return {
      ...words,
      path: route.path.replace('/api/v1/', '/api/v1/shared/openings/{token}/'),
      operationId: `${route.operationId}Shared`,
      tag: 'sharing',
      parameters: { ...parameters, path },
      problems: [...new Set([...route.problems, 'link-not-found', 'rate-limited'] as const)],
      may: 'public',
      handle: (req: Request, res: Response) =>
        asReader(req, async () => {
          const { token, ...rest } = req.params;
          const { principal } = await readerOf(db.pool, String(token), now());
          req.params = rest;
          try {
            await (handle as (req: Request, res: Response, caller: Caller) => Promise<void>)(
              req,
              res,
              callerBy(principal),
            );
          } catch (error) {
            if (error instanceof AccessError || (error instanceof CodedError && isNotFound(error.code))) {
              throw linkNotFound();
            }
            throw error;
          }
        }),
    };
  }
}

/** A caller with no account. */
function callerBy(principal: Principal): Caller {
  const account = {
    accountId: NOBODY,
    name: '',
    kind: 'unknown' as const,
    identityMethod: 'none',
    identityCheckedAt: null,
    createdAt: new Date(0),
  };
  const nobody = { account, by: 'session' as const, principal: { ...principal, accountId: NOBODY }, user: null };
  return nobody as Partial<Caller> as Caller;
}

/** Which page, of what; one row more than it holds tells that there is a next one. */
function pageAsked(req: Request) {
  const { depositId = null, matterId = null, limit = '50', before = null } = parseParameters(listQuery, req.query);
  const size = Number(limit);
  return { size, asked: { limit: size + 1, before, depositId, matterId } };
}

function isNotFound(code: string): boolean {
  return code === 'deposit-not-found' || code === 'matter-not-found';
}

function isOneObject({
  depositId,
  matterId,
}: {
  depositId?: string | undefined;
  matterId?: string | undefined;
}): boolean {
  return (depositId === undefined) !== (matterId === undefined);
}

function isInForce(grant: NamedGrantRow, at: Date): boolean {
  return grant.revokedAt === null && (grant.expiresAt === null || grant.expiresAt > at);
}

function forbidden(action: string): AccessError {
  return new AccessError('forbidden', `neither the roles nor the scopes of the caller allow ${action}`);
}

function grantView(row: NamedGrantRow, principal: Principal) {
  const { accountId, createdAt, expiresAt, acceptedAt, revokedAt, ...grant } = row;
  const isOwn = accountId === principal.accountId;
  return {
    ...grant,
    invitedEmail: isOwn ? row.invitedEmail : null,
    remark: row.remark,
    createdAt: utcTimeOf(createdAt.getTime()),
    expiresAt: expiresAt && utcTimeOf(expiresAt.getTime()),
    acceptedAt: acceptedAt && utcTimeOf(acceptedAt.getTime()),
    revokedAt: revokedAt && utcTimeOf(revokedAt.getTime()),
  };
}

function linkView({ accountId: _, ...link }: LinkRow) {
  return {
    ...link,
    createdAt: utcTimeOf(link.createdAt.getTime()),
    expiresAt: utcTimeOf(link.expiresAt.getTime()),
    revokedAt: link.revokedAt && utcTimeOf(link.revokedAt.getTime()),
  };
}

function sharedView(link: LinkRow) {
  const { scope, reader, depositId, matterId, expiresAt } = link;
  return { scope, reader, depositId, matterId, linkExpiresAt: utcTimeOf(expiresAt.getTime()) };
}
