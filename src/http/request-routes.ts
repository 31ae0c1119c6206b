import * as z from 'zod';
import { AccessError } from '../access/access-error.ts';
import { type Action, mayDo, type Principal } from '../access/rules.ts';
import type { Database, Queryable } from '../db/pool.ts';
import {
  type RequestRow,
  selectOffices,
  selectRequest,
  selectRequestDeposits,
  selectRequestSteps,
  selectRequests,
} from '../db/requests.ts';
import { readWithin } from '../db/row-security.ts';
import { encodeHex, parseHex } from '../format/bytes.ts';
import { hex32, text, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import {
  MAX_REQUEST_DEPOSITS,
  relationToRequest,
  requestNotFound,
  STEP_KINDS,
  type VerificationRequests,
} from '../matters/requests.ts';
import { HttpError } from './http-error.ts';
import { JSON_BODY_PROBLEMS, JSON_TYPE, jsonBody, limitParameter, pageOf } from './json-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

export interface RequestRouteParts {
  db: Database;
  requests: VerificationRequests;
  nowMs: () => number;
}

const STATES = ['submitted', 'accepted', 'deed-issued', 'refused', 'withdrawn'] as const;
const outcome = z.enum(['consistent', 'inconsistent', 'not-checked']);
const MAX_OFFICES = 500;

const newRequestSchema = z.strictObject({
  /** A notary's or mediator's office; see `/api/v1/offices`. */
  officeAccountId: uuid,
  /** The office gets a grant on each. */
  depositIds: z.array(uuid).min(1).max(MAX_REQUEST_DEPOSITS),
  matterId: uuid.nullable().optional(),
  subject: text(200),
  message: text(5000).nullable().optional(),
  /** Until when the office may see them; left out: until refused, withdrawn or revoked. */
  expiresAt: utcTime.nullable().optional(),
});
const requestSchema = z.strictObject({
  requestId: uuid,
  /** `asked`: by the caller's account; `office`: of it. */
  side: z.enum(['asked', 'office']),
  account: z.strictObject({ accountId: uuid, name: z.string() }),
  office: z.strictObject({ accountId: uuid, name: z.string() }),
  matterId: uuid.nullable(),
  subject: z.string(),
  message: z.string().nullable(),
  state: z.enum(STATES),
  stateSince: utcTime,
  /** 公证书 */
  deed: z.strictObject({ deedNo: z.string(), sha256: hex32 }).nullable(),
  /** Why the office refused. */
  reason: z.string().nullable(),
  createdAt: utcTime,
  depositCount: z.number().int(),
  /** Until when the office may see the deposits, as was asked; null: no day was named. */
  expiresAt: utcTime.nullable(),
});
export const requestDetailSchema = requestSchema.extend({ depositIds: z.array(uuid) });
export const requestListSchema = z.strictObject({ requests: z.array(requestSchema), next: uuid.nullable() });
export const officesSchema = z.strictObject({
  offices: z.array(
    z.strictObject({ accountId: uuid, name: z.string(), roles: z.array(z.enum(['notary', 'mediator'])) }),
  ),
});

const newStepSchema = z.strictObject({
  kind: z.enum(STEP_KINDS),
  depositId: uuid.nullable().optional(),
  outcome: outcome.nullable().optional(),
  remark: text(5000).nullable().optional(),
});
const stepSchema = z.strictObject({
  stepId: z.number().int(),
  at: utcTime,
  accountId: uuid,
  accountName: z.string(),
  kind: z.string(),
  depositId: uuid.nullable(),
  outcome: outcome.nullable(),
  remark: z.string().nullable(),
});
export const stepListSchema = z.strictObject({ steps: z.array(stepSchema), next: z.number().int().nullable() });

const decisionSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('accepted') }),
  z.strictObject({ state: z.literal('deed-issued'), deedNo: text(100), deedSha256: hex32 }),
  z.strictObject({ state: z.literal('refused'), reason: text(2000) }),
]);

const ofRequest = z.strictObject({ requestId: uuid });
const listQuery = z.strictObject({
  side: z.enum(['asked', 'office']).optional().meta({ description: '`asked` if left out.' }),
  state: z.enum(STATES).optional(),
  matterId: uuid.optional().meta({ description: 'Of those that you asked: about this matter.' }),
  order: z
    .enum(['newest', 'oldest'])
    .optional()
    .meta({ description: 'Which come first; `newest` if left out. A desk takes the oldest.' }),
  limit: limitParameter,
  before: uuid.optional().meta({ description: '`next` of the page before, newest first.' }),
  after: uuid.optional().meta({ description: '`next` of the page before, oldest first.' }),
});
const stepQuery = z.strictObject({
  limit: limitParameter,
  after: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/, 'expected a number')
    .optional()
    .meta({ description: '`next` of the page before.' }),
});

/** Asking a notary's or mediator's office to verify deposits, and the desk of the office. Others' requests answer as ones that never were. */
export function requestRoutes({ db, requests, nowMs }: RequestRouteParts): Route[] {
  const now = () => new Date(nowMs());
  const within = <T>(principal: Principal, read: (q: Queryable) => Promise<T>) =>
    readWithin(db, { ...principal, at: now() }, read);
  const requestFor = async (principal: Principal, action: Action, requestId: string): Promise<RequestRow> => {
    const request = await within(principal, (q) => selectRequest(q, requestId));
    const relation = relationToRequest(principal, request);
    if (request === undefined || relation === 'none') throw requestNotFound();
    if (!mayDo(principal, action, relation)) throw forbidden(action);
    return request;
  };
  const detail = async (principal: Principal, row: RequestRow) => ({
    ...requestView(principal, row),
    depositIds: await within(principal, (q) => selectRequestDeposits(q, row.requestId)),
  });

  return [
    {
      method: 'get',
      path: '/api/v1/offices',
      operationId: 'listOffices',
      tag: 'requests',
      summary: { zh: '可申请的公证、调解机构', en: "Notaries' and mediators' offices that can be asked" },
      answers: [{ status: 200, means: 'By name.', mediaType: JSON_TYPE, body: { json: officesSchema } }],
      problems: [],
      may: 'request.create',
      handle: async (_req, res) => sendJson(res, 200, { offices: await selectOffices(db.pool, MAX_OFFICES) }),
    },
    {
      method: 'post',
      path: '/api/v1/requests',
      operationId: 'createRequest',
      tag: 'requests',
      summary: { zh: '申请公证核验', en: "Ask a notary's office to verify deposits" },
      bodies: { [JSON_TYPE]: { json: newRequestSchema } },
      answers: [{ status: 201, means: 'Submitted.', mediaType: JSON_TYPE, body: { json: requestDetailSchema } }],
      problems: ['request-invalid', 'grant-invalid', ...JSON_BODY_PROBLEMS],
      may: 'request.create',
      handle: async (req, res, { principal }) => {
        if (!mayDo(principal, 'request.create', 'own')) throw forbidden('request.create');
        const body = await jsonBody(req, res, newRequestSchema);
        const order = {
          officeAccountId: body.officeAccountId,
          depositIds: [...new Set(body.depositIds)],
          matterId: body.matterId ?? null,
          subject: body.subject,
          message: body.message ?? null,
          expiresAt: body.expiresAt == null ? null : new Date(body.expiresAt),
        };
        sendJson(res, 201, await detail(principal, await requests.submit(principal, order, now())));
      },
    },
    {
      method: 'get',
      path: '/api/v1/requests',
      operationId: 'listRequests',
      tag: 'requests',
      summary: { zh: '列出公证核验申请', en: 'List requests, as the side that asked or as the office' },
      parameters: { query: listQuery },
      answers: [
        {
          status: 200,
          means: 'A page, in the order asked for.',
          mediaType: JSON_TYPE,
          body: { json: requestListSchema },
        },
      ],
      problems: ['invalid-parameter'],
      may: 'request.list',
      handle: async (req, res, { principal }) => {
        const query = parseParameters(listQuery, req.query);
        const { side = 'asked', state = null, matterId = null, order = 'newest', limit = '50' } = query;
        const cursor = (order === 'newest' ? query.before : query.after) ?? null;
        const size = Number(limit);
        if (side === 'office' && matterId !== null) {
          throw new HttpError('invalid-parameter', "matterId: which matter a request is about is the asker's alone");
        }
        const asked = { limit: size + 1, order, cursor, state, matterId };
        const rows = await within(principal, (q) => selectRequests(q, principal.accountId, side, asked));
        const { page, next } = pageOf(rows, size, (row) => row.requestId);
        sendJson(res, 200, { requests: page.map((row) => requestView(principal, row)), next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/requests/{requestId}',
      operationId: 'getRequest',
      tag: 'requests',
      summary: { zh: '查看公证核验申请', en: 'One request' },
      parameters: { path: ofRequest },
      answers: [{ status: 200, means: 'The request.', mediaType: JSON_TYPE, body: { json: requestDetailSchema } }],
      problems: ['request-not-found', 'invalid-parameter'],
      may: 'request.read',
      handle: async (req, res, { principal }) => {
        const { requestId } = parseParameters(ofRequest, req.params);
        sendJson(res, 200, await detail(principal, await requestFor(principal, 'request.read', requestId)));
      },
    },
    {
      method: 'get',
      path: '/api/v1/requests/{requestId}/steps',
      operationId: 'listRequestSteps',
      tag: 'requests',
      summary: { zh: '办理步骤', en: 'What either side did' },
      parameters: { path: ofRequest, query: stepQuery },
      answers: [{ status: 200, means: 'Oldest first.', mediaType: JSON_TYPE, body: { json: stepListSchema } }],
      problems: ['request-not-found', 'invalid-parameter'],
      may: 'request.read',
      handle: async (req, res, { principal }) => {
        const { requestId } = parseParameters(ofRequest, req.params);
        const { limit = '50', after } = parseParameters(stepQuery, req.query);
        await requestFor(principal, 'request.read', requestId);
        const size = Number(limit);
        const cursor = after === undefined ? null : BigInt(after);
        const asked = { limit: size + 1, after: cursor };
        const rows = await within(principal, (q) => selectRequestSteps(q, requestId, asked));
        const { page, next } = pageOf(rows, size, (row) => Number(row.stepId));
        const steps = page.map(({ stepId, at, ...row }) => ({
          stepId: Number(stepId),
          at: utcTimeOf(at.getTime()),
          ...row,
        }));
        sendJson(res, 200, { steps, next });
      },
    },
    {
      method: 'post',
      path: '/api/v1/requests/{requestId}/steps',
      operationId: 'addRequestStep',
      tag: 'requests',
      summary: { zh: '记录办理步骤', en: 'Write down a step' },
      description:
        'The office writes down what it did itself; the side that asked answers. A step of the office about a deposit is an event of its custody.',
      parameters: { path: ofRequest },
      bodies: { [JSON_TYPE]: { json: newStepSchema } },
      answers: [{ status: 204, means: 'Written down; never changed.' }],
      problems: ['request-not-found', 'request-invalid', 'request-ended', 'invalid-parameter', ...JSON_BODY_PROBLEMS],
      may: 'request.read',
      handle: async (req, res, { principal }) => {
        const { requestId } = parseParameters(ofRequest, req.params);
        const request = await requestFor(principal, 'request.read', requestId);
        const relation = relationToRequest(principal, request);
        const action = relation === 'own' ? 'request.create' : 'request.decide';
        if (!mayDo(principal, action, relation)) throw forbidden(action);
        const { kind, depositId = null, outcome = null, remark = null } = await jsonBody(req, res, newStepSchema);
        await requests.addStep(principal, requestId, { kind, depositId, outcome, remark }, now());
        res.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/api/v1/requests/{requestId}/decision',
      operationId: 'decideRequest',
      tag: 'requests',
      summary: { zh: '受理、出具公证书或不予办理', en: 'Accept, enter the deed, or refuse with the reason' },
      parameters: { path: ofRequest },
      bodies: { [JSON_TYPE]: { json: decisionSchema } },
      answers: [{ status: 200, means: 'As it is now.', mediaType: JSON_TYPE, body: { json: requestDetailSchema } }],
      problems: ['request-not-found', 'request-ended', 'invalid-parameter', ...JSON_BODY_PROBLEMS],
      may: 'request.decide',
      handle: async (req, res, { principal }) => {
        const { requestId } = parseParameters(ofRequest, req.params);
        await requestFor(principal, 'request.decide', requestId);
        const body = await jsonBody(req, res, decisionSchema);
        const decision =
          body.state === 'deed-issued'
            ? { state: body.state, deedNo: body.deedNo, deedDigest: parseHex(body.deedSha256) }
            : body;
        sendJson(res, 200, await detail(principal, await requests.decide(principal, requestId, decision, now())));
      },
    },
    {
      method: 'post',
      path: '/api/v1/requests/{requestId}/withdrawal',
      operationId: 'withdrawRequest',
      tag: 'requests',
      summary: { zh: '撤回申请', en: 'Take a request back' },
      description: 'The office sees the deposits no more.',
      parameters: { path: ofRequest },
      answers: [{ status: 200, means: 'Withdrawn.', mediaType: JSON_TYPE, body: { json: requestDetailSchema } }],
      problems: ['request-not-found', 'request-ended', 'invalid-parameter'],
      may: 'request.create',
      handle: async (req, res, { principal }) => {
        const { requestId } = parseParameters(ofRequest, req.params);
        await requestFor(principal, 'request.create', requestId);
        sendJson(res, 200, await detail(principal, await requests.withdraw(principal, requestId, now())));
      },
    },
  ];
}

function forbidden(action: Action): AccessError {
  return new AccessError('forbidden', `neither the roles nor the scopes of the caller allow ${action}`);
}

function requestView(principal: Principal, row: RequestRow) {
  const { requestId, matterId, subject, message, state, stateSince, deedNo, deedDigest, reason } = row;
  const side = relationToRequest(principal, row) === 'own' ? ('asked' as const) : ('office' as const);
  return {
    requestId,
    side,
    account: { accountId: row.accountId, name: row.accountName },
    office: { accountId: row.officeAccountId, name: row.officeName },
    matterId: side === 'asked' ? matterId : null,
    subject,
    message,
    state,
    stateSince: utcTimeOf(stateSince.getTime()),
    deed: deedNo === null || deedDigest === null ? null : { deedNo, sha256: encodeHex(deedDigest) },
    reason,
    createdAt: utcTimeOf(row.createdAt.getTime()),
    depositCount: row.depositCount,
    expiresAt: row.expiresAt === null ? null : utcTimeOf(row.expiresAt.getTime()),
  };
}
