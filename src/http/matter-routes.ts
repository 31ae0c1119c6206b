import * as z from 'zod';
import { AccessError } from '../access/access-error.ts';
import { mayDo, type Principal } from '../access/rules.ts';
import { recordedBefore } from '../custody/custodian.ts';
import { type Coverage, selectMatterCoverage } from '../db/grants.ts';
import { selectLink } from '../db/links.ts';
import {
  type ListedMatterRow,
  type MatterFields,
  type MatterPart,
  type MatterRow,
  type PartFields,
  type PartRow,
  selectDerivationOf,
  selectDerivatives,
  selectMatter,
  selectMatterChanges,
  selectMatterDeposits,
  selectMattersGranted,
  selectMattersOfAccount,
  selectParts,
  selectUserNames,
} from '../db/matters.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { readWithin } from '../db/row-security.ts';
import { text, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { DepositError } from '../intake/deposit-error.ts';
import { type EvidenceIndex, evidenceIndex, indexCsv, indexHtml } from '../matters/evidence-index.ts';
import {
  CONFIDENTIALITIES,
  DISPUTES,
  MATTER_STATUSES,
  matterChangeSchema,
  newMatterSchema,
  PART_SCHEMAS,
  type PartSchemas,
} from '../matters/fields.ts';
import { linkDerivative, MAX_PARTS, type Matters, matterNotFound } from '../matters/matters.ts';
import { actingOf, relationOf, requireRelation } from '../sharing/grants.ts';
import {
  IF_MATCH_PROBLEMS,
  ifMatchHeader,
  JSON_BODY_PROBLEMS,
  JSON_TYPE,
  jsonBody,
  limitParameter,
  pageOf,
  sendVersioned,
  versionSeen,
} from './json-body.ts';
import { type Bilingual, parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

export interface MatterRouteParts {
  db: Database;
  matters: Matters;
  nowMs: () => number;
}

const version = z.number().int().min(1);
export const matterSchema = z.strictObject({
  matterId: uuid,
  /** `own` may be changed; `granted` belongs to another account. */
  relation: z.enum(['own', 'granted']),
  title: z.string(),
  dispute: z.enum(DISPUTES),
  status: z.enum(MATTER_STATUSES),
  confidentiality: z.enum(CONFIDENTIALITIES),
  summary: z.string().nullable(),
  /** Null for readers: whether something is on hold is the account's own. */
  legalHold: z.boolean().nullable(),
  legalHoldReason: z.string().nullable(),
  version,
  createdAt: utcTime,
  changedAt: utcTime,
});
export const matterListSchema = z.strictObject({
  matters: z.array(
    matterSchema.extend({
      /** Null for readers: what a matter holds beside what it discloses is the account's own. */
      counts: z
        .strictObject({ items: z.number().int(), parties: z.number().int(), openDeadlines: z.number().int() })
        .nullable(),
      /** The one due first of those not done; null if there is none, and for readers. */
      nextDeadline: z.strictObject({ title: z.string(), dueAt: utcTime }).nullable(),
    }),
  ),
  next: uuid.nullable(),
});

const derivativeKind = z.enum(['redacted', 'excerpt', 'translation', 'transcript', 'enlargement', 'other']);
const newDerivativeSchema = z.strictObject({
  /** The deposit that was made from this one. */
  depositId: uuid,
  kind: derivativeKind,
  /** How: what was blacked out, with which tool. */
  method: text(1000),
});
const derivativeSchema = z.strictObject({
  depositId: uuid,
  originalDepositId: uuid,
  kind: derivativeKind,
  method: z.string(),
  linkedAt: utcTime,
});
const derivativesSchema = z.strictObject({
  /** Deposits that were made from this one. */
  derivatives: z.array(derivativeSchema),
  /** The deposit that this one was made from; null if it is no derivative. */
  derivedFrom: derivativeSchema.nullable(),
});

export const matterDepositsSchema = z.strictObject({
  /** Those that items and proofs of rights name, and what was made from them. */
  deposits: z.array(
    z.strictObject({
      depositId: uuid,
      title: z.string().nullable(),
      receivedAt: utcTime,
      /** Null until the deposit is in the log. */
      depositNo: z.number().int().nullable(),
      certificateNo: z.string().nullable(),
      files: z.number().int(),
    }),
  ),
  derivatives: z.array(derivativeSchema),
});

const changeSchema = z.strictObject({
  changeId: z.number().int(),
  at: utcTime,
  accountId: uuid,
  userId: z.string().nullable(),
  /** Null for an API key, and for somebody who is no user any more. */
  userName: z.string().nullable(),
  by: z.string(),
  part: z.string(),
  partId: uuid,
  change: z.enum(['created', 'changed', 'removed']),
  before: z.looseObject({}).nullable(),
  after: z.looseObject({}).nullable(),
});
export const historySchema = z.strictObject({ changes: z.array(changeSchema), next: z.number().int().nullable() });

const orderSchema = z.strictObject({ items: z.array(uuid).max(MAX_PARTS) });

export const indexSchema = z.strictObject({
  matterId: uuid,
  title: z.string(),
  dispute: z.string(),
  madeAt: utcTime,
  entries: z.array(
    z.strictObject({
      no: z.number().int().min(1),
      issue: z.string().nullable(),
      name: z.string().nullable(),
      source: z.string().nullable(),
      proofPurpose: z.string().nullable(),
      form: z.enum(['original', 'copy', 'unknown']),
      pages: z.number().int().nullable(),
      depositId: uuid,
      depositNo: z.number().int().nullable(),
      receivedAt: utcTime,
      certificateNo: z.string().nullable(),
      derivedFrom: z.strictObject({ depositId: uuid, kind: derivativeKind, method: z.string() }).nullable(),
      files: z.array(
        z.strictObject({
          name: z.string(),
          sizeBytes: z.number().int(),
          digestSource: z.enum(['computed', 'declared']),
          sha256: z.string(),
          sm3: z.string().nullable(),
        }),
      ),
      relations: z.array(z.strictObject({ kind: z.string(), no: z.number().int(), remark: z.string().nullable() })),
    }),
  ),
});

const ofMatter = z.strictObject({ matterId: uuid });
const ofDeposit = z.strictObject({ depositId: uuid });
const listQuery = z.strictObject({
  of: z.enum(['own', 'granted']).optional().meta({ description: '`own` if left out.' }),
  status: z.enum(MATTER_STATUSES).optional(),
  search: z.string().min(1).max(200).optional().meta({ description: 'Stands in the title or the summary.' }),
  limit: limitParameter,
  before: uuid.optional().meta({ description: '`next` of the page before.' }),
});
const partQuery = z.strictObject({
  limit: limitParameter,
  after: uuid.optional().meta({ description: '`next` of the page before.' }),
});
const historyQuery = z.strictObject({
  limit: limitParameter,
  before: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/, 'expected a number')
    .optional()
    .meta({ description: '`next` of the page before.' }),
});

interface PartWords {
  part: MatterPart;
  idName: string;
  /** In addresses and lists. */
  plural: string;
  /** In operation ids. */
  name: string;
  zh: string;
  en: string;
  /** Readers of the matter never see them. */
  isPrivate?: true;
}

const PARTS: readonly PartWords[] = [
  { part: 'party', idName: 'partyId', plural: 'parties', name: 'Party', zh: '当事人', en: 'party' },
  { part: 'right', idName: 'rightId', plural: 'rights', name: 'Right', zh: '权利', en: 'right' },
  { part: 'proof', idName: 'proofId', plural: 'proofs', name: 'RightProof', zh: '权利凭证', en: 'proof of a right' },
  { part: 'item', idName: 'itemId', plural: 'items', name: 'Item', zh: '证据', en: 'item' },
  {
    part: 'relation',
    idName: 'relationId',
    plural: 'relations',
    name: 'Relation',
    zh: '印证关系',
    en: 'relation of two items',
  },
  { part: 'note', idName: 'noteId', plural: 'notes', name: 'Note', zh: '备注', en: 'note', isPrivate: true },
  {
    part: 'deadline',
    idName: 'deadlineId',
    plural: 'deadlines',
    name: 'Deadline',
    zh: '期限',
    en: 'deadline',
    isPrivate: true,
  },
];

/** Disputes, what is in them, and what is made of them. Another's answers as one that never was, unless it was granted. */
export function matterRoutes(parts: MatterRouteParts): Route[] {
  const { db, matters, nowMs } = parts;
  const now = () => new Date(nowMs());
  const within = <T>(principal: Principal, read: (q: Queryable) => Promise<T>) =>
    readWithin(db, { ...principal, at: now() }, read);

  /** The matter, if the caller may do this with it; what he sees of it is `coverage`. */
  const matterFor = async (principal: Principal, action: 'matter.read' | 'matter.edit', matterId: string) => {
    const relation = await requireRelation(db.pool, principal, action, { matterId }, now(), matterNotFound);
    const matter = await within(principal, (q) => selectMatter(q, matterId));
    if (matter === undefined) throw matterNotFound();
    const coverage = relation === 'own' ? 'everything' : await coverageOf(principal, matterId);
    return { matter, relation, coverage };
  };
  const coverageOf = async (principal: Principal, matterId: string): Promise<Coverage> => {
    if (principal.by === 'link')
      return (await within(principal, (q) => selectLink(q, principal.linkId ?? '')))?.coverage ?? 'disclosed';
    const { accountId } = principal;
    return (await within(principal, (q) => selectMatterCoverage(q, accountId, matterId, now()))) ?? 'disclosed';
  };
  const ownMatter = async (principal: Principal, action: 'matter.read' | 'matter.edit', matterId: string) => {
    const found = await matterFor(principal, action, matterId);
    if (found.relation !== 'own') throw new AccessError('forbidden', 'this part of a matter is its account’s alone');
    return found.matter;
  };
  /** All rows of a part that a reader with this coverage sees; a matter has a bounded number. */
  const visible = async (q: Queryable, part: MatterPart, matterId: string, coverage: Coverage): Promise<PartRow[]> => {
    const rows = await selectParts(q, part, matterId, { limit: MAX_PARTS, after: null });
    if (coverage === 'everything') return rows;
    const isShown = (row: PartRow) => row.disclosure !== 'withheld';
    if (part === 'item') return rows.filter(isShown);
    if (part !== 'relation') return rows;
    const items = (await selectParts(q, 'item', matterId, { limit: MAX_PARTS, after: null })).filter(isShown);
    const ids = new Set(items.map((item) => item.id));
    return rows.filter((row) => ids.has(String(row.itemId)) && ids.has(String(row.otherItemId)));
  };

  const indexFor = async (principal: Principal, matterId: string, format: string): Promise<EvidenceIndex> => {
    const { matter, coverage } = await matterFor(principal, 'matter.read', matterId);
    const sees = (item: PartRow) =>
      coverage === 'everything' || item.disclosure === 'original' ? ('deposit' as const) : ('derivatives' as const);
    const index = await within(principal, async (q) => {
      const items = await visible(q, 'item', matterId, coverage);
      return evidenceIndex(q, matter, items, await visible(q, 'relation', matterId, coverage), sees, now());
    });
    // Ascending, as custody chains are locked everywhere; durable before names and digests leave.
    for (const depositId of [...new Set(index.entries.map((entry) => entry.depositId))].sort()) {
      await recordedBefore(db, {
        depositId,
        kind: 'viewed',
        actor: actingOf(principal),
        at: now(),
        detail: { what: 'evidence-index', matterId, format },
        repeatsWithinMs: 10 * 60_000,
      });
    }
    return index;
  };

  return [
    {
      method: 'post',
      path: '/api/v1/matters',
      operationId: 'createMatter',
      tag: 'matters',
      summary: { zh: '新建案件', en: 'A new matter' },
      bodies: { [JSON_TYPE]: { json: newMatterSchema } },
      answers: [{ status: 201, means: 'A draft.', mediaType: JSON_TYPE, body: { json: matterSchema } }],
      problems: [...JSON_BODY_PROBLEMS],
      may: 'matter.create',
      handle: async (req, res, { principal }) => {
        if (!mayDo(principal, 'matter.create', 'own')) throw forbidden('matter.create');
        const {
          title,
          dispute,
          confidentiality = 'confidential',
          summary = null,
        } = await jsonBody(req, res, newMatterSchema);
        const matter = await matters.create(principal, { title, dispute, confidentiality, summary }, now());
        sendVersioned(res, 201, matterView(matter, 'own'));
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters',
      operationId: 'listMatters',
      tag: 'matters',
      summary: { zh: '列出案件', en: 'List matters' },
      parameters: { query: listQuery },
      answers: [
        { status: 200, means: 'A page, newest first.', mediaType: JSON_TYPE, body: { json: matterListSchema } },
      ],
      problems: ['invalid-parameter'],
      may: 'matter.list',
      handle: async (req, res, { principal }) => {
        const query = parseParameters(listQuery, req.query);
        const { of = 'own', status = null, search = null, limit = '50', before = null } = query;
        const size = Number(limit);
        const asked = { limit: size + 1, before, status, search };
        const rows =
          of === 'own'
            ? await within(principal, (q) => selectMattersOfAccount(q, principal.accountId, asked))
            : await within(principal, (q) => selectMattersGranted(q, principal.accountId, now(), asked));
        const { page, next } = pageOf<MatterRow | ListedMatterRow, string>(rows, size, (row) => row.matterId);
        sendJson(res, 200, { matters: page.map((row) => listedView(row, of)), next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters/{matterId}',
      operationId: 'getMatter',
      tag: 'matters',
      summary: { zh: '查看案件', en: 'One matter' },
      parameters: { path: ofMatter },
      answers: [{ status: 200, means: 'The matter.', mediaType: JSON_TYPE, body: { json: matterSchema } }],
      problems: ['matter-not-found', 'invalid-parameter'],
      may: 'matter.read',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        const { matter, relation } = await matterFor(principal, 'matter.read', matterId);
        sendVersioned(res, 200, matterView(matter, relation));
      },
    },
    {
      method: 'patch',
      path: '/api/v1/matters/{matterId}',
      operationId: 'changeMatter',
      tag: 'matters',
      summary: { zh: '修改案件', en: 'Change a matter' },
      description: 'Fields that are left out stay. Of a closed matter only the legal hold changes.',
      parameters: { path: ofMatter, header: ifMatchHeader },
      bodies: { [JSON_TYPE]: { json: matterChangeSchema } },
      answers: [{ status: 200, means: 'As it is now.', mediaType: JSON_TYPE, body: { json: matterSchema } }],
      problems: ['matter-not-found', 'matter-closed', 'matter-invalid', ...IF_MATCH_PROBLEMS, ...JSON_BODY_PROBLEMS],
      may: 'matter.edit',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        await ownMatter(principal, 'matter.edit', matterId);
        const seen = versionSeen(req);
        const change = withoutUndefined(await jsonBody(req, res, matterChangeSchema)) as Partial<MatterFields>;
        sendVersioned(res, 200, matterView(await matters.change(principal, matterId, seen, change, now()), 'own'));
      },
    },
    {
      method: 'delete',
      path: '/api/v1/matters/{matterId}',
      operationId: 'removeMatter',
      tag: 'matters',
      summary: { zh: '删除草稿案件', en: 'Remove a draft' },
      description: 'Only drafts without legal hold. Deposits stay, and so does the history.',
      parameters: { path: ofMatter, header: ifMatchHeader },
      answers: [{ status: 204, means: 'Removed.' }],
      problems: ['matter-not-found', 'matter-in-use', ...IF_MATCH_PROBLEMS],
      may: 'matter.edit',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        await ownMatter(principal, 'matter.edit', matterId);
        await matters.remove(principal, matterId, versionSeen(req), now());
        res.status(204).end();
      },
    },
    ...PARTS.flatMap((words) => partRoutes(words)),
    {
      method: 'put',
      path: '/api/v1/matters/{matterId}/item-order',
      operationId: 'orderItems',
      tag: 'matters',
      summary: { zh: '调整证据顺序', en: 'Put the items into an order' },
      parameters: { path: ofMatter, header: ifMatchHeader },
      bodies: { [JSON_TYPE]: { json: orderSchema } },
      answers: [
        { status: 200, means: 'The matter, one version later.', mediaType: JSON_TYPE, body: { json: matterSchema } },
      ],
      problems: ['matter-not-found', 'matter-closed', 'matter-invalid', ...IF_MATCH_PROBLEMS, ...JSON_BODY_PROBLEMS],
      may: 'matter.edit',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        await ownMatter(principal, 'matter.edit', matterId);
        const seen = versionSeen(req);
        const { items } = await jsonBody(req, res, orderSchema);
        sendVersioned(res, 200, matterView(await matters.orderItems(principal, matterId, seen, items, now()), 'own'));
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters/{matterId}/history',
      operationId: 'getMatterHistory',
      tag: 'matters',
      summary: { zh: '案件修改历史', en: 'Who changed what in a matter, and when' },
      parameters: { path: ofMatter, query: historyQuery },
      answers: [{ status: 200, means: 'Newest first.', mediaType: JSON_TYPE, body: { json: historySchema } }],
      problems: ['matter-not-found', 'invalid-parameter'],
      may: 'matter.read',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        const { limit = '50', before } = parseParameters(historyQuery, req.query);
        await ownMatter(principal, 'matter.read', matterId);
        const size = Number(limit);
        const asked = { limit: size + 1, before: before === undefined ? null : BigInt(before) };
        const rows = await within(principal, (q) => selectMatterChanges(q, matterId, asked));
        const { page, next } = pageOf(rows, size, (row) => Number(row.changeId));
        const names = await selectUserNames(db.pool, [...new Set(page.flatMap((row) => row.userId ?? []))]);
        const changes = page.map(({ changeId, at, matterId: _, ...row }) => ({
          changeId: Number(changeId),
          at: utcTimeOf(at.getTime()),
          ...row,
          userName: names.get(row.userId ?? '') ?? null,
        }));
        sendJson(res, 200, { changes, next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters/{matterId}/deposits',
      operationId: 'listMatterDeposits',
      tag: 'matters',
      summary: { zh: '案件涉及的存证', en: 'The deposits that a matter names, with what was made from them' },
      description: 'For the account that keeps the matter; its readers have the evidence index.',
      parameters: { path: ofMatter },
      answers: [{ status: 200, means: 'Oldest first.', mediaType: JSON_TYPE, body: { json: matterDepositsSchema } }],
      problems: ['matter-not-found', 'invalid-parameter'],
      may: 'matter.read',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        await ownMatter(principal, 'matter.read', matterId);
        const { rows, derivatives } = await within(principal, async (q) => {
          const rows = await selectMatterDeposits(q, principal.accountId, matterId);
          const ids = rows.map((row) => row.depositId);
          return { rows, derivatives: await selectDerivatives(q, ids) };
        });
        const deposits = rows.map(({ receivedAt, leafIndex, ...row }) => ({
          ...row,
          receivedAt: utcTimeOf(receivedAt.getTime()),
          depositNo: leafIndex === null ? null : Number(leafIndex),
        }));
        sendJson(res, 200, { deposits, derivatives: derivatives.map(derivativeView) });
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters/{matterId}/index.json',
      operationId: 'getEvidenceIndex',
      tag: 'matters',
      summary: { zh: '证据目录(数据)', en: 'Evidence index as data' },
      description: 'Items in their order, arranged by issue. Whoever reads a matter of another sees what it discloses.',
      parameters: { path: ofMatter },
      answers: [{ status: 200, means: 'The index as of now.', mediaType: JSON_TYPE, body: { json: indexSchema } }],
      problems: ['matter-not-found', 'invalid-parameter'],
      may: 'matter.read',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        sendJson(res, 200, await indexFor(principal, matterId, 'json'));
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters/{matterId}/index.csv',
      operationId: 'getEvidenceIndexCsv',
      tag: 'matters',
      summary: { zh: '证据目录(表格)', en: 'Evidence index for spreadsheets' },
      description: 'UTF-8 with a byte order mark; cells that a spreadsheet would calculate begin with a quote.',
      parameters: { path: ofMatter },
      answers: [{ status: 200, means: 'CSV, RFC 4180.', mediaType: CSV_TYPE, body: { bytes: 'CSV' } }],
      problems: ['matter-not-found', 'invalid-parameter'],
      may: 'matter.read',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        const csv = indexCsv(await indexFor(principal, matterId, 'csv'));
        res.attachment(`evidence-index-${matterId}.csv`);
        sendBytes(res, 200, CSV_TYPE, Buffer.from(csv));
      },
    },
    {
      method: 'get',
      path: '/api/v1/matters/{matterId}/index.html',
      operationId: 'getEvidenceIndexPage',
      tag: 'matters',
      summary: { zh: '证据目录(打印)', en: 'Evidence index for printing' },
      parameters: { path: ofMatter },
      answers: [{ status: 200, means: 'One page without scripts.', mediaType: HTML_TYPE, body: { bytes: 'HTML' } }],
      problems: ['matter-not-found', 'invalid-parameter'],
      may: 'matter.read',
      handle: async (req, res, { principal }) => {
        const { matterId } = parseParameters(ofMatter, req.params);
        const html = indexHtml(await indexFor(principal, matterId, 'html'));
        res.set('Content-Security-Policy', "sandbox allow-modals; default-src 'none'; style-src 'unsafe-inline'");
        sendBytes(res, 200, HTML_TYPE, Buffer.from(html));
      },
    },
    {
      method: 'post',
      path: '/api/v1/deposits/{depositId}/derivatives',
      operationId: 'linkDerivative',
      tag: 'matters',
      summary: { zh: '登记衍生件(如脱敏件)', en: 'Link a derivative, such as a redacted copy' },
      description: 'Both are deposits of yours, each with its own digests. The link is never changed.',
      parameters: { path: ofDeposit },
      bodies: { [JSON_TYPE]: { json: newDerivativeSchema } },
      answers: [{ status: 201, means: 'Linked.', mediaType: JSON_TYPE, body: { json: derivativeSchema } }],
      problems: [
        'deposit-not-found',
        'derivative-invalid',
        'matter-invalid',
        'invalid-parameter',
        ...JSON_BODY_PROBLEMS,
      ],
      may: 'matter.edit',
      handle: async (req, res, { principal }) => {
        const { depositId: originalDepositId } = parseParameters(ofDeposit, req.params);
        const { depositId, kind, method } = await jsonBody(req, res, newDerivativeSchema);
        // Both are asked for in the same way: another's deposit is as unknown as one that never was.
        for (const id of [originalDepositId, depositId]) {
          const relation = await relationOf(db.pool, principal, { depositId: id }, { at: now() });
          if (relation !== 'own') throw new DepositError('deposit-not-found', `you have no deposit ${id} here`);
        }
        const row = { depositId, originalDepositId, kind, method, linkedAt: now() };
        await linkDerivative(db, principal, row);
        sendJson(res, 201, { ...row, linkedAt: utcTimeOf(row.linkedAt.getTime()) });
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/derivatives',
      operationId: 'listDerivatives',
      tag: 'matters',
      summary: { zh: '衍生件与原件的对应关系', en: 'What was made from a deposit, and what it was made from' },
      parameters: { path: ofDeposit },
      answers: [
        {
          status: 200,
          means: 'Those that the caller may see.',
          mediaType: JSON_TYPE,
          body: { json: derivativesSchema },
        },
      ],
      problems: ['deposit-not-found', 'invalid-parameter'],
      may: 'deposit.read',
      handle: async (req, res, { principal }) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const notFound = () => new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
        await requireRelation(db.pool, principal, 'deposit.read', { depositId }, now(), notFound);
        const isSeen = async (id: string) =>
          (await relationOf(db.pool, principal, { depositId: id }, { at: now() })) !== 'none';
        const derivatives = [];
        for (const row of await within(principal, (q) => selectDerivatives(q, [depositId]))) {
          if (await isSeen(row.depositId)) derivatives.push(derivativeView(row));
        }
        const from = await within(principal, (q) => selectDerivationOf(q, depositId));
        sendJson(res, 200, { derivatives, derivedFrom: from === undefined ? null : derivativeView(from) });
      },
    },
  ];

  function partRoutes({ part, idName, plural, name, zh, en, isPrivate }: PartWords): Route[] {
    const schemas: PartSchemas = PART_SCHEMAS[part];
    const address = `/api/v1/matters/{matterId}/${plural}`;
    const ofPart = z.strictObject({ matterId: uuid, [idName]: uuid }) as z.ZodType<Record<string, string>> &
      z.ZodObject;
    const list = z.strictObject({ [plural]: z.array(readerSchema(schemas.row, part)), next: uuid.nullable() });
    const changes: Route['problems'] = ['matter-not-found', 'matter-closed', 'matter-invalid', 'matter-duplicate'];
    const summary = (verbZh: string, verbEn: string): Bilingual => ({ zh: `${verbZh}${zh}`, en: `${verbEn}: ${en}` });
    const view = (row: PartRow) => partView(row, idName);
    const idOf = (params: Record<string, string>) => params[idName] as string;
    return [
      {
        method: 'get',
        path: address,
        operationId: `list${name}s`.replace(/ys$/, 'ies'),
        tag: 'matters',
        summary: summary('列出', 'List'),
        parameters: { path: ofMatter, query: partQuery },
        answers: [{ status: 200, means: 'A page, in order.', mediaType: JSON_TYPE, body: { json: list } }],
        problems: ['matter-not-found', 'invalid-parameter'],
        may: 'matter.read',
        handle: async (req, res, { principal }) => {
          const { matterId } = parseParameters(ofMatter, req.params);
          const { limit = '50', after = null } = parseParameters(partQuery, req.query);
          const size = Number(limit);
          if (isPrivate) await ownMatter(principal, 'matter.read', matterId);
          const { relation, coverage } = await matterFor(principal, 'matter.read', matterId);
          const rows =
            relation === 'own'
              ? await within(principal, (q) => selectParts(q, part, matterId, { limit: size + 1, after }))
              : following(await within(principal, (q) => visible(q, part, matterId, coverage)), after).slice(
                  0,
                  size + 1,
                );
          const { page, next } = pageOf(rows, size, (row) => row.id);
          const shown = relation === 'own' ? page : page.map((row) => forReader(row, part, coverage));
          sendJson(res, 200, { [plural]: shown.map(view), next });
        },
      },
      {
        method: 'post',
        path: address,
        operationId: `add${name}`,
        tag: 'matters',
        summary: summary('添加', 'Add'),
        parameters: { path: ofMatter },
        bodies: { [JSON_TYPE]: { json: schemas.create } },
        answers: [{ status: 201, means: 'Added.', mediaType: JSON_TYPE, body: { json: schemas.row } }],
        problems: [...changes, 'matter-full', 'invalid-parameter', ...JSON_BODY_PROBLEMS],
        may: 'matter.edit',
        handle: async (req, res, { principal }) => {
          const { matterId } = parseParameters(ofMatter, req.params);
          await ownMatter(principal, 'matter.edit', matterId);
          const fields = withoutUndefined(await jsonBody(req, res, schemas.create)) as PartFields;
          const row = await matters.add(principal, matterId, part, fields, now());
          sendVersioned(res, 201, view(row));
        },
      },
      {
        method: 'patch',
        path: `${address}/{${idName}}`,
        operationId: `change${name}`,
        tag: 'matters',
        summary: summary('修改', 'Change'),
        parameters: { path: ofPart, header: ifMatchHeader },
        bodies: { [JSON_TYPE]: { json: schemas.change } },
        answers: [{ status: 200, means: 'As it is now.', mediaType: JSON_TYPE, body: { json: schemas.row } }],
        problems: [...changes, 'matter-part-not-found', ...IF_MATCH_PROBLEMS, ...JSON_BODY_PROBLEMS],
        may: 'matter.edit',
        handle: async (req, res, { principal }) => {
          const params = parseParameters(ofPart, req.params) as Record<string, string>;
          const matterId = params.matterId as string;
          await ownMatter(principal, 'matter.edit', matterId);
          const seen = versionSeen(req);
          const fields = withoutUndefined(await jsonBody(req, res, schemas.change)) as PartFields;
          const change = { id: idOf(params), version: seen, fields };
          sendVersioned(res, 200, view(await matters.changePart(principal, matterId, part, change, now())));
        },
      },
      {
        method: 'delete',
        path: `${address}/{${idName}}`,
        operationId: `remove${name}`,
        tag: 'matters',
        summary: summary('移除', 'Remove'),
        parameters: { path: ofPart, header: ifMatchHeader },
        answers: [{ status: 204, means: 'Removed; the history keeps it.' }],
        problems: ['matter-not-found', 'matter-part-not-found', 'matter-closed', 'matter-in-use', ...IF_MATCH_PROBLEMS],
        may: 'matter.edit',
        handle: async (req, res, { principal }) => {
          const params = parseParameters(ofPart, req.params) as Record<string, string>;
          const matterId = params.matterId as string;
          await ownMatter(principal, 'matter.edit', matterId);
          const row = { id: idOf(params), version: versionSeen(req) };
          await matters.removePart(principal, matterId, part, row, now());
          res.status(204).end();
        },
      },
    ];
  }
}

const CSV_TYPE = 'text/csv; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

function forbidden(action: string): AccessError {
  return new AccessError('forbidden', `neither the roles nor the scopes of the caller allow ${action}`);
}

export function matterView(row: MatterRow, relation: 'own' | 'granted') {
  const { accountId: _, createdAt, changedAt, ...matter } = row;
  return {
    ...matter,
    relation,
    legalHold: relation === 'own' ? row.legalHold : null,
    legalHoldReason: relation === 'own' ? row.legalHoldReason : null,
    createdAt: utcTimeOf(createdAt.getTime()),
    changedAt: utcTimeOf(changedAt.getTime()),
  };
}

function listedView(row: MatterRow | ListedMatterRow, relation: 'own' | 'granted') {
  if (!('items' in row)) return { ...matterView(row, relation), counts: null, nextDeadline: null };
  const { items, parties, openDeadlines, nextDeadline, ...matter } = row;
  return { ...matterView(matter, relation), counts: { items, parties, openDeadlines }, nextDeadline };
}

function partView(row: PartRow, idName: string): { version: number } {
  const { id, ...fields } = row;
  return { [idName]: id, ...fields } as { version: number };
}

/** What a reader of another's matter does not see of a row. */
function forReader(row: PartRow, part: MatterPart, coverage: Coverage): PartRow {
  if (part === 'party') return { ...row, identifier: null, contact: null, remark: null };
  // He sees its derivatives, and not that which they were made from.
  if (part === 'item' && coverage === 'disclosed' && row.disclosure === 'derivative')
    return { ...row, depositId: null };
  return row;
}

function readerSchema(row: z.ZodObject, part: MatterPart): z.ZodObject {
  if (part !== 'item') return row;
  return row.extend({
    depositId: uuid.nullable().meta({ description: 'Null for readers who see only derivatives of it.' }),
  });
}

/** Rows after the one with this id; none if there is no such row. */
function following(rows: readonly PartRow[], after: string | null): PartRow[] {
  if (after === null) return [...rows];
  const at = rows.findIndex((row) => row.id === after);
  return at < 0 ? [] : rows.slice(at + 1);
}

function derivativeView({
  linkedAt,
  ...row
}: {
  linkedAt: Date;
  depositId: string;
  originalDepositId: string;
  kind: string;
  method: string;
}) {
  return { ...row, linkedAt: utcTimeOf(linkedAt.getTime()) };
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
