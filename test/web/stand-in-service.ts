import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import multer from 'multer';
import { AccessError } from '../../src/access/access-error.ts';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import {
  DEPOSIT_ACTS,
  DEPOSIT_STATES,
  type DepositSummary,
  depositDetailSchema,
  depositListSchema,
  depositSummarySchema,
  meSchema,
  receivedDepositSchema,
  statusSchema,
} from '../../src/http/answers.ts';
import { HttpError } from '../../src/http/http-error.ts';
import { firstPageForAddresses, pages } from '../../src/http/pages.ts';
import { problemOf } from '../../src/http/problem.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';

export const API_KEY = 'tz_stand-in';

export interface HandedIn {
  files: { name: string; bytes: Buffer }[];
  statement: unknown;
  idempotencyKey: string | undefined;
  authorization: string | undefined;
}

/**
 * Answers as the service does, checked against the service's own schemas, and serves the pages with its headers. What
 * becomes of a deposit is for the test to say, so that every state can be looked at.
 */
export class StandInService {
  readonly handedIn: HandedIn[] = [];
  /** Thrown at the next hand-in instead of taking it. */
  nextFailure: Error | undefined;
  /** Answers to hand-ins wait for this. */
  gate: Promise<void> = Promise.resolve();
  state: DepositSummary['state'] = 'in-log';
  alarms: string[] = [];
  evaluation = true;
  /** Of the caller to the deposit. */
  relation: 'own' | 'granted' = 'own';
  isTradeSecret = false;
  /** What can be done with it; without, all that the relation allows to any role. */
  may: readonly string[] | undefined;
  /** Files with a preview, by index; its bytes are for `answers` to give. */
  previews: readonly number[] = [];
  /** As the list of each side has them. */
  handOvers: Record<string, object[]> = { received: [], given: [] };
  roles: string[] = ['holder'];
  /** Answers at these paths below /api/v1, as the service would give them. */
  readonly answers = new Map<string, unknown>();
  /** Routes of a test's own, below /api/v1 and for those who are signed in. */
  readonly more = express.Router();
  world: EvidenceWorld | undefined;
  /** Where it answers, from its start on. */
  origin = '';
  /** Of the one user it knows. */
  readonly cookies: ReadonlyMap<string, string> = new Map([['session', 'signed-in']]);
  readonly #app = express();
  #server: Server | undefined;
  #title: string | null = null;

  constructor(pagesFolder: string) {
    const app = this.#app;
    app.get('/sign-in', (_req, res) => {
      res.cookie('session', 'signed-in', { httpOnly: true, sameSite: 'strict' }).redirect(303, '/');
    });
    app.get('/api/v1/status', (_req, res) => {
      res.json(statusSchema.parse(this.#status()));
    });
    app.use('/api/v1', (req, res, next) => {
      const answer = this.answers.get(`${req.method} ${req.path}`);
      if (answer === undefined) next();
      else if (answer instanceof Error) next(answer);
      else if (answer instanceof Uint8Array) res.type('application/json').send(Buffer.from(answer));
      else res.json(answer);
    });
    app.use('/api/v1', (req, _res, next) => {
      const isKnown = req.get('authorization') === `Bearer ${API_KEY}` || isSession(req);
      next(isKnown || req.path === '/sign-out' ? undefined : new AccessError('unauthenticated', 'no valid key'));
    });
    app.use('/api/v1', this.more);
    app.get('/api/v1/me', (req, res) => {
      const by = isSession(req) ? 'session' : 'api-key';
      const accountId = '01939f3e-0000-7b7e-9d2c-3f1d0e5b8a11';
      const account = { accountId, name: '北京某某公司', kind: 'organisation', roles: this.roles };
      res.json(
        meSchema.parse({ ...account, identityMethod: 'none', by, scopes: null, user: null, accounts: [account] }),
      );
    });
    app.get('/api/v1/hand-overs', (req, res) => {
      res.json({ handOvers: this.handOvers[String(req.query.side)] ?? [], next: null });
    });
    app.post('/api/v1/sign-out', (_req, res) => {
      res.clearCookie('session').status(204).end();
    });
    app.post('/api/v1/deposits', multer({ defParamCharset: 'utf8' }).array('files'), (req, res) =>
      this.#take(req, res),
    );
    app.get('/api/v1/deposits', (_req, res) => {
      const deposits = this.world === undefined ? [] : [this.#summary(this.world)];
      res.json(depositListSchema.parse({ deposits, next: null }));
    });
    app.get('/api/v1/deposits/:id', (req, res) => {
      const world = this.#worldOf(req);
      res.json(depositDetailSchema.parse(this.#detail(world)));
    });
    app.get('/api/v1/deposits/:id/receipt.json', (req, res) => {
      res.type('application/json').send(Buffer.from(encodeObject(this.#worldOf(req).receipt)));
    });
    app.get('/api/v1/deposits/:id/certificate.json', (req, res) => {
      res.type('application/json').send(Buffer.from(encodeObject(this.#worldOf(req).certificate)));
    });
    app.get('/api/v1/deposits/:id/files/:n', (req, res) => {
      const file = this.#worldOf(req).files[Number(req.params.n)];
      res.attachment(file?.name ?? '').send(Buffer.from(file?.bytes ?? encodeUtf8('')));
    });
    app.use(pages(pagesFolder), firstPageForAddresses(pagesFolder));
    app.use((error: unknown, _req: Request, res: Response, _next: unknown) => {
      const { problem } = problemOf(error);
      res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
    });
  }

  async start(): Promise<string> {
    const server = await new Promise<Server>((resolve) => {
      const started = this.#app.listen(0, '127.0.0.1', () => resolve(started));
    });
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this.origin;
  }

  /** As its user. @param path below /api/v1 */
  fetch(path: string): Promise<globalThis.Response> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    return fetch(`${this.origin}/api/v1${path}`, { headers: { cookie } });
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #take(req: Request, res: Response): Promise<void> {
    const files = (req.files as Express.Multer.File[]).map((f) => ({ name: f.originalname, bytes: f.buffer }));
    const statement: unknown = JSON.parse((req.body as { statement: string }).statement);
    const idempotencyKey = req.get('idempotency-key');
    this.handedIn.push({ files, statement, idempotencyKey, authorization: req.get('authorization') });
    await this.gate;
    const failure = this.nextFailure;
    this.nextFailure = undefined;
    if (failure !== undefined) throw failure;
    this.#title = (statement as { title?: string }).title ?? null;
    this.world = await makeWorld({ files, evaluation: true });
    const { receipt } = this.world;
    res
      .status(201)
      .json(
        receivedDepositSchema.parse({ depositId: receipt.record.depositId, leafIndex: receipt.leafIndex, receipt }),
      );
  }

  #worldOf(req: Request): EvidenceWorld {
    if (this.world === undefined || this.world.receipt.record.depositId !== req.params.id) {
      throw new HttpError('not-found', `no deposit ${req.params.id}`);
    }
    return this.world;
  }

  #summary({ receipt, certificate }: EvidenceWorld): DepositSummary {
    const reached = (state: DepositSummary['state']) =>
      DEPOSIT_STATES.indexOf(this.state) >= DEPOSIT_STATES.indexOf(state);
    const awaits = ['log', 'publication', 'anchor', 'finality', 'certificate'] as const;
    const next = awaits[DEPOSIT_STATES.indexOf(this.state)];
    const anchor = certificate.publications[0]?.attestations[0];
    if (anchor?.type !== 'evm') throw new Error('the world has an anchor');
    return depositSummarySchema.parse({
      depositId: receipt.record.depositId,
      state: this.state,
      pending: next === undefined ? null : { awaits: next, alarms: this.alarms },
      receivedAt: receipt.record.receivedAt,
      title: this.#title,
      fileCount: receipt.files.length,
      leafIndex: reached('in-log') ? receipt.leafIndex : null,
      publication: reached('published') ? { treeSize: 1000, publishedAt: '2026-11-22T03:05:00.000Z' } : null,
      anchor: reached('anchored-pending')
        ? {
            chain: anchor.chain,
            contract: anchor.contract,
            treeSize: 1000,
            state: reached('anchored-final') ? 'final' : 'mined',
            since: '2026-11-22T03:09:05.000Z',
            blockHash: anchor.blockHash,
            transactionHash: anchor.claims.transactionHash,
          }
        : null,
      chains: [],
      opentimestamps: reached('anchored-pending') ? 'pending' : null,
      certificate: reached('certified')
        ? {
            certificateNo: certificate.claims.certificateNo,
            digest: '00'.repeat(32),
            issuedAt: certificate.claims.issuedAt,
          }
        : null,
    });
  }

  #detail(world: EvidenceWorld): unknown {
    const { receipt } = world;
    return {
      ...this.#summary(world),
      relation: this.relation,
      may: this.may ?? (this.relation === 'own' ? DEPOSIT_ACTS : ['deposit.download', 'deposit.export']),
      isTradeSecret: this.isTradeSecret,
      record: receipt.record,
      annexes: receipt.annexes,
      files: receipt.files.map((file, i) => ({
        ...file,
        originalHeld: true,
        upload: null,
        preview: this.previews.includes(i)
          ? { mediaType: 'image/jpeg', sizeBytes: 1, sha256: '00'.repeat(32), sm3: '00'.repeat(32) }
          : null,
      })),
    };
  }

  #status(): unknown {
    return {
      evaluation: this.evaluation,
      version: '0.1.0',
      origin: 'log.example.org/2026',
      vkey: 'log.example.org/2026+01020304+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh',
      chain: 'eip155:31337',
      contract: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
      log: null,
      publication: null,
      anchor: null,
      authorities: [],
      calendars: [],
      alarms: [],
      limits: {
        fileBytes: 1_000_000,
        resumableFileBytes: 100_000_000,
        files: 100,
        digestFiles: 1000,
        bulkLines: 10_000,
        bulkLineBytes: 262_144,
      },
    };
  }
}

function isSession(req: Request): boolean {
  return (req.get('cookie') ?? '').includes('session=signed-in');
}
