import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { S3Client } from '@aws-sdk/client-s3';
import { Wallet } from 'ethers';
import { Authentication } from './access/authentication.ts';
import type { Mail, SendMail } from './access/mail.ts';
import { SignIn } from './access/sign-in.ts';
import { SignInGuard } from './access/sign-in-guard.ts';
import { AnchorWorker } from './anchor/anchor-worker.ts';
import { ChainClient } from './anchor/chain-client.ts';
import { ComparedChainClient } from './anchor/compared-client.ts';
import { type FinalBlock, FinalBlocks } from './anchor/final-blocks.ts';
import { openBitcoinHeadersFile } from './calendar/bitcoin-headers-file.ts';
import { CalendarClient } from './calendar/calendar-client.ts';
import { CalendarWorker } from './calendar/calendar-worker.ts';
import { AwaitedChains } from './certificate/awaited-chains.ts';
import { CertificateIssuer } from './certificate/issue.ts';
import { type OwnIdentity, OwnPolicy } from './certificate/own-policy.ts';
import { PdfPrinter } from './certificate/pdf-printer.ts';
import { PlatformProfiles } from './certificate/platform-profiles.ts';
import { Sealer } from './certificate/sealer.ts';
import { type SealingKey, sealingKeyFromPem, sealingKeyFromPkcs12 } from './certificate/sealing-key.ts';
import { VerificationReporter } from './certificate/verification-report/reporter.ts';
import { type BucketSettings, type ChainSettings, type Config, ConfigError, type SealSettings } from './config.ts';
import { recordCustodyEvent } from './custody/custodian.ts';
import { CustodyFiles } from './custody/custody-file.ts';
import { HandOvers } from './custody/hand-overs.ts';
import { CustodyLeafWriter } from './custody/leaf-writer.ts';
import { selectOpenAlarms } from './db/alarms.ts';
import { migrate } from './db/migrate.ts';
import { type Database, openDatabase } from './db/pool.ts';
import { Erasures } from './erasure/erasures.ts';
import { writeDepositPackage } from './filing/deposit-package.ts';
import { encodeUtf8, sha256 } from './format/bytes.ts';
import { parseCertificate } from './format/certificate.ts';
import { encodeJson, type JsonValue } from './format/json.ts';
import type { LogRecord } from './format/log.ts';
import { parseNoteKey } from './format/note.ts';
import type { Policy } from './format/policy.ts';
import { buildApp, DEFAULT_HTTP_LIMITS } from './http/app.ts';
import { createHttpServer } from './http/http-server.ts';
import { Readiness } from './http/readiness.ts';
import { ORPHAN_AGE_MS, removeOrphanObjects } from './intake/deposit-orphans.ts';
import { DepositPreviews } from './intake/deposit-previews.ts';
import { MAX_STATEMENT_BYTES, MAX_UPLOADED_FILES } from './intake/deposit-request.ts';
import { DepositService } from './intake/deposit-service.ts';
import { DigestPool } from './intake/digest-stream.ts';
import { PreviewMaker } from './intake/preview.ts';
import { UploadParts } from './intake/resumable/upload-parts.ts';
import { Uploads } from './intake/resumable/uploads.ts';
import { UploadReceiver } from './intake/upload-engine.ts';
import { CheckpointSigner } from './log/checkpoint-signer.ts';
import { selectKeySchedule } from './log/key-schedule.ts';
import { RECORDS_LOST } from './log/log-error.ts';
import { LogReader } from './log/log-reader.ts';
import { Publisher } from './log/publisher.ts';
import { untilRefilled } from './log/refill-wait.ts';
import { parseRegisterEntry } from './log/register-entry.ts';
import { Sequencer } from './log/sequencer.ts';
import type { Logger } from './logger.ts';
import type { MailCarrier } from './notices/mail.ts';
import { MailFolder } from './notices/mail-folder.ts';
import { Notices } from './notices/notices.ts';
import { SmtpCarrier } from './notices/smtp-carrier.ts';
import { ArchiveStamper } from './renewal/archive-stamper.ts';
import { ArchiveWorker } from './renewal/archive-worker.ts';
import { monthsLater } from './renewal/due.ts';
import { StatusService } from './status/status-service.ts';
import type { CheckpointRegister } from './storage/checkpoint-register.ts';
import { FileCheckpointRegister } from './storage/file-register.ts';
import { FileObjectStore } from './storage/file-store.ts';
import { LocalMasterKey, MasterKeyRing } from './storage/master-key.ts';
import type { ObjectStore } from './storage/object-store.ts';
import type { AuthorityClient } from './timestamp/authority-client.ts';
import { Timestamping } from './timestamp/timestamping.ts';
import { openTrust } from './verify/trust.ts';
import { VERIFIER } from './verify/verifier.ts';
import { verifyCertificate } from './verify/verify.ts';
import { askedLog } from './witness/own-log.ts';
import { WitnessCircle } from './witness/witness-circle.ts';

/** What only the evaluation profile adds. */
export interface ServiceExtras {
  logger: Logger;
  /** Chains with the finality rule `local-snapshot`: number of the highest block that is on disk. */
  durableBlock?: () => bigint;
  /** Told of the service's own policy before a certificate is issued that rests on blocks new to it. */
  onPolicy?: (policy: Policy) => Promise<void>;
  /** Mails to people who sign up, forgot a password or are invited. */
  sendMail?: SendMail;
  /** Pages and verify.html as built from the sources of the moment; `build/web` without. */
  pagesFolder?: string;
}

export interface Service {
  /** Where it listens. */
  url: string;
  port: number;
  db: Database;
  authentication: Authentication;
  log: LogRecord;
  vkey: string;
  /** Takes no more requests, ends the work under way in the order of a deposit's journey, and closes the database. */
  stop(): Promise<void>;
}

const COOKIE = 'tiezheng-session';
const MAX_CONNECTIONS = 20;
const RECEIPT_WAIT_MS = 30_000;
const PUBLISH_WITHIN_MS = 24 * 3600_000;
const SESSION_MS = 12 * 3600_000;
/** Longer than any upload may take: see the server's request timeout. */
const STOP_GRACE_MS = 10_000;
/** How often uploads are looked after that ended without anybody there. */
const UPLOAD_ROUND_MS = 60_000;
/** How often deletions are tried again that the object store refused. */
const ERASURE_ROUND_MS = 10 * 60_000;
/** Some twelve blocks of Ethereum. */
const STUCK_AFTER_MS = 150_000;
const FINAL_BLOCK_POLL_MS = 3_000;
const ISSUE_INTERVAL_MS = 1_000;
const NOTICE_POLL_MS = 2_000;
/** A mail to the same member follows so long after the one before, at the earliest. */
const MAIL_QUIET_MS = 10 * 60_000;
/** Deposits without a final anchor for so many anchoring intervals, and six hours at least, are worth a notice. */
const STUCK_INTERVALS = 12;
const STUCK_LEAST_MS = 6 * 3600_000;

/** Builds, connects and starts every part. On failure all that was started is stopped again. @throws CodedError saying what is missing */
export async function startService(config: Config, extras: ServiceExtras): Promise<Service> {
  const { logger } = extras;
  const onTrouble = (part: string) => (error: unknown) => logger.warn({ part, err: error }, 'trouble, trying again');
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        logger.error({ err: error }, 'stopping a part failed');
      }
    }
  };
  try {
    const s3 = await openS3(config);
    if (s3 !== undefined) stops.push(() => s3.destroy());
    const store = await openStore(config, s3);
    const register = await openRegister(config, s3);
    const keys = await openMasterKeys(config);
    const sealingKey = await openSealingKey(config.seal);
    const sealer = new Sealer(sealingKey);
    const { signer, previousSigner } = await openSigners(config);

    const db = openDatabase({
      url: config.databaseUrl,
      maxConnections: MAX_CONNECTIONS,
      onIdleError: onTrouble('database'),
    });
    stops.push(() => db.close());
    const applied = await migrate(db);
    if (applied.length > 0) logger.info({ applied }, 'database schema is up to date');

    const reader = new LogReader(db.pool);
    const contracts = config.chains.map(({ profile, contract }) => ({ chain: profile.chain, address: contract }));
    const sequencer = new Sequencer({
      db,
      objects: store,
      register,
      signer,
      ...(previousSigner && { previousSigner }),
      reader,
      identity: {
        origin: config.origin,
        keys: [(previousSigner ?? signer).vkey],
        contracts,
        predecessor: config.predecessor,
      },
      onTrouble: onTrouble('log'),
    });
    stops.push(() => sequencer.stop());
    const log = await sequencer.start();
    const past = (await selectKeySchedule(db.pool, log.keys)).keys().map(parseNoteKey);
    const logKeys = [signer.key, ...(previousSigner === undefined ? [] : [previousSigner.key]), ...past];
    const witnesses = openWitnesses(config, logger, { db, reader, signer });
    const publisher = new Publisher(
      {
        q: db.pool,
        reader,
        sequencer,
        ...(witnesses && { cosigners: witnesses }),
        onTrouble: onTrouble('publication'),
      },
      config.publishIntervalMs,
    );
    stops.push(() => publisher.stop());
    publisher.start();

    const anchoring = await openAnchoring(config, extras, { db, log: reader });
    for (const { worker, finalBlocks } of anchoring) {
      stops.push(
        () => worker.stop(),
        () => finalBlocks.stop(),
      );
      finalBlocks.start();
    }
    const calendars = await openCalendars(config, logger, db);
    for (const worker of calendars) {
      stops.push(() => worker.stop());
      worker.start();
    }
    const ending = new AbortController();
    stops.push(() => ending.abort());
    const refilled = untilRefilled({ register, keys: logKeys, reader, onTrouble: onTrouble('log') }, ending.signal);
    void refilled.then((isRefilled) => {
      if (isRefilled) for (const { worker } of anchoring) worker.start();
    });
    const chains = () =>
      anchoring.map(({ worker }) => {
        const status = worker.status();
        const { chain, contract } = status;
        return { chain, contract, trouble: status.state === 'ok' ? null : status.reason.code };
      });
    const anchoringTrouble = () => chains().flatMap(({ trouble }) => (trouble === null ? [] : [trouble]));
    const [first] = anchoring as [Anchoring];
    const vault = { store, keys };
    const pages = extras.pagesFolder ?? fileURLToPath(new URL('../build/web', import.meta.url));
    const verifier = await readFile(join(pages, 'verify.html'));
    const printer = new PdfPrinter();
    stops.push(() => printer.close());
    if (config.authorities.length < 2 && config.builtInAuthority === null) {
      logger.info(
        { authorities: config.authorities.length },
        'fewer than two timestamp authorities are configured: readers have at most one operator to count on',
      );
    }
    const timestamping = new Timestamping({
      db,
      authorities: config.authorities,
      builtInKey: await openBuiltInAuthority(config),
      chains: config.chains.map(({ profile }) => profile.chain),
      pollMs: Math.min(Math.max(Math.round(config.publishIntervalMs / 10), 200), 5000),
      tokenWaitMs: config.profile === 'evaluation' ? 5000 : 60_000,
      nowMs: Date.now,
      onTrouble: onTrouble('timestamp'),
    });
    stops.push(() => timestamping.stop());
    timestamping.start();
    const archive = new ArchiveWorker({
      db,
      stamper: openArchiveStamper(config, db, () => timestamping.clients()),
      settings: config.renewal,
      nowMs: Date.now,
      intervalMs: config.profile === 'evaluation' ? 5000 : 60_000 * config.renewal.archiveMinutes,
      onTrouble: onTrouble('archive'),
    });
    stops.push(() => archive.stop());
    // Without any authority there is nothing it could do, and an alarm would tell nothing new.
    if (timestamping.clients().length > 0) archive.start();
    const identity: OwnIdentity = {
      evaluation: config.profile === 'evaluation',
      log,
      chains: config.chains.map(({ profile }) => profile),
      authorities: timestamping.roots(),
      witnesses: {
        keys: config.witnesses?.witnesses.map(({ vkey }) => vkey) ?? [],
        quorum: config.witnesses?.quorum ?? 0,
      },
      sealSigner: sealingKey.certificateChain[0] as Uint8Array,
    };
    // Receipts are sealed by the other one: nobody waits for an authority to be told that his files are kept.
    const stampingSealer = new Sealer(sealingKey, timestamping.stampSignature);
    const policies = new OwnPolicy(db.pool, identity, extras.onPolicy);
    await policies.tell();
    const chainsAwaited = new AwaitedChains({
      ...{ q: db.pool, contracts, waitMs: config.certificateWaitMs, nowMs: Date.now },
    });
    const profiles = new PlatformProfiles({ db, nowMs: Date.now });
    await profiles.takeSettings(config.platform);
    const issuer = new CertificateIssuer({
      db,
      reader,
      sequencer,
      sealer: stampingSealer,
      sealingKey,
      ...(timestamping.stampSignature && { stamp: timestamping.stampSignature }),
      awaited: [({ leafIndex }) => timestamping.isAwaited(leafIndex), chainsAwaited.awaits],
      printer,
      verifyBeforeIssue: async (json) => {
        const policy = await policies.for(parseCertificate(json));
        return verifyCertificate(json, [], openTrust(encodeJson(policy as unknown as JsonValue), [], undefined));
      },
      evaluation: identity.evaluation,
      platformAt: (at) => profiles.printedAt(at),
      verificationUrl: `${config.publicUrl}/verify`,
      nowMs: Date.now,
      onTrouble: onTrouble('certificate'),
    });
    stops.push(() => issuer.stop());
    issuer.start(ISSUE_INTERVAL_MS);

    const isSecure = config.publicUrl.startsWith('https:');
    // With this prefix no other host of the domain and no plain connection can set the cookie (RFC 6265bis §4.1.3.2).
    const cookieName = isSecure ? `__Host-${COOKIE}` : COOKIE;
    const carrier = await openMail(config, logger);
    if (carrier !== null) stops.push(() => carrier.close());
    const notices = new Notices({
      ...{ db, keys, carrier, publicUrl: config.publicUrl, version: VERIFIER.version },
      webhookPeers: config.privateWebhooks ? 'any' : 'public',
      stuckAfterMs: Math.max(
        STUCK_INTERVALS * Math.max(...config.chains.map(({ anchorIntervalMs }) => anchorIntervalMs)),
        STUCK_LEAST_MS,
      ),
      quietMs: MAIL_QUIET_MS,
      pollMs: NOTICE_POLL_MS,
      nowMs: Date.now,
      onTrouble: onTrouble('notices'),
    });
    stops.push(() => notices.stop());
    notices.start();
    const sendMail = extras.sendMail ?? (carrier === null ? undefined : (mail: Mail) => carrier.send(mail));
    const people = await openPeople(config, { ...extras, ...(sendMail && { sendMail }) }, db);
    if (people !== null) stops.push(() => people.signIn.close());
    const authentication = new Authentication({
      db,
      nowMs: Date.now,
      cookieName,
      sessionMs: SESSION_MS,
      ...(people && { users: people.signIn }),
    });
    const deposits = new DepositService({
      db,
      store,
      sequencer,
      sealer,
      nowMs: Date.now,
      newestFinalBlock: (nowMs) => newestFinalBlock(anchoring, nowMs),
      evaluation: identity.evaluation,
      integrationTimeoutMs: RECEIPT_WAIT_MS,
      publishWithinMs: PUBLISH_WITHIN_MS,
    });
    // Sealed without a token: an answer is asked for again long before its seal's certificate ends.
    const statuses = new StatusService({
      db,
      reader,
      sequencer,
      sealer,
      evaluation: identity.evaluation,
      nowMs: Date.now,
    });
    const custody = {
      files: new CustodyFiles({ db, reader, sequencer, sealer, evaluation: identity.evaluation, nowMs: Date.now }),
      handOvers: new HandOvers({ db, sealer: stampingSealer, evaluation: identity.evaluation, nowMs: Date.now }),
    };
    const custodyLeaves = new CustodyLeafWriter({
      db,
      intervalMs: config.custodyIntervalMs,
      nowMs: Date.now,
      onTrouble: onTrouble('custody'),
    });
    stops.push(() => custodyLeaves.stop());
    custodyLeaves.start();
    const digests = new DigestPool();
    stops.push(() => digests.close());
    const previewMaker = new PreviewMaker();
    stops.push(() => previewMaker.close());
    const uploadParts = new UploadParts({ db, vault, nowMs: Date.now, expiryMs: config.resumable.expiryMs });
    const resumable = new Uploads({
      db,
      vault,
      parts: uploadParts,
      digests,
      quotas: config.resumable,
      nowMs: Date.now,
      onReceived: async (q, { depositId, fileIndex, at }) => {
        const actor = { accountId: null, userId: null, by: 'service' } as const;
        await recordCustodyEvent(q, {
          depositId,
          kind: 'content-received',
          actor,
          at,
          detail: { file: String(fileIndex) },
        });
      },
      onTrouble: onTrouble('uploads'),
    });
    stops.push(() => resumable.stop());
    const erasures = new Erasures({ db, store, nowMs: Date.now, onTrouble: onTrouble('erasures') });
    stops.push(() => erasures.stop());
    const app = buildApp({
      db,
      vault,
      authentication,
      cookie: { name: cookieName, secure: isSecure },
      people,
      deposits,
      uploads: new UploadReceiver(
        { store, keys, digests },
        { maxFileBytes: config.maxFileBytes, maxFiles: MAX_UPLOADED_FILES, maxFieldBytes: MAX_STATEMENT_BYTES },
      ),
      resumable: { uploads: resumable, parts: uploadParts, maxFileBytes: config.resumable.maxFileBytes },
      previews: new DepositPreviews({ db, vault, maker: previewMaker, onTrouble: onTrouble('previews') }),
      erasures,
      log: reader,
      registerNote: async () => {
        const value = await register.read();
        return value === undefined ? undefined : parseRegisterEntry(value.bytes, ...logKeys)?.note;
      },
      statuses,
      custody,
      publicUrl: config.publicUrl,
      webhooks: notices.webhooks,
      reporter: new VerificationReporter({
        sealer: stampingSealer,
        sealingKey,
        ...(timestamping.stampSignature && { stamp: timestamping.stampSignature }),
        printer,
        platformAt: (at) => profiles.printedAt(at),
        evaluation: identity.evaluation,
        origin: config.origin,
        version: VERIFIER.version,
        nowMs: Date.now,
      }),
      readiness: new Readiness({
        db,
        store,
        logState: () => sequencer.state(),
        askChain: () => Promise.all(anchoring.map(({ client }) => client.verifyChain())),
        anchoringTrouble,
        witnessTrouble: () => witnesses?.trouble() ?? [],
      }),
      identity: {
        evaluation: identity.evaluation,
        version: VERIFIER.version,
        origin: config.origin,
        vkey: signer.vkey,
        chain: first.client.profile.chain,
        contract: first.client.contract,
      },
      chains,
      writePackage: (seen, depositId, sink, actors) =>
        writeDepositPackage(
          {
            seen,
            vault,
            log: reader,
            sealer: stampingSealer,
            statusOf: (certificateNo, digest) =>
              statuses.answer(certificateNo, digest).catch((error: unknown) => {
                onTrouble('status')(error);
                return undefined;
              }),
            custodyOf: (id) =>
              custody.files.make(seen, id, actors).catch((error: unknown) => {
                onTrouble('custody')(error);
                return undefined;
              }),
            verifier,
            nowMs: Date.now,
          },
          depositId,
          sink,
        ),
      anchoringTrouble,
      timestamping,
      calendars: () => calendars.map((worker) => worker.status()),
      operation: {
        profiles,
        sealChain: sealingKey.certificateChain,
        anchoring: () => anchoring.map(({ worker }) => worker.status()),
        witnesses: () => witnesses?.status() ?? [],
      },
      limits: { ...DEFAULT_HTTP_LIMITS, maxFileBytes: config.maxFileBytes },
      pagesFolder: pages,
      trustProxy: false,
      logger,
      nowMs: Date.now,
    });
    resumable.start(UPLOAD_ROUND_MS);
    erasures.start(ERASURE_ROUND_MS);
    const server = createHttpServer(app);
    stops.push(() => closeServer(server));
    const port = await listen(server, config);

    // Uploads that a crash broke off; not waited for, since nobody needs the room at once.
    void refilled
      .then(async (isRefilled) => {
        if (!isRefilled) return;
        // A later backup may yet be found, and with it the keys to what looks like an orphan now.
        const alarms = await selectOpenAlarms(db.pool);
        if (alarms.some(({ code }) => code === RECORDS_LOST)) return;
        await removeOrphanObjects({ db, store }, Date.now(), ORPHAN_AGE_MS);
        await resumable.removeUnknown();
      })
      .catch(onTrouble('orphans'));
    return { url: `http://${config.host}:${port}`, port, db, authentication, log, vkey: signer.vkey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openWitnesses(
  { witnesses }: Config,
  logger: Logger,
  { db, reader, signer }: { db: Database; reader: LogReader; signer: CheckpointSigner },
): WitnessCircle | undefined {
  if (witnesses === null) {
    logger.info('no witnesses are configured: nobody outside cosigns the log');
    return undefined;
  }
  return new WitnessCircle(
    {
      q: db.pool,
      log: askedLog(db.pool, reader, signer.key),
      nowMs: Date.now,
      onTrouble: (err) => logger.warn({ part: 'witnesses', err }, 'a witness did not cosign'),
    },
    witnesses,
  );
}

/** What works on one chain. */
interface Anchoring {
  client: ChainClient;
  worker: AnchorWorker;
  finalBlocks: FinalBlocks;
}

async function openAnchoring(
  config: Config,
  { logger, durableBlock }: ServiceExtras,
  { db, log }: { db: Database; log: LogReader },
): Promise<Anchoring[]> {
  const originHash = sha256(encodeUtf8(config.origin));
  const opened: Anchoring[] = [];
  for (const chain of config.chains) {
    const { profile } = chain;
    const client = openChain(chain, durableBlock);
    const onTrouble = (error: unknown) => logger.warn({ part: 'anchor', chain: profile.chain, err: error }, 'trouble');
    const worker = new AnchorWorker({
      db,
      log,
      client,
      anchorer: await openAnchorer(chain.anchorerKeyFile),
      originHash,
      intervalMs: chain.anchorIntervalMs,
      stuckAfterMs: STUCK_AFTER_MS,
      maxFeePerGas: chain.maxFeePerGas,
      maxGasPerAnchor: chain.maxGasPerAnchor,
      dailyBudget: chain.dailyBudget,
      now: Date.now,
      onTrouble,
    });
    const finalBlocks = new FinalBlocks({ db, client, pollMs: FINAL_BLOCK_POLL_MS, now: Date.now, onTrouble });
    opened.push({ client, worker, finalBlocks });
  }
  return opened;
}

/** Of the first chain that has one: while a chain is away, records name a block of the next. */
async function newestFinalBlock(anchoring: readonly Anchoring[], nowMs: number): Promise<FinalBlock | null> {
  for (const { finalBlocks } of anchoring) {
    const block = await finalBlocks.newestFinalBlock(nowMs);
    if (block !== null) return block;
  }
  return null;
}

function openChain(
  { rpcUrls, rpcAgreement, profile, contract }: ChainSettings,
  durableBlock: (() => bigint) | undefined,
): ChainClient {
  const options = { profile, contract, ...(durableBlock && { durableBlock }) };
  const [only, ...others] = rpcUrls;
  if (others.length === 0) return new ChainClient({ ...options, rpcUrl: only as string });
  return new ComparedChainClient({ ...options, rpcUrls, agreement: rpcAgreement ?? undefined });
}

/** One worker for each calendar. */
async function openCalendars({ calendars }: Config, logger: Logger, db: Database): Promise<CalendarWorker[]> {
  if (calendars === null) {
    logger.info('no calendars are configured: publications are not stamped into Bitcoin');
    return [];
  }
  const { urls, alsoNames, timeoutMs, intervalMs, bitcoinHeadersFile } = calendars;
  const headersAt = bitcoinHeadersFile === null ? undefined : openBitcoinHeadersFile(bitcoinHeadersFile);
  // A file that cannot be read is to stop the start, not to show up with the first block.
  await headersAt?.(0);
  return urls.map(
    (url) =>
      new CalendarWorker({
        db,
        client: new CalendarClient({ url, timeoutMs, alsoNames: [...urls, ...alsoNames], headersAt }),
        intervalMs,
        now: Date.now,
        onTrouble: (err) => logger.warn({ part: 'calendar', calendar: url, err }, 'trouble, trying again'),
      }),
  );
}

/** The log's key and, during a rotation, the one before. */
export async function openSigners(
  config: Pick<Config, 'origin' | 'logKeyFile' | 'previousLogKeyFile'>,
): Promise<{ signer: CheckpointSigner; previousSigner: CheckpointSigner | undefined }> {
  const open = async (name: string, file: string) => {
    const pem = await readSetting(name, file);
    try {
      return new CheckpointSigner(config.origin, createPrivateKey(pem));
    } catch (cause) {
      throw new ConfigError('setting-invalid', `${name}: ${file}: ${(cause as Error).message}`, { cause });
    }
  };
  const { logKeyFile, previousLogKeyFile } = config;
  return {
    signer: await open('TIEZHENG_LOG_KEY_FILE', logKeyFile),
    previousSigner:
      previousLogKeyFile === null ? undefined : await open('TIEZHENG_PREVIOUS_LOG_KEY_FILE', previousLogKeyFile),
  };
}

async function openPeople(
  config: Config,
  { logger, sendMail }: ServiceExtras,
  db: Database,
): Promise<{ signIn: SignIn; guard: SignInGuard } | null> {
  const { signInSecretFile, publicUrl, oidcProviders, signUp } = config;
  if (signInSecretFile === null) {
    if (oidcProviders.length > 0) {
      throw new ConfigError('setting-missing', 'TIEZHENG_SIGN_IN_SECRET_FILE goes with TIEZHENG_OIDC_FILE');
    }
    logger.info('no TIEZHENG_SIGN_IN_SECRET_FILE: callers come by API key alone, nobody signs in');
    return null;
  }
  if (sendMail === undefined) {
    throw new ConfigError(
      'setting-missing',
      'TIEZHENG_MAIL goes with TIEZHENG_SIGN_IN_SECRET_FILE: people who sign up must get mails',
    );
  }
  const secret = (await readSetting('TIEZHENG_SIGN_IN_SECRET_FILE', signInSecretFile)).trim();
  if (secret.length < 32) {
    throw new ConfigError(
      'setting-invalid',
      `TIEZHENG_SIGN_IN_SECRET_FILE: ${signInSecretFile} holds fewer than 32 characters`,
    );
  }
  const signIn = await SignIn.open({
    db,
    databaseUrl: config.databaseUrl,
    settings: { secret, publicUrl, providers: oidcProviders, signUp },
    sendMail,
    onTrouble: (err) => logger.warn({ part: 'sign-in', err }, 'trouble'),
  });
  return { signIn, guard: new SignInGuard({ db, secret, nowMs: Date.now }) };
}

/** Null where nobody takes mails. */
async function openMail({ mail }: Config, logger: Logger): Promise<MailCarrier | null> {
  if (mail === null) {
    logger.info('no TIEZHENG_MAIL: nobody is told anything by mail');
    return null;
  }
  if (mail.kind === 'smtp') return new SmtpCarrier(mail.server, mail.from);
  logger.info({ folder: mail.folder }, 'mails are written into a folder and sent by nobody');
  return MailFolder.open(mail.folder, mail.from);
}

async function openAnchorer(file: string): Promise<Wallet> {
  const key = (await readSetting('anchorerKeyFile', file)).trim();
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
    throw new ConfigError('setting-invalid', `anchorerKeyFile: ${file} does not hold 0x and 64 hex digits`);
  }
  return new Wallet(key);
}

async function listen(server: Server, { host, port }: Config): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new ConfigError('setting-invalid', `cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Lets requests under way finish for a while, then ends their connections. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
  await closed;
  clearTimeout(timer);
}

/** The SDK is loaded only where a bucket is configured: it takes 20 MB. */
async function openS3(config: Config): Promise<S3Client | undefined> {
  const bucket = [config.objects, config.register].find((place) => place.kind === 's3');
  if (bucket?.kind !== 's3') return undefined;
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    region: bucket.region,
    ...(bucket.endpoint === undefined ? {} : { endpoint: bucket.endpoint, forcePathStyle: true }),
  });
}

/** What stamps the archive, in a service and in commands beside one. */
export function openArchiveStamper(
  { renewal }: Pick<Config, 'renewal'>,
  db: Database,
  authorities: () => readonly AuthorityClient[],
): ArchiveStamper {
  const lastingMs = monthsLater(0, renewal.monthsBefore);
  return new ArchiveStamper({ db, authorities, nowMs: Date.now, lastingMs, keyEnds: renewal.keys });
}

/** The object store alone, for commands beside a running service. */
export async function openObjects(config: Config): Promise<{ store: ObjectStore; close: () => void }> {
  const s3 = await openS3(config);
  return { store: await openStore(config, s3), close: () => s3?.destroy() };
}

async function openStore(config: Config, s3: S3Client | undefined): Promise<ObjectStore> {
  const { objects } = config;
  if (objects.kind === 'files') return FileObjectStore.open(objects.folder);
  const { S3ObjectStore } = await import('./storage/s3-store.ts');
  return new S3ObjectStore(s3 as S3Client, { bucket: objects.bucket, prefix: objects.prefix });
}

async function openRegister(config: Config, s3: S3Client | undefined): Promise<CheckpointRegister> {
  const { register } = config;
  if (register.kind === 'files') return FileCheckpointRegister.open(register.folder);
  const { S3CheckpointRegister } = await import('./storage/s3-register.ts');
  const opened = new S3CheckpointRegister(s3 as S3Client, { bucket: register.bucket, key: registerKey(register) });
  // Some stores let every conditional write win; with such a one two servers could fork the log.
  await opened.probe();
  return opened;
}

function registerKey({ prefix }: BucketSettings): string {
  return `${prefix}checkpoint-register`;
}

/** For commands that read originals. */
export async function openMasterKeys({ masterKeyFile }: Config): Promise<MasterKeyRing> {
  const text = (await readSetting('TIEZHENG_MASTER_KEY_FILE', masterKeyFile)).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new ConfigError('setting-invalid', `TIEZHENG_MASTER_KEY_FILE: ${masterKeyFile} does not hold 64 hex digits`);
  }
  return new MasterKeyRing(new LocalMasterKey('local', Buffer.from(text, 'hex')));
}

async function openBuiltInAuthority({ builtInAuthority }: Config): Promise<SealingKey | undefined> {
  if (builtInAuthority === null) return undefined;
  const pem = await readSetting('builtInAuthority', builtInAuthority.keyFile);
  return sealingKeyFromPem(pem, pem);
}

async function openSealingKey(seal: SealSettings): Promise<SealingKey> {
  if (seal.kind === 'pkcs12') return sealingKeyFromPkcs12(await readFile(seal.file), seal.passphrase);
  const keyPem = await readSetting('TIEZHENG_SEAL_FILE', seal.keyFile);
  const chainPem = await readSetting('TIEZHENG_SEAL_CERTIFICATE_FILE', seal.certificateFile);
  return sealingKeyFromPem(keyPem, chainPem, seal.passphrase);
}

async function readSetting(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('setting-invalid', `${name}: ${file}: ${(cause as Error).message}`, { cause });
  }
}
