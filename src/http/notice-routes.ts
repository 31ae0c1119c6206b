import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Caller } from '../access/authentication.ts';
import { selectDeliveries } from '../db/deliveries.ts';
import { endNoticeMails, selectNoticePreference, selectNotices, upsertNoticePreference } from '../db/notices.ts';
import type { Database } from '../db/pool.ts';
import { readWithin } from '../db/row-security.ts';
import type { WebhookRow } from '../db/webhooks.ts';
import { FormatError } from '../errors.ts';
import { checkFields, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { CHOSEN_KINDS, MAILED_BY_DEFAULT } from '../notices/notice.ts';
import { NoticeError } from '../notices/notice-error.ts';
import { noticeText } from '../notices/notice-text.ts';
import type { WebhookService } from '../notices/webhook-service.ts';
import { HttpError } from './http-error.ts';
import { mediaTypeOf, readBody } from './request-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

export interface NoticeRouteParts {
  db: Database;
  webhooks: WebhookService;
  nowMs: () => number;
}

const MAX_BODY_BYTES = 8 * 1024;
const PAGE = 50;

const chosenKinds = z
  .array(z.enum(CHOSEN_KINDS))
  .max(CHOSEN_KINDS.length)
  .refine((kinds) => new Set(kinds).size === kinds.length, 'a kind stands twice');

export const preferenceSchema = z.strictObject({
  /** Of mails; `both` writes Chinese and English one after the other. */
  language: z.enum(['both', 'zh', 'en']),
  /** Kinds that come by mail. */
  emailKinds: chosenKinds,
});

export const newWebhookSchema = z.strictObject({
  url: z.string().min(1).max(500),
  /** Left out: every kind, those of later versions too. */
  kinds: chosenKinds.min(1).optional(),
});

const changedWebhookSchema = z.strictObject({ state: z.enum(['active', 'disabled']) });

const aboutSchema = z.record(z.string(), z.union([z.string(), z.number()]));

export const noticeListSchema = z.strictObject({
  notices: z.array(
    z.strictObject({
      noticeId: uuid,
      kind: z.string(),
      about: aboutSchema,
      at: utcTime,
      title: z.strictObject({ zh: z.string(), en: z.string() }),
      body: z.strictObject({ zh: z.string(), en: z.string() }),
      /** Page of this service that tells more. */
      page: z.string(),
    }),
  ),
  /** Give it as `before` for the next page; null on the last one. */
  next: z.string().nullable(),
});

export const webhookSchema = z.strictObject({
  webhookId: uuid,
  url: z.string(),
  /** Null: every kind. */
  kinds: z.array(z.string()).nullable(),
  state: z.enum(['active', 'disabled']),
  /** `account`: by hand; `failed`: three days without success; `gone`: the receiver answered 410. Null while active. */
  disabledBecause: z.string().nullable(),
  /** First of the failures in a row; null after a success. */
  failingSince: utcTime.nullable(),
  createdAt: utcTime,
});

export const createdWebhookSchema = z.strictObject({ webhook: webhookSchema, secret: z.string() });
const webhookListSchema = z.strictObject({ webhooks: z.array(webhookSchema) });
const secretSchema = z.strictObject({ secret: z.string() });
const testSchema = z.strictObject({ deliveryId: uuid });

export const deliveryListSchema = z.strictObject({
  deliveries: z.array(
    z.strictObject({
      deliveryId: uuid,
      noticeId: uuid,
      kind: z.string(),
      channel: z.enum(['email', 'webhook']),
      /** Null for mail. */
      webhookId: uuid.nullable(),
      /** Null for webhooks. */
      address: z.string().nullable(),
      state: z.enum(['waiting', 'sent', 'given-up', 'cancelled']),
      attempts: z.number().int().min(0),
      /** A status or a code. */
      outcome: z.string().nullable(),
      madeAt: utcTime,
      lastAttemptAt: utcTime.nullable(),
      /** Null unless it waits. */
      dueAt: utcTime.nullable(),
      endedAt: utcTime.nullable(),
    }),
  ),
  next: z.string().nullable(),
});

const pageQuery = z.strictObject({
  before: z
    .string()
    .regex(/^[1-9][0-9]{0,17}$/, 'expected `next` of the page before')
    .optional()
    .meta({ description: '`next` of the page before; the newest ones if left out.' }),
});
const webhookPath = z.strictObject({ webhookId: uuid });
const tokenQuery = z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected the token of a mail') });

/** What an account was told, how, and what its members and systems want to be told. */
export function noticeRoutes(parts: NoticeRouteParts): Route[] {
  return [...listRoutes(parts), ...preferenceRoutes(parts), ...unsubscribeRoutes(parts), ...webhookRoutes(parts)];
}

function listRoutes({ db, nowMs }: NoticeRouteParts): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/notices',
      operationId: 'listNotices',
      tag: 'notices',
      summary: { zh: '通知列表', en: 'What the account was told, newest first' },
      parameters: { query: pageQuery },
      answers: [{ status: 200, means: 'A page.', mediaType: 'application/json', body: { json: noticeListSchema } }],
      problems: ['invalid-parameter'],
      may: 'notice.read',
      handle: async (req, res, { account }) => {
        const { before } = parseParameters(pageQuery, req.query);
        const rows = await readWithin(db, { accountId: account.accountId, at: new Date(nowMs()) }, (q) =>
          selectNotices(q, account.accountId, PAGE, before === undefined ? null : BigInt(before)),
        );
        sendJson(res, 200, {
          notices: rows.map(({ noticeId, kind, about, at }) => ({
            ...{ noticeId, kind, about, at: utcTimeOf(at.getTime()) },
            ...noticeText(kind, about),
          })),
          next: nextOf(rows),
        });
      },
    },
    {
      method: 'get',
      path: '/api/v1/notices/deliveries',
      operationId: 'listDeliveries',
      tag: 'notices',
      summary: { zh: '投递记录', en: 'Deliveries by mail and webhook, newest first' },
      description: 'Kept for 90 days after each has ended.',
      parameters: { query: pageQuery },
      answers: [{ status: 200, means: 'A page.', mediaType: 'application/json', body: { json: deliveryListSchema } }],
      problems: ['invalid-parameter'],
      may: 'webhook.read',
      handle: async (req, res, { account }) => {
        const { before } = parseParameters(pageQuery, req.query);
        const rows = await readWithin(db, { accountId: account.accountId, at: new Date(nowMs()) }, (q) =>
          selectDeliveries(q, account.accountId, PAGE, before === undefined ? null : BigInt(before)),
        );
        const deliveries = rows.map((row) => ({
          ...{ deliveryId: row.deliveryId, noticeId: row.noticeId, kind: row.kind },
          channel: row.webhookId === null ? 'email' : 'webhook',
          ...{ webhookId: row.webhookId, address: row.address, state: row.state, attempts: row.attempts },
          outcome: row.outcome,
          madeAt: utcTimeOf(row.madeAt.getTime()),
          lastAttemptAt: row.lastAttemptAt && utcTimeOf(row.lastAttemptAt.getTime()),
          dueAt: row.state === 'waiting' ? utcTimeOf(row.dueAt.getTime()) : null,
          endedAt: row.endedAt && utcTimeOf(row.endedAt.getTime()),
        }));
        sendJson(res, 200, { deliveries, next: nextOf(rows) });
      },
    },
  ];
}

function preferenceRoutes({ db, nowMs }: NoticeRouteParts): Route[] {
  const preferenceOf = async ({ account, principal }: Caller) =>
    (await readWithin(db, { accountId: account.accountId, at: new Date(nowMs()) }, (q) =>
      selectNoticePreference(q, account.accountId, principal.userId ?? ''),
    )) ?? {
      language: 'both',
      emailKinds: MAILED_BY_DEFAULT,
    };
  const answer = [
    { status: 200, means: 'As it is now.', mediaType: 'application/json', body: { json: preferenceSchema } },
  ];
  return [
    {
      method: 'get',
      path: '/api/v1/notices/preferences',
      operationId: 'getNoticePreferences',
      tag: 'notices',
      summary: { zh: '通知偏好', en: 'Which notices come by mail, and in which language' },
      description:
        'Of the user, in the account in which he acts. An API key has those of the account, which count for members who have not chosen.',
      answers: answer,
      problems: [],
      may: 'notice.read',
      handle: async (_req, res, caller) => sendJson(res, 200, await preferenceOf(caller)),
    },
    {
      method: 'put',
      path: '/api/v1/notices/preferences',
      operationId: 'setNoticePreferences',
      tag: 'notices',
      summary: { zh: '修改通知偏好', en: 'Choose which notices come by mail' },
      bodies: { 'application/json': { json: preferenceSchema } },
      answers: answer,
      problems: [
        'invalid-parameter',
        'unsupported-media-type',
        'unsupported-content-encoding',
        'body-too-large',
        'upload-aborted',
      ],
      may: 'notice.manage',
      handle: async (req, res, caller) => {
        const chosen = await readJson(preferenceSchema, req, res);
        await upsertNoticePreference(db.pool, {
          ...chosen,
          accountId: caller.account.accountId,
          userId: caller.principal.userId ?? '',
          newToken: randomBytes(32).toString('base64url'),
          at: new Date(nowMs()),
        });
        sendJson(res, 200, await preferenceOf(caller));
      },
    },
  ];
}

function unsubscribeRoutes({ db, nowMs }: NoticeRouteParts): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/notices/unsubscribe',
      operationId: 'askToEndNoticeMails',
      tag: 'notices',
      summary: { zh: '退订页面', en: 'Page that asks whether mails should end' },
      description: 'Changes nothing: programs follow links in mails by themselves.',
      parameters: { query: tokenQuery },
      answers: [{ status: 200, means: 'A form.', mediaType: 'text/html', body: { bytes: 'HTML' } }],
      problems: ['invalid-parameter'],
      may: 'public',
      handle: (req, res) => {
        const { token } = parseParameters(tokenQuery, req.query);
        const form = `<form method="post" action="/api/v1/notices/unsubscribe?token=${token}"><button>不再接收此类邮件 · End these mails</button></form>`;
        res.set('Content-Security-Policy', "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
        sendBytes(res, 200, 'text/html; charset=utf-8', Buffer.from(pageOf('退订通知邮件 · End notice mails', form)));
      },
    },
    {
      method: 'post',
      path: '/api/v1/notices/unsubscribe',
      operationId: 'endNoticeMails',
      tag: 'notices',
      summary: { zh: '退订通知邮件', en: 'End the mails of whoever got this token' },
      description:
        'One click in a mail program is enough (RFC 8058); the body is not read. Preferences turn mails on again.',
      parameters: { query: tokenQuery },
      answers: [{ status: 200, means: 'No more mails of notices.', mediaType: 'text/html', body: { bytes: 'HTML' } }],
      problems: ['invalid-parameter', 'unsubscribe-token-invalid'],
      may: 'public',
      handle: async (req, res) => {
        const { token } = parseParameters(tokenQuery, req.query);
        if (!(await db.transaction((q) => endNoticeMails(q, token, new Date(nowMs()))))) {
          throw new NoticeError('unsubscribe-token-invalid', 'no mail of this service has this token');
        }
        const said = '<p>已退订。No more mails of notices will be sent to you for this account.</p>';
        sendBytes(res, 200, 'text/html; charset=utf-8', Buffer.from(pageOf('已退订 · Ended', said)));
      },
    },
  ];
}

function webhookRoutes({ webhooks }: NoticeRouteParts): Route[] {
  const one = (means: string) => [{ status: 200, means, mediaType: 'application/json', body: { json: webhookSchema } }];
  const base = { tag: 'notices' as const, parameters: { path: webhookPath } };
  const bodyProblems = [
    ...(['invalid-parameter', 'unsupported-media-type', 'unsupported-content-encoding'] as const),
    ...(['body-too-large', 'upload-aborted'] as const),
  ];
  return [
    {
      method: 'post',
      path: '/api/v1/webhooks',
      operationId: 'createWebhook',
      tag: 'notices',
      summary: { zh: '添加 Webhook', en: 'Have notices sent to an address' },
      description: 'Signed as docs/formats/webhook.md says. The secret is shown in this answer and never again.',
      bodies: { 'application/json': { json: newWebhookSchema } },
      answers: [
        {
          status: 201,
          means: 'The webhook and its secret.',
          mediaType: 'application/json',
          body: { json: createdWebhookSchema },
        },
      ],
      problems: [...bodyProblems, 'webhook-address-refused', 'too-many-webhooks'],
      may: 'webhook.manage',
      handle: async (req, res, { account, principal }) => {
        const { url, kinds = null } = await readJson(newWebhookSchema, req, res);
        const { accountId } = account;
        const { webhook, secret } = await webhooks.create({ accountId, userId: principal.userId, url, kinds });
        sendJson(res, 201, { webhook: viewOf(webhook), secret });
      },
    },
    {
      method: 'get',
      path: '/api/v1/webhooks',
      operationId: 'listWebhooks',
      tag: 'notices',
      summary: { zh: 'Webhook 列表', en: 'The webhooks of the account' },
      answers: [{ status: 200, means: 'All.', mediaType: 'application/json', body: { json: webhookListSchema } }],
      problems: [],
      may: 'webhook.read',
      handle: async (_req, res, { account }) => {
        const rows = await webhooks.list(account.accountId);
        sendJson(res, 200, { webhooks: rows.map(viewOf) });
      },
    },
    {
      ...base,
      method: 'patch',
      path: '/api/v1/webhooks/{webhookId}',
      operationId: 'changeWebhook',
      summary: { zh: '启用或停用 Webhook', en: 'Disable or enable a webhook' },
      description: 'Disabling cancels what waits. Enabled again, it gets what happens from then on.',
      bodies: { 'application/json': { json: changedWebhookSchema } },
      answers: one('As it is now.'),
      problems: [...bodyProblems, 'webhook-not-found'],
      may: 'webhook.manage',
      handle: async (req, res, { account }) => {
        const { webhookId } = parseParameters(webhookPath, req.params);
        const { state } = await readJson(changedWebhookSchema, req, res);
        const changed =
          state === 'active'
            ? await webhooks.enable(account.accountId, webhookId)
            : await webhooks.disable(account.accountId, webhookId);
        sendJson(res, 200, viewOf(changed));
      },
    },
    {
      ...base,
      method: 'delete',
      path: '/api/v1/webhooks/{webhookId}',
      operationId: 'removeWebhook',
      summary: { zh: '删除 Webhook', en: 'Remove a webhook' },
      answers: [{ status: 204, means: 'Removed; what waited is cancelled.' }],
      problems: ['invalid-parameter', 'webhook-not-found'],
      may: 'webhook.manage',
      handle: async (req, res, { account }) => {
        const { webhookId } = parseParameters(webhookPath, req.params);
        await webhooks.remove(account.accountId, webhookId);
        res.status(204).end();
      },
    },
    {
      ...base,
      method: 'post',
      path: '/api/v1/webhooks/{webhookId}/secret',
      operationId: 'rotateWebhookSecret',
      summary: { zh: '更换 Webhook 密钥', en: 'Give a webhook a new secret' },
      description: 'Shown this once. For 24 hours the one before signs as well.',
      answers: [{ status: 200, means: 'The new secret.', mediaType: 'application/json', body: { json: secretSchema } }],
      problems: ['invalid-parameter', 'webhook-not-found'],
      may: 'webhook.manage',
      handle: async (req, res, { account }) => {
        const { webhookId } = parseParameters(webhookPath, req.params);
        sendJson(res, 200, { secret: await webhooks.rotateSecret(account.accountId, webhookId) });
      },
    },
    {
      ...base,
      method: 'post',
      path: '/api/v1/webhooks/{webhookId}/test',
      operationId: 'testWebhook',
      summary: { zh: '发送测试通知', en: 'Send a notice of kind test' },
      answers: [
        {
          status: 202,
          means: 'It will be sent behind those that wait; the deliveries tell how it went.',
          mediaType: 'application/json',
          body: { json: testSchema },
        },
      ],
      problems: ['invalid-parameter', 'webhook-not-found', 'webhook-disabled'],
      may: 'webhook.manage',
      handle: async (req, res, { account }) => {
        const { webhookId } = parseParameters(webhookPath, req.params);
        sendJson(res, 202, { deliveryId: await webhooks.sendTest(account.accountId, webhookId) });
      },
    },
  ];
}

function viewOf({ webhookId, url, kinds, disabledAt, disabledBecause, failingSince, createdAt }: WebhookRow) {
  return {
    ...{ webhookId, url, kinds },
    state: disabledAt === null ? 'active' : 'disabled',
    disabledBecause,
    failingSince: failingSince && utcTimeOf(failingSince.getTime()),
    createdAt: utcTimeOf(createdAt.getTime()),
  };
}

function nextOf(rows: readonly { ordinal: bigint }[]): string | null {
  const last = rows.at(-1);
  return rows.length < PAGE || last === undefined ? null : String(last.ordinal);
}

/** @throws HttpError `unsupported-media-type`, `body-too-large`, `unsupported-content-encoding`, `invalid-parameter`; IntakeError `upload-aborted` */
async function readJson<T>(
  schema: z.ZodType<T>,
  req: Parameters<typeof readBody>[0],
  res: Parameters<typeof readBody>[1],
): Promise<T> {
  if (mediaTypeOf(req) !== 'application/json') {
    throw new HttpError('unsupported-media-type', 'send the body as application/json');
  }
  const bytes = await readBody(req, res, MAX_BODY_BYTES);
  try {
    return checkFields(schema, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    if (cause instanceof FormatError) throw new HttpError('invalid-parameter', cause.message, { cause });
    throw new HttpError('invalid-parameter', 'the body is not JSON in UTF-8', { cause });
  }
}

function pageOf(title: string, content: string): string {
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><body><h1>${title}</h1>${content}</body></html>\n`;
}
