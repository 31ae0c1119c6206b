import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { v7 as uuidV7 } from 'uuid';
import { Authentication } from '../../src/access/authentication.ts';
import type { Mail } from '../../src/access/mail.ts';
import { SignIn, type SignInSettings } from '../../src/access/sign-in.ts';
import { type GuardLimits, SignInGuard } from '../../src/access/sign-in-guard.ts';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { PlatformProfiles } from '../../src/certificate/platform-profiles.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { type SealingKey, sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { renderVerificationReportPdf } from '../../src/certificate/verification-report/report-pdf.ts';
import { VerificationReporter } from '../../src/certificate/verification-report/reporter.ts';
import { CustodyFiles } from '../../src/custody/custody-file.ts';
import { HandOvers } from '../../src/custody/hand-overs.ts';
import { insertAccount } from '../../src/db/accounts.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { Erasures } from '../../src/erasure/erasures.ts';
import { encodeBase64, encodeHex } from '../../src/format/bytes.ts';
import type { Policy } from '../../src/format/policy.ts';
import { type AppParts, buildApp, DEFAULT_HTTP_LIMITS, type HttpLimits } from '../../src/http/app.ts';
import { createHttpServer, DEFAULT_TIMEOUTS, type ServerTimeouts } from '../../src/http/http-server.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { DepositPreviews } from '../../src/intake/deposit-previews.ts';
import { MAX_STATEMENT_BYTES, MAX_UPLOADED_FILES } from '../../src/intake/deposit-request.ts';
import { DepositService, type DepositServiceParts } from '../../src/intake/deposit-service.ts';
import { DigestPool } from '../../src/intake/digest-stream.ts';
import { PreviewMaker } from '../../src/intake/preview.ts';
import { UploadParts } from '../../src/intake/resumable/upload-parts.ts';
import { type UploadQuotas, Uploads } from '../../src/intake/resumable/uploads.ts';
import { UploadReceiver } from '../../src/intake/upload-engine.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { Publisher } from '../../src/log/publisher.ts';
import { parseRegisterEntry } from '../../src/log/register-entry.ts';
import { Sequencer, type SequencerState } from '../../src/log/sequencer.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { WebhookService } from '../../src/notices/webhook-service.ts';
import { StatusService } from '../../src/status/status-service.ts';
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';
import { FileObjectStore } from '../../src/storage/file-store.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { createTestDatabase } from '../support/postgres.ts';

export const CHAIN = 'eip155:31337';
export const OTHER_CHAIN = 'eip155:31338';
export const CONTRACT = '0x00000000000000000000000000000000000000aa';

/** Where users believe to be; the port is another one, which only the browser's own origin has to match. */
export const PEOPLE_URL = 'http://localhost:33480';
const PEOPLE_SECRET = 'DlVtUoJtJ0mVt2cJmE0kq0pHn1oQH3fJr3y0gS8m0bQ';

export interface WorldOptions {
  limits?: Partial<HttpLimits>;
  timeouts?: Partial<ServerTimeouts>;
  /** Stands between the service and its real store. */
  wrapStore?: (store: ObjectStore) => ObjectStore;
  wrapSequencer?: (sequencer: Sequencer) => DepositServiceParts['sequencer'];
  changeParts?: (parts: AppParts) => AppParts;
  /** Any free one if left out. */
  port?: number;
  /** Users who sign in by themselves; without it callers come by key and by one-time link alone. */
  people?: Partial<SignInSettings> & { guard?: Partial<GuardLimits> };
  quotas?: Partial<UploadQuotas>;
  /** Plaintext of one object of a resumable upload; 256 KiB if left out. */
  uploadPartBytes?: number;
}

export const RESUMABLE_QUOTAS: UploadQuotas = {
  maxFileBytes: 64 * 1024 ** 2,
  maxOpenUploads: 100,
  maxOpenBytes: 1024 ** 3,
  expiryMs: 7 * 24 * 3600_000,
};

/** The service on real parts: PostgreSQL, files, log, seal, HTTP on the loopback. One account and its API key to begin with. */
export class ServiceWorld {
  readonly db: Database;
  readonly store: ObjectStore;
  readonly keys: MasterKeyRing;
  readonly sequencer: Sequencer;
  readonly publisher: Publisher;
  readonly reader: LogReader;
  readonly deposits: DepositService;
  readonly authentication: Authentication;
  readonly parts: AppParts;
  /** Lines of the diagnostics, parsed. */
  readonly diagnostics: Record<string, unknown>[] = [];
  /** What each package was to tell of actors. */
  readonly packagedWith: ('opened' | 'closed')[] = [];
  readonly signer: CheckpointSigner;
  readonly uploads: Uploads;
  readonly sealer: Sealer;
  readonly profiles: PlatformProfiles;
  server!: Server;
  url = '';
  apiKey = '';
  accountId = '';
  /** Sent to people who sign up, forgot a password or are invited. */
  mails: Mail[] = [];
  /** What signing in has reported. */
  signInTroubles: Record<string, unknown>[] = [];
  /** Added to the real clock, for what the service believes. */
  clockOffsetMs = 0;
  chainIsAway = false;
  anchoringTrouble: string[] = [];
  /** Stands in for the sequencer's own word about itself. */
  logState: SequencerState | undefined;
  readonly #ends: (() => Promise<unknown>)[] = [];

  private constructor(base: {
    db: Database;
    store: ObjectStore;
    register: FileCheckpointRegister;
    sealer: Sealer;
    sealingKey: SealingKey;
    options: WorldOptions;
    signIn?: SignIn | undefined;
  }) {
    const { db, store, register, sealer, options, signIn } = base;
    const nowMs = () => Date.now() + this.clockOffsetMs;
    const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
    const digests = new DigestPool({ workers: 1 });
    this.#ends.push(() => digests.close());
    this.db = db;
    this.store = store;
    this.sealer = sealer;
    this.profiles = new PlatformProfiles({ db, nowMs });
    this.keys = new MasterKeyRing(new LocalMasterKey('test', new Uint8Array(32).fill(3)));
    this.signer = new CheckpointSigner('log.example.org/test', new Uint8Array(32).fill(7));
    this.reader = new LogReader(db.pool);
    this.sequencer = new Sequencer(
      {
        db,
        objects: store,
        register,
        signer: this.signer,
        reader: this.reader,
        identity: {
          origin: this.signer.origin,
          keys: [this.signer.vkey],
          contracts: [{ chain: CHAIN, address: CONTRACT }],
          predecessor: null,
        },
      },
      { batchWindowMs: 0, pollMs: 50, retryMs: 50 },
    );
    this.publisher = new Publisher({ q: db.pool, reader: this.reader, sequencer: this.sequencer }, 0);
    this.deposits = new DepositService({
      db,
      store,
      sequencer: options.wrapSequencer?.(this.sequencer) ?? this.sequencer,
      sealer,
      nowMs,
      newestFinalBlock: async () => null,
      evaluation: true,
      integrationTimeoutMs: 10_000,
      publishWithinMs: 24 * 3600_000,
    });
    this.authentication = new Authentication({
      ...{ db, nowMs, cookieName: 'tiezheng-session', sessionMs: 3600_000 },
      ...(signIn && { users: signIn }),
    });
    const maker = new PreviewMaker();
    this.#ends.push(() => maker.close());
    const previews = new DepositPreviews({
      db,
      vault: { store, keys: this.keys },
      maker,
      onTrouble: (error) => this.diagnostics.push({ part: 'previews', error: String(error) }),
    });
    const vault = { store, keys: this.keys };
    const uploadParts = new UploadParts({
      db,
      vault,
      nowMs,
      expiryMs: RESUMABLE_QUOTAS.expiryMs,
      partBytes: options.uploadPartBytes ?? 256 * 1024,
    });
    const uploads = new Uploads({
      db,
      vault,
      parts: uploadParts,
      digests,
      quotas: { ...RESUMABLE_QUOTAS, ...options.quotas },
      nowMs,
      onTrouble: (error) => this.diagnostics.push({ part: 'uploads', error: String(error) }),
    });
    this.uploads = uploads;
    this.#ends.push(() => uploads.stop());
    const lines = { write: (line: string) => void this.diagnostics.push(JSON.parse(line)) };
    const parts: AppParts = {
      db,
      vault: { store, keys: this.keys },
      authentication: this.authentication,
      cookie: { name: 'tiezheng-session', secure: false },
      people:
        signIn === undefined
          ? null
          : {
              signIn,
              guard: new SignInGuard({
                db,
                secret: signIn.settings.secret,
                nowMs,
                limits: options.people?.guard ?? {},
              }),
            },
      deposits: this.deposits,
      uploads: new UploadReceiver(
        { store, keys: this.keys, digests },
        { maxFileBytes: limits.maxFileBytes, maxFiles: MAX_UPLOADED_FILES, maxFieldBytes: MAX_STATEMENT_BYTES },
      ),
      resumable: { uploads, parts: uploadParts, maxFileBytes: RESUMABLE_QUOTAS.maxFileBytes },
      previews,
      log: this.reader,
      registerNote: async () => {
        const value = await register.read();
        return value === undefined ? undefined : parseRegisterEntry(value.bytes, this.signer.key)?.note;
      },
      readiness: new Readiness({
        db,
        store,
        logState: () => this.logState ?? this.sequencer.state(),
        anchoringTrouble: () => this.anchoringTrouble,
        witnessTrouble: () => [],
        askChain: async () => {
          if (this.chainIsAway) throw new Error('connection refused');
        },
      }),
      custody: {
        files: new CustodyFiles({
          db,
          reader: this.reader,
          sequencer: this.sequencer,
          sealer,
          evaluation: true,
          nowMs,
        }),
        handOvers: new HandOvers({ db, sealer, evaluation: true, nowMs }),
      },
      publicUrl: 'https://tiezheng.example.org',
      statuses: new StatusService({
        db,
        reader: this.reader,
        sequencer: this.sequencer,
        sealer,
        evaluation: true,
        nowMs,
      }),
      erasures: new Erasures({
        db,
        store: this.store,
        nowMs,
        onTrouble: (error) => this.diagnostics.push({ part: 'erasures', error: String(error) }),
      }),
      webhooks: new WebhookService({ db, keys: this.keys, peers: 'public', nowMs }),
      reporter: new VerificationReporter({
        sealer,
        sealingKey: base.sealingKey,
        printer: { printVerificationReport: renderVerificationReportPdf },
        platformAt: (at) => this.profiles.printedAt(at),
        evaluation: true,
        origin: this.signer.origin,
        version: '0.0.0-test',
        nowMs,
      }),
      identity: {
        evaluation: true,
        version: '0.0.0-test',
        origin: this.signer.origin,
        vkey: this.signer.vkey,
        chain: CHAIN,
        contract: CONTRACT,
      },
      writePackage: async (_seen, _depositId, sink, actors) => {
        this.packagedWith.push(actors);
        const writer = sink.getWriter();
        await writer.write(new Uint8Array([0x50, 0x4b]));
        await writer.close();
      },
      anchoringTrouble: () => this.anchoringTrouble,
      chains: () =>
        [CHAIN, OTHER_CHAIN].map((chain) => ({ chain, contract: CONTRACT, trouble: this.anchoringTrouble[0] ?? null })),
      timestamping: { status: () => [], builtIn: null },
      calendars: () => [{ url: 'https://calendar.example.org', state: 'ok' }],
      operation: {
        profiles: this.profiles,
        sealChain: sealer.certificateChain,
        anchoring: () => [],
        witnesses: () => [],
      },
      limits,
      pagesFolder: null,
      trustProxy: false,
      logger: pino({ level: 'info' }, lines),
      nowMs,
    };
    this.parts = options.changeParts?.(parts) ?? parts;
  }

  static async open(options: WorldOptions = {}): Promise<ServiceWorld> {
    const { url, drop } = await createTestDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'tiezheng-service-'));
    const db = openDatabase({ url, maxConnections: 10 });
    await migrate(db);
    const files = await FileObjectStore.open(join(folder, 'objects'));
    const register = await FileCheckpointRegister.open(join(folder, 'register'));
    const { keyPem, certificatePem } = await makeEvaluationSeal(Date.now());
    const sealingKey = sealingKeyFromPem(keyPem, certificatePem);
    const mails: Mail[] = [];
    const troubles: Record<string, unknown>[] = [];
    const signIn =
      options.people &&
      (await SignIn.open({
        db,
        databaseUrl: url,
        settings: { secret: PEOPLE_SECRET, publicUrl: PEOPLE_URL, providers: [], signUp: 'open', ...options.people },
        sendMail: async (mail) => void mails.push(mail),
        onTrouble: (error) => troubles.push({ part: 'sign-in', error: String(error) }),
      }));
    const world: ServiceWorld = new ServiceWorld({
      signIn,
      db,
      store: options.wrapStore?.(files) ?? files,
      register,
      sealer: new Sealer(sealingKey),
      sealingKey,
      options,
    });
    world.mails = mails;
    world.signInTroubles = troubles;
    world.#ends.push(
      () => world.sequencer.stop(),
      async () => signIn?.close(),
      () => db.close(),
      () => drop(),
      () => rm(folder, { recursive: true, force: true }),
    );
    await world.profiles.takeSettings({
      ...{ name: '铁证 Tiezheng', operator: null, website: null, filingNo: null, interests: null },
    });
    await world.sequencer.start();
    ({ accountId: world.accountId, apiKey: world.apiKey } = await world.createAccount('评估存证人 Evaluation'));
    world.server = createHttpServer(buildApp(world.parts), { ...DEFAULT_TIMEOUTS, ...options.timeouts });
    world.server.listen(options.port ?? 0, '127.0.0.1');
    await once(world.server, 'listening');
    world.url = `http://127.0.0.1:${(world.server.address() as AddressInfo).port}`;
    return world;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    for (const end of this.#ends) await end();
  }

  async createAccount(name: string): Promise<{ accountId: string; apiKey: string }> {
    const accountId = uuidV7();
    await insertAccount(this.db.pool, {
      accountId,
      name,
      kind: 'unknown',
      identityMethod: 'none',
      identityCheckedAt: null,
    });
    return { accountId, apiKey: await this.authentication.createApiKey(accountId, 'test') };
  }

  /** A request with the account's key, unless `headers` say otherwise. */
  fetch(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    return fetch(this.url + path, {
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${this.apiKey}`, ...init.headers },
    });
  }

  /** `POST /api/v1/deposits` with these files and, if given, this statement. */
  upload(
    files: readonly { name: string; bytes: Uint8Array | string }[],
    statement?: object,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const form = new FormData();
    for (const { name, bytes } of files) form.append('files', new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
    if (statement !== undefined) form.append('statement', JSON.stringify(statement));
    return this.fetch('/api/v1/deposits', { method: 'POST', body: form, headers });
  }

  /** A reader's policy that trusts this log and this seal. */
  async trust(): Promise<Trust> {
    const leaf0 = encodeHex(leafHash(await this.reader.leafData(0n)));
    const policy: Policy = {
      type: 'tiezheng/policy/v1',
      evaluation: true,
      independentTimesRequired: 0,
      logs: [
        {
          origin: this.signer.origin,
          keys: [this.signer.vkey],
          leaf0,
          contracts: [{ chain: CHAIN, address: CONTRACT }],
        },
      ],
      chains: [{ chain: CHAIN, independent: false }],
      blocks: [],
      authorities: [],
      seals: this.sealer.certificateChain.map(encodeBase64),
      witnesses: { keys: [], quorum: 0 },
    };
    return openTrust(Buffer.from(JSON.stringify(policy)), [], undefined);
  }

  /** What a refused request must not leave: rows and objects, counted. Log entries of its own making are not among them. */
  async leftovers(): Promise<{ deposits: number; objects: string[]; submissions: number }> {
    const { rows } = await this.db.pool.query<{ deposits: bigint; submissions: bigint }>(
      'select (select count(*) from deposit) as deposits, (select count(*) from submission) as submissions',
    );
    const objects = [];
    for await (const name of this.store.list('deposit/')) objects.push(name);
    return { deposits: Number(rows[0]?.deposits), objects: objects.sort(), submissions: Number(rows[0]?.submissions) };
  }
}
