import type { Response } from 'express';
import * as z from 'zod';
import type { Caller } from '../access/authentication.ts';
import { mayDo, type Principal, type Relation } from '../access/rules.ts';
import { CustodyError } from '../custody/custody-error.ts';
import type { CustodyFiles } from '../custody/custody-file.ts';
import { type HandOvers, MAX_VALID_DAYS } from '../custody/hand-overs.ts';
import { readTimeline } from '../custody/timeline.ts';
import { type HandOverRow, selectHandOversOfAccount, selectHandOversOfDeposit } from '../db/hand-overs.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { type Fence, fenced, readWithin } from '../db/row-security.ts';
import {
  custodyDetailSchema,
  custodyFileSchema,
  handOverSchema,
  handOverStatementSchema,
  parseHandOverConfirmation,
  parseHandOverStatement,
  RECEIVER_KINDS,
} from '../format/custody.ts';
import { MAX_FILES } from '../format/deposit.ts';
import { hex32, text, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { conclusionSchema } from '../format/report.ts';
import { DepositError } from '../intake/deposit-error.ts';
import { actingOf, requireRelation } from '../sharing/grants.ts';
import { custodyNotes } from './custody-note.ts';
import { JSON_BODY_PROBLEMS, JSON_TYPE, jsonBody } from './json-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

export interface CustodyRouteParts {
  db: Database;
  custody: { files: Pick<CustodyFiles, 'make'>; handOvers: HandOvers };
  /** Where the receiver of a one-time link opens it. */
  publicUrl: string;
  nowMs: () => number;
}

const PAGE = 100;

const ofDeposit = z.strictObject({ depositId: uuid });
const ofHandOver = z.strictObject({ handOverId: uuid });
const pageSize = z
  .string()
  .regex(/^(?:[1-9][0-9]?|100)$/, `expected a number from 1 to ${PAGE}`)
  .optional()
  .meta({ description: `1 to ${PAGE}; 50 if left out.` });
const timelineQuery = z.strictObject({
  limit: pageSize,
  before: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,8})$/, 'expected the number of an event')
    .optional()
    .meta({ description: '`next` of the page before.' }),
});
const listQuery = z.strictObject({
  side: z
    .enum(['given', 'received'])
    .meta({ description: 'Those that the account gave, or that name it as receiver.' }),
  limit: pageSize,
  before: uuid.optional().meta({ description: '`next` of the page before.' }),
});

const actorSchema = z.strictObject({
  accountId: uuid.nullable(),
  userId: z.string().nullable(),
  by: z.enum(['api-key', 'session', 'link', 'service', 'operator']),
  linkId: z.string().nullable(),
  name: z.string().nullable(),
});

const handOverViewSchema = z.strictObject({
  handOverId: uuid,
  depositId: uuid,
  /** `open`: the receiver has not confirmed, and still can. */
  state: z.enum(['open', 'confirmed', 'cancelled', 'expired']),
  statement: handOverStatementSchema,
  confirmation: z
    .strictObject({
      confirmedAt: utcTime,
      by: z.enum(['account', 'link']),
      name: z.string(),
      note: z.string().nullable(),
    })
    .nullable(),
  endedAt: utcTime.nullable(),
});

export const timelineSchema = z.strictObject({
  depositId: uuid,
  /** Events recorded. */
  count: z.number().int(),
  /** What the newest leaf in the log covers; null before the first. */
  leaf: z.strictObject({ count: z.number().int(), leafIndex: z.number().int() }).nullable(),
  /** Newest first. */
  events: z.array(
    z.strictObject({
      index: z.number().int(),
      kind: z.string(),
      at: utcTime,
      /** Since the event before. */
      gapMinutes: z.number().int().nullable(),
      /** Null where it is not opened to the caller, or was erased. */
      actor: actorSchema.nullable(),
      detail: custodyDetailSchema,
      hash: hex32,
      inTheLog: z.boolean(),
    }),
  ),
  next: z.number().int().nullable(),
  /** Only for the depositor. */
  handOvers: z.array(handOverViewSchema),
});

export const handOverListSchema = z.strictObject({ handOvers: z.array(handOverViewSchema), next: uuid.nullable() });

const newHandOverSchema = z.strictObject({
  depositId: uuid,
  receiver: z.strictObject({
    kind: z.enum(RECEIVER_KINDS),
    /** The account that will confirm; left out, a one-time link is made. */
    accountId: uuid.optional(),
    /** As the giver calls him: office, court and division, expert. */
    name: text(300),
  }),
  /** Positions in the deposit; left out: every file. */
  files: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(MAX_FILES - 1),
    )
    .max(MAX_FILES)
    .optional(),
  /** The newest certificate goes along. */
  certificate: z.boolean().default(false),
  /** What else goes along, such as a disc with a package. */
  others: z
    .array(z.strictObject({ sha256: hex32, description: text(300) }))
    .max(50)
    .default([]),
  note: text(1000).optional(),
  validDays: z.number().int().min(1).max(MAX_VALID_DAYS).default(30),
});

const madeHandOverSchema = z.strictObject({
  handOver: handOverViewSchema,
  /** To be passed on to the receiver, shown this once; null if an account confirms. */
  confirmationLink: z.string().nullable(),
});

const noteSchema = z.strictObject({ note: text(1000).optional() });
const tokenField = z.string().min(1).max(100);
const openLinkSchema = z.strictObject({ token: tokenField });
const confirmLinkSchema = z.strictObject({
  token: tokenField,
  /** Who confirms, in his own words. */
  name: text(300),
  note: text(1000).optional(),
});
const verifiedSchema = z.strictObject({
  conclusion: conclusionSchema,
  /** SHA-256 of the file that was held against the deposit. */
  sha256: hex32.optional(),
});

/** What was recorded of a deposit, and hand-overs from one person to another. */
export function custodyRoutes({ db, custody, publicUrl, nowMs }: CustodyRouteParts): Route[] {
  const { files, handOvers } = custody;
  const note = custodyNotes(db, nowMs);
  const now = () => new Date(nowMs());
  const fenceOf = (principal: Principal): Fence => ({ ...principal, at: now() });
  const within = <T>(principal: Principal, read: (q: Queryable) => Promise<T>) =>
    readWithin(db, fenceOf(principal), read);
  const relationTo = (
    { principal }: Caller,
    action: 'custody.read' | 'custody.hand-over' | 'deposit.read',
    depositId: string,
  ): Promise<Exclude<Relation, 'none'>> =>
    requireRelation(db.pool, principal, action, { depositId }, now(), () => depositNotFound(depositId));
  const view = (row: HandOverRow) => handOverView(row, handOvers.stateOf(row));
  const sendView = (res: Response, row: HandOverRow) => sendJson(res, 200, view(row));

  return [
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/custody',
      operationId: 'getCustody',
      tag: 'custody',
      summary: { zh: '保管时间线', en: 'What was recorded of the deposit, with gaps in minutes' },
      description:
        'Newest first. Reading it is no event itself. `inTheLog` says whether a leaf commits to the event: what does not stand in the ' +
        'log yet does so within minutes.',
      parameters: { path: ofDeposit, query: timelineQuery },
      answers: [{ status: 200, means: 'A page.', mediaType: JSON_TYPE, body: { json: timelineSchema } }],
      problems: ['deposit-not-found', 'invalid-parameter'],
      may: 'custody.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { limit = '50', before } = parseParameters(timelineQuery, req.query);
        const isOwn = (await relationTo(caller, 'custody.read', depositId)) === 'own';
        const timeline = await readTimeline(db, fenceOf(caller.principal), depositId, {
          before: before === undefined ? 2 ** 31 - 1 : Number(before),
          limit: Number(limit),
          actors: isOwn ? 'opened' : 'closed',
        });
        const given = isOwn ? await within(caller.principal, (q) => selectHandOversOfDeposit(q, depositId)) : [];
        sendJson(res, 200, { depositId, ...timeline, handOvers: given.map(view) });
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/custody.json',
      operationId: 'getCustodyFile',
      tag: 'custody',
      summary: { zh: '下载保管记录(可离线核验)', en: 'Custody file, for offline verification' },
      description:
        'tiezheng/custody-file/v1: every event, the leaves that hold them fast, and their proofs. Made again on request. Who acted is ' +
        'opened for the depositor alone.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'Canonical bytes.', mediaType: JSON_TYPE, body: { json: custodyFileSchema } }],
      problems: ['deposit-not-found', 'custody-too-long', 'invalid-parameter'],
      may: 'custody.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const relation = await relationTo(caller, 'custody.read', depositId);
        const seen = fenced(db, fenceOf(caller.principal));
        const file = await files.make(seen, depositId, relation === 'own' ? 'opened' : 'closed');
        res.attachment(`custody-${depositId}.json`);
        sendBytes(res, 200, JSON_TYPE, file);
      },
    },
    {
      method: 'post',
      path: '/api/v1/deposits/{depositId}/custody/verifications',
      operationId: 'reportVerification',
      tag: 'custody',
      summary: { zh: '记录一次核验', en: 'Record that the deposit was verified' },
      description:
        'For a page or program that verified on its own machine and wants that to be on record. The conclusion is what the caller says.',
      parameters: { path: ofDeposit },
      bodies: { [JSON_TYPE]: { json: verifiedSchema } },
      answers: [{ status: 204, means: 'Recorded.' }],
      problems: ['deposit-not-found', ...JSON_BODY_PROBLEMS, 'invalid-parameter'],
      may: 'deposit.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { conclusion, sha256 } = await jsonBody(req, res, verifiedSchema);
        await relationTo(caller, 'deposit.read', depositId);
        const detail = { saidBy: 'caller', conclusion, ...(sha256 === undefined ? {} : { sha256 }) };
        await note(req, caller, { depositId, kind: 'verified', detail });
        res.status(204).end();
      },
    },
    {
      method: 'get',
      path: '/api/v1/hand-overs',
      operationId: 'listHandOvers',
      tag: 'custody',
      summary: { zh: '列出移交', en: 'Hand-overs given, or waiting for this account' },
      parameters: { query: listQuery },
      answers: [
        { status: 200, means: 'A page, newest first.', mediaType: JSON_TYPE, body: { json: handOverListSchema } },
      ],
      problems: ['invalid-parameter'],
      may: 'custody.read',
      handle: async (req, res, { account, principal }) => {
        const { side, limit = '50', before = null } = parseParameters(listQuery, req.query);
        const rows = await within(principal, (q) =>
          selectHandOversOfAccount(q, side, account.accountId, Number(limit) + 1, before),
        );
        const page = rows.slice(0, Number(limit));
        const next = rows.length > page.length ? (page.at(-1)?.handOverId ?? null) : null;
        sendJson(res, 200, { handOvers: page.map(view), next });
      },
    },
    {
      method: 'post',
      path: '/api/v1/hand-overs',
      operationId: 'createHandOver',
      tag: 'custody',
      summary: { zh: '发起移交', en: 'Hand a deposit over; the receiver is to confirm' },
      description:
        'It stands as open until the receiver has confirmed: the named account, or whoever holds the one-time link. Whether there is ' +
        'such an account is not told.',
      bodies: { [JSON_TYPE]: { json: newHandOverSchema } },
      answers: [{ status: 201, means: 'Open.', mediaType: JSON_TYPE, body: { json: madeHandOverSchema } }],
      problems: ['deposit-not-found', 'hand-over-invalid', ...JSON_BODY_PROBLEMS, 'invalid-parameter'],
      may: 'custody.hand-over',
      handle: async (req, res, caller) => {
        const asked = await jsonBody(req, res, newHandOverSchema);
        await relationTo(caller, 'custody.hand-over', asked.depositId);
        const { accountId, name } = caller.account;
        const { handOver, token } = await handOvers.give({
          ...asked,
          files: asked.files,
          receiver: { ...asked.receiver, accountId: asked.receiver.accountId ?? null },
          note: asked.note ?? null,
          giver: { accountId, name, acting: actingOf(caller.principal) },
        });
        sendJson(res, 201, {
          handOver: view(handOver),
          // Behind the #, so that no server's log ever holds it.
          confirmationLink: token === null ? null : `${publicUrl}/hand-over#${token}`,
        });
      },
    },
    {
      method: 'get',
      path: '/api/v1/hand-overs/{handOverId}',
      operationId: 'getHandOver',
      tag: 'custody',
      summary: { zh: '查看移交', en: 'One hand-over, for giver and receiver' },
      parameters: { path: ofHandOver },
      answers: [{ status: 200, means: 'The hand-over.', mediaType: JSON_TYPE, body: { json: handOverViewSchema } }],
      problems: ['hand-over-not-found', 'invalid-parameter'],
      may: 'custody.read',
      handle: async (req, res, { account }) => {
        const { handOverId } = parseParameters(ofHandOver, req.params);
        sendView(res, await handOvers.of(handOverId, account.accountId));
      },
    },
    {
      method: 'get',
      path: '/api/v1/hand-overs/{handOverId}/receipt.json',
      operationId: 'getHandOverReceipt',
      tag: 'custody',
      summary: { zh: '下载移交回执', en: 'Sealed receipt of a hand-over' },
      description: 'tiezheng/hand-over/v1. Without a confirmation in it, only the giver has spoken.',
      parameters: { path: ofHandOver },
      answers: [{ status: 200, means: 'Canonical bytes.', mediaType: JSON_TYPE, body: { json: handOverSchema } }],
      problems: ['hand-over-not-found', 'invalid-parameter'],
      may: 'custody.read',
      handle: async (req, res, { account }) => {
        const { handOverId } = parseParameters(ofHandOver, req.params);
        const receipt = await handOvers.receipt(await handOvers.of(handOverId, account.accountId));
        res.attachment(`hand-over-${handOverId}.json`);
        sendBytes(res, 200, JSON_TYPE, receipt);
      },
    },
    {
      method: 'post',
      path: '/api/v1/hand-overs/{handOverId}/confirm',
      operationId: 'confirmHandOver',
      tag: 'custody',
      summary: { zh: '确认接收', en: 'Confirm that it was received' },
      parameters: { path: ofHandOver },
      bodies: { [JSON_TYPE]: { json: noteSchema } },
      answers: [{ status: 200, means: 'Confirmed.', mediaType: JSON_TYPE, body: { json: handOverViewSchema } }],
      problems: [
        'hand-over-not-found',
        'hand-over-ended',
        'hand-over-invalid',
        ...JSON_BODY_PROBLEMS,
        'invalid-parameter',
      ],
      may: 'custody.confirm',
      handle: async (req, res, { account, principal }) => {
        const { handOverId } = parseParameters(ofHandOver, req.params);
        const said = await jsonBody(req, res, noteSchema);
        // Being named as receiver is what is granted here.
        if (!mayDo(principal, 'custody.confirm', 'granted')) throw handOverNotFound(handOverId);
        const { accountId, name } = account;
        const receiver = { accountId, name, acting: actingOf(principal) };
        sendView(res, await handOvers.confirmByAccount(handOverId, receiver, said.note ?? null));
      },
    },
    {
      method: 'post',
      path: '/api/v1/hand-overs/{handOverId}/cancel',
      operationId: 'cancelHandOver',
      tag: 'custody',
      summary: { zh: '取消移交', en: 'Take an open hand-over back' },
      parameters: { path: ofHandOver },
      answers: [{ status: 200, means: 'Cancelled.', mediaType: JSON_TYPE, body: { json: handOverViewSchema } }],
      problems: ['hand-over-not-found', 'hand-over-ended', 'invalid-parameter'],
      may: 'custody.hand-over',
      handle: async (req, res, { account, principal }) => {
        const { handOverId } = parseParameters(ofHandOver, req.params);
        const giver = { accountId: account.accountId, acting: actingOf(principal) };
        sendView(res, await handOvers.cancel(handOverId, giver));
      },
    },
    {
      method: 'post',
      path: '/api/v1/hand-over-link/open',
      operationId: 'openHandOverLink',
      tag: 'custody',
      summary: { zh: '打开一次性确认链接', en: 'What a one-time confirmation link is about' },
      description: 'The token stands behind the # of the link. Opening it changes nothing.',
      bodies: { [JSON_TYPE]: { json: openLinkSchema } },
      answers: [{ status: 200, means: 'The hand-over.', mediaType: JSON_TYPE, body: { json: handOverViewSchema } }],
      problems: ['confirmation-link-invalid', ...JSON_BODY_PROBLEMS, 'invalid-parameter'],
      may: 'public',
      handle: async (req, res) => {
        const { token } = await jsonBody(req, res, openLinkSchema);
        sendView(res, await handOvers.openLink(token));
      },
    },
    {
      method: 'post',
      path: '/api/v1/hand-over-link/confirm',
      operationId: 'confirmHandOverByLink',
      tag: 'custody',
      summary: { zh: '凭一次性链接确认接收', en: 'Confirm by the one-time link, without an account' },
      description:
        'Uses the link up. Answers the sealed receipt, which is the only thing that the receiver gets to keep.',
      bodies: { [JSON_TYPE]: { json: confirmLinkSchema } },
      answers: [{ status: 200, means: 'Canonical bytes.', mediaType: JSON_TYPE, body: { json: handOverSchema } }],
      problems: ['confirmation-link-invalid', 'hand-over-invalid', ...JSON_BODY_PROBLEMS, 'invalid-parameter'],
      may: 'public',
      handle: async (req, res) => {
        const { token, name, note: said = null } = await jsonBody(req, res, confirmLinkSchema);
        const confirmed = await handOvers.confirmByLink(token, name, said);
        sendBytes(res, 200, JSON_TYPE, await handOvers.receipt(confirmed));
      },
    },
  ];
}

function handOverView(row: HandOverRow, state: string) {
  const confirmation = row.confirmation === null ? null : parseHandOverConfirmation(row.confirmation);
  return {
    handOverId: row.handOverId,
    depositId: row.depositId,
    state,
    statement: parseHandOverStatement(row.statement),
    confirmation:
      confirmation === null
        ? null
        : {
            confirmedAt: confirmation.confirmedAt,
            by: confirmation.by,
            name: confirmation.name,
            note: confirmation.note,
          },
    endedAt: row.endedAt === null ? null : utcTimeOf(row.endedAt.getTime()),
  };
}

function depositNotFound(depositId: string): DepositError {
  return new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
}

function handOverNotFound(handOverId: string): CustodyError {
  return new CustodyError('hand-over-not-found', `there is no hand-over ${handOverId} here for you`);
}
