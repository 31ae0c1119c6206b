import express, { type Request, type Response, Router } from 'express';
import { v7 as uuidV7 } from 'uuid';
import * as z from 'zod';
import {
  historySchema,
  indexSchema,
  matterDepositsSchema,
  matterListSchema,
  matterSchema,
} from '../../src/http/matter-routes.ts';
import { officesSchema, requestListSchema, stepListSchema } from '../../src/http/request-routes.ts';
import { grantListSchema, linkListSchema, receivedListSchema } from '../../src/http/sharing-routes.ts';
import { matterChangeSchema, newMatterSchema, PART_SCHEMAS } from '../../src/matters/fields.ts';
import { MatterError } from '../../src/matters/matter-error.ts';

export const NOW = '2026-11-22T03:00:00.000Z';
export type Row = Record<string, unknown> & { version: number };
type Matter = z.infer<typeof matterSchema>;
type ListedDeposit = z.infer<typeof matterDepositsSchema>['deposits'][number];

const PARTS = {
  parties: { part: 'party', id: 'partyId', defaults: { kind: 'unknown' } },
  rights: { part: 'right', id: 'rightId', defaults: {} },
  proofs: { part: 'proof', id: 'proofId', defaults: {} },
  items: {
    part: 'item',
    id: 'itemId',
    defaults: { form: 'unknown', disclosure: 'original', confidentiality: 'normal' },
  },
  relations: { part: 'relation', id: 'relationId', defaults: {} },
  notes: { part: 'note', id: 'noteId', defaults: {} },
  deadlines: { part: 'deadline', id: 'deadlineId', defaults: {} },
} as const;
export type PartName = keyof typeof PARTS;

/** Keeps matters in memory and answers as the service does, by the service's own schemas. */
export class StandInMatters {
  readonly router = Router();
  readonly matters: Matter[] = [];
  readonly rows: Record<PartName, Row[]> = {
    parties: [],
    rights: [],
    proofs: [],
    items: [],
    relations: [],
    notes: [],
    deadlines: [],
  };
  /** Of the account, newest first. */
  deposits: ListedDeposit[] = [];
  derivatives: z.infer<typeof matterDepositsSchema>['derivatives'] = [];
  changes: unknown[] = [];
  offices: unknown[] = [];
  requests: (Record<string, unknown> & { requestId: string; steps: unknown[] })[] = [];
  links: unknown[] = [];
  grants: unknown[] = [];
  received: unknown[] = [];
  index: unknown = { entries: [] };
  /** What was asked that changes something, in its order. */
  readonly asked: { call: string; body: unknown }[] = [];

  constructor() {
    const { router } = this;
    router.use(express.json());
    router.use((req, _res, next) => {
      if (req.method !== 'GET') this.asked.push({ call: `${req.method} ${req.path}`, body: req.body });
      next();
    });
    router.get('/matters', (req, res) => this.#list(req, res));
    router.post('/matters', (req, res) => {
      const { title, dispute, confidentiality = 'confidential', summary = null } = newMatterSchema.parse(req.body);
      res.status(201).json(this.addMatter({ title, dispute, confidentiality, summary }));
    });
    router.get('/matters/:id', (req, res) => {
      res.json(matterSchema.parse(this.#matter(req)));
    });
    router.patch('/matters/:id', (req, res) => {
      const matter = this.#matter(req);
      seen(req, matter.version);
      Object.assign(matter, matterChangeSchema.parse(req.body), { version: matter.version + 1 });
      res.json(matterSchema.parse(matter));
    });
    router.delete('/matters/:id', (req, res) => {
      seen(req, this.#matter(req).version);
      this.matters.splice(this.matters.indexOf(this.#matter(req)), 1);
      res.status(204).end();
    });
    router.put('/matters/:id/item-order', (req, res) => {
      const matter = this.#matter(req);
      seen(req, matter.version);
      const { items } = z.strictObject({ items: z.array(z.string()) }).parse(req.body);
      this.rows.items.sort((a, b) => items.indexOf(String(a.itemId)) - items.indexOf(String(b.itemId)));
      this.#number();
      matter.version++;
      res.json(matterSchema.parse(matter));
    });
    router.get('/matters/:id/deposits', (req, res) => {
      this.#matter(req);
      res.json(matterDepositsSchema.parse({ deposits: this.deposits, derivatives: this.derivatives }));
    });
    router.get('/matters/:id/history', (_req, res) => {
      res.json(historySchema.parse({ changes: this.changes, next: null }));
    });
    router.get('/matters/:id/index.json', (req, res) => {
      const { matterId, title, dispute } = this.#matter(req);
      res.json(indexSchema.parse({ matterId, title, dispute, madeAt: NOW, ...(this.index as object) }));
    });
    for (const name of Object.keys(PARTS) as PartName[]) this.#partRoutes(name);
    router.post('/deposits/:id/derivatives', (req, res) => {
      const link = { ...req.body, originalDepositId: req.params.id, linkedAt: NOW };
      this.derivatives.push(link);
      res.status(201).json(link);
    });
    router.get('/deposits', (_req, res) => {
      res.json({ deposits: this.deposits.map(listed), next: null });
    });
    router.get('/offices', (_req, res) => {
      res.json(officesSchema.parse({ offices: this.offices }));
    });
    router.get('/requests', (_req, res) => {
      const requests = this.requests.map(({ steps: _, ...request }) => request);
      res.json(requestListSchema.parse({ requests, next: null }));
    });
    router.post('/requests', (req, res) => {
      const { subject, message = null, matterId, depositIds } = req.body as Record<string, string>;
      this.requests.unshift(request({ subject, message, matterId, depositCount: depositIds?.length }));
      res.status(201).json(this.requests[0]);
    });
    router.get('/requests/:id/steps', (req, res) => {
      res.json(stepListSchema.parse({ steps: this.#request(req).steps, next: null }));
    });
    router.post('/requests/:id/steps', (req, res) => {
      this.#request(req).steps.push(step({ ...req.body, stepId: this.#request(req).steps.length + 1 }));
      res.status(204).end();
    });
    router.post('/requests/:id/withdrawal', (req, res) => {
      res.json(Object.assign(this.#request(req), { state: 'withdrawn' }));
    });
    router.get('/links', (_req, res) => {
      res.json(linkListSchema.parse({ links: this.links, next: null }));
    });
    router.get('/grants', (_req, res) => {
      res.json(grantListSchema.parse({ grants: this.grants, next: null }));
    });
    router.post('/grants', (_req, res) => {
      res.status(201).json({});
    });
    router.get('/received-grants', (_req, res) => {
      res.json(receivedListSchema.parse({ grants: this.received, next: null }));
    });
  }

  addMatter(fields: Partial<Matter> = {}): Matter {
    const matter: Matter = {
      matterId: uuidV7(),
      relation: 'own',
      title: '图库侵权案',
      dispute: 'copyright',
      status: 'draft',
      confidentiality: 'confidential',
      summary: null,
      legalHold: false,
      legalHoldReason: null,
      version: 1,
      createdAt: NOW,
      changedAt: NOW,
      ...fields,
    };
    this.matters.unshift(matter);
    return matterSchema.parse(matter);
  }

  add(name: PartName, matterId: string, said: object): Row {
    const { part, id, defaults } = PARTS[name];
    const schema = PART_SCHEMAS[part];
    const fields = schema.create.parse(said);
    const nothing = Object.fromEntries(Object.keys(schema.create.shape).map((field) => [field, null]));
    const position = name === 'items' ? { position: this.rows.items.length + 1 } : {};
    const row = { ...nothing, ...defaults, ...fields, ...position, [id]: uuidV7(), matterId, version: 1 };
    this.rows[name].push(schema.row.parse(row) as Row);
    return this.rows[name].at(-1) as Row;
  }

  #partRoutes(name: PartName): void {
    const { part, id } = PARTS[name];
    const schema = PART_SCHEMAS[part];
    const find = (req: Request) => {
      const row = this.rows[name].find((each) => each[id] === req.params.part);
      if (row === undefined) throw new MatterError('matter-part-not-found', 'the matter has no such entry');
      seen(req, row.version);
      return row;
    };
    this.router.get(`/matters/:id/${name}`, (req, res) => {
      this.#matter(req);
      res.json({ [name]: this.rows[name].map((row) => schema.row.parse(row)), next: null });
    });
    this.router.post(`/matters/:id/${name}`, (req, res) => {
      res.status(201).json(this.add(name, this.#matter(req).matterId, req.body as object));
    });
    this.router.patch(`/matters/:id/${name}/:part`, (req, res) => {
      const row = find(req);
      res.json(Object.assign(row, schema.change.parse(req.body), { version: row.version + 1 }));
    });
    this.router.delete(`/matters/:id/${name}/:part`, (req, res) => {
      this.rows[name].splice(this.rows[name].indexOf(find(req)), 1);
      this.#number();
      res.status(204).end();
    });
  }

  #number(): void {
    for (const [i, item] of this.rows.items.entries()) item.position = i + 1;
  }

  #matter(req: Request): Matter {
    const matter = this.matters.find(({ matterId }) => matterId === req.params.id);
    if (matter === undefined) throw new MatterError('matter-not-found', 'you have no such matter');
    return matter;
  }

  #request(req: Request) {
    const found = this.requests.find(({ requestId }) => requestId === req.params.id);
    if (found === undefined) throw new MatterError('request-not-found', 'you have no such request');
    return found;
  }

  #list(req: Request, res: Response): void {
    const { search = '', status, before, limit = '50' } = req.query as Record<string, string>;
    const from = before === undefined ? 0 : this.matters.findIndex(({ matterId }) => matterId === before) + 1;
    const fitting = this.matters
      .slice(from)
      .filter((matter) => matter.title.includes(search) && (status === undefined || matter.status === status));
    const page = fitting.slice(0, Number(limit)).map((matter) => {
      const open = this.rows.deadlines.filter((row) => row.matterId === matter.matterId && row.doneAt === null);
      const of = (name: PartName) => this.rows[name].filter((row) => row.matterId === matter.matterId).length;
      const next = open.sort((a, b) => String(a.dueAt).localeCompare(String(b.dueAt)))[0];
      return {
        ...matter,
        counts: { items: of('items'), parties: of('parties'), openDeadlines: open.length },
        nextDeadline: next === undefined ? null : { title: next.title, dueAt: next.dueAt },
      };
    });
    const next = fitting.length > page.length ? page.at(-1)?.matterId : null;
    res.json(matterListSchema.parse({ matters: page, next }));
  }
}

/** The version that the caller has seen, as If-Match names it. */
function seen(req: Request, version: number): void {
  if (req.get('if-match') !== `"${version}"`) {
    throw new MatterError(
      'version-mismatch',
      `If-Match names version ${req.get('if-match')}; the newest is ${version}`,
    );
  }
}

function listed(deposit: ListedDeposit) {
  const { depositId, title, receivedAt, depositNo, files } = deposit;
  return {
    depositId,
    state: 'certified',
    pending: null,
    receivedAt,
    title,
    fileCount: files,
    leafIndex: depositNo,
    publication: null,
    anchor: null,
    chains: [],
    opentimestamps: null,
    certificate: null,
  };
}

export function request(more: object = {}) {
  return {
    requestId: uuidV7(),
    side: 'asked',
    account: { accountId: uuidV7(), name: '北京某某公司' },
    office: { accountId: uuidV7(), name: '北京市某公证处' },
    matterId: null,
    subject: '网页保全核验',
    message: null,
    state: 'submitted',
    stateSince: NOW,
    deed: null,
    reason: null,
    createdAt: NOW,
    depositCount: 1,
    expiresAt: null,
    steps: [step({ kind: 'submitted' })] as unknown[],
    ...more,
  };
}

export function step(more: object) {
  return {
    stepId: 1,
    at: NOW,
    accountId: uuidV7(),
    accountName: '北京市某公证处',
    kind: 'submitted',
    depositId: null,
    outcome: null,
    remark: null,
    ...more,
  };
}
