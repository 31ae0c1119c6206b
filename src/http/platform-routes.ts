import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { AnchorStatus } from '../anchor/anchor-worker.ts';
import { type PlatformProfiles, platformRecordSchema, printedDigest } from '../certificate/platform-profiles.ts';
import { clearAlarm, selectAlarms, selectOpenAlarms } from '../db/alarms.ts';
import { selectAnchorEvents, selectAnchorOfSize, selectAnchorTransactions } from '../db/anchors.ts';
import { selectFirstPublicationTime, selectLog } from '../db/leaves.ts';
import { selectHoldings, selectUploadHoldings } from '../db/log-history.ts';
import type { Database } from '../db/pool.ts';
import { selectClockOffsets, selectNewestTimestampSigners } from '../db/timestamps.ts';
import { encodeHex, parseHex0x } from '../format/bytes.ts';
import { platformSchema } from '../format/certificate.ts';
import { address, count, evmChain, hex32, treePosition, utcTime, utcTimeOf } from '../format/fields.ts';
import { parseLogRecord } from '../format/log.ts';
import { countOrphanObjects, ORPHAN_AGE_MS } from '../intake/deposit-orphans.ts';
import { selectKeySchedule } from '../log/key-schedule.ts';
import type { ContentVault } from '../storage/stored-content.ts';
import type { WitnessStatus } from '../witness/witness-circle.ts';
import { readinessCheckSchema, type Status, statusSchema } from './answers.ts';
import { HttpError } from './http-error.ts';
import type { Readiness } from './readiness.ts';
import { readJson } from './request-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

const reasonSchema = z.strictObject({ code: z.string(), message: z.string() }).nullable();
const alarmSchema = z.strictObject({
  code: z.string(),
  subject: z.string(),
  detail: z.string(),
  raisedAt: utcTime,
  clearedAt: utcTime.nullable(),
});

export const platformAnswerSchema = z.strictObject({
  asOf: utcTime,
  version: z.string(),
  evaluation: z.boolean(),
  /** As certificates that are issued now print it. */
  profile: platformSchema,
  /** SHA-256 of its canonical JSON: two certificates with the same one name the same operator. */
  profileDigest: hex32,
  readiness: z.array(readinessCheckSchema),
  chains: z.array(
    z.strictObject({
      chain: evmChain,
      contract: address,
      state: z.enum(['ok', 'waiting', 'unreachable', 'stopped']),
      reason: reasonSchema,
      /** The contract's; null until it was first read. */
      headTreeSize: treePosition.nullable(),
      lastFinal: z.strictObject({ treeSize: treePosition, since: utcTime }).nullable(),
      inFlight: z
        .strictObject({
          treeSize: treePosition,
          state: z.string(),
          since: utcTime,
          /** Signed so far, replaced ones included. */
          transactions: count,
          /** What was last noted of it. */
          note: z.string().nullable(),
        })
        .nullable(),
      providers: z.array(z.strictObject({ name: z.string(), trouble: reasonSchema })),
    }),
  ),
  witnesses: z.array(
    z.strictObject({
      name: z.string(),
      operator: z.string().nullable(),
      state: z.enum(['not-asked', 'ok', 'trouble', 'inconsistent']),
      reason: reasonSchema,
      cosignedSize: treePosition,
    }),
  ),
  authorities: statusSchema.shape.authorities,
  calendars: statusSchema.shape.calendars,
  /** Newest reading of each source. Server's clock minus the source's. */
  clocks: z.array(
    z.strictObject({
      source: z.string(),
      server: z.string(),
      measuredAt: utcTime,
      offsetMs: z.number().int(),
      uncertaintyMs: count,
      withinLimit: z.boolean(),
    }),
  ),
  holdings: z.strictObject({
    originals: count,
    originalBytes: count,
    previews: count,
    previewBytes: count,
    databaseBytes: count,
    waitingLeaves: count,
  }),
  /** Oldest first. */
  openAlarms: z.array(alarmSchema),
  /** Newest first. */
  clearedAlarms: z.array(alarmSchema),
});
export type PlatformAnswer = z.infer<typeof platformAnswerSchema>;

const x509Schema = z.strictObject({
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  /** Of the whole certificate. */
  sha256: hex32,
  validFrom: utcTime,
  validUntil: utcTime,
});
type X509View = z.infer<typeof x509Schema>;

export const platformKeysSchema = z.strictObject({
  /** Keys that have signed the log, the newest first: that one signs. */
  log: z.array(
    z.strictObject({
      vkey: z.string(),
      /** Operator's clock; of the first key, the first publication. Null before there is one. */
      since: utcTime.nullable(),
      /** Where the rotation to it stands in the log; null for the first one. */
      leafIndex: treePosition.nullable(),
      inUse: z.boolean(),
    }),
  ),
  /** Signer first. */
  seal: z.array(x509Schema),
  /** Who signed the newest token of each authority. */
  authorities: z.array(z.strictObject({ source: z.string(), lastTokenAt: utcTime, signer: x509Schema.nullable() })),
  /** Name of the key that wraps data keys now; others are asked for what they wrapped. */
  masterKey: z.string(),
});

export const platformStorageSchema = z.strictObject({
  originals: count,
  originalBytes: count,
  previews: count,
  previewBytes: count,
  databaseBytes: count,
  /** Resumable uploads on their way. */
  openUploads: count,
  openUploadBytes: count,
  /** Null where the store does not say. */
  freeBytes: count.nullable(),
});

export const orphansSchema = z.strictObject({ objects: count, orphans: count, isWhole: z.boolean() });

export const profileVersionsSchema = z.strictObject({
  /** Newest first. */
  versions: z.array(
    z.strictObject({
      version: count,
      record: platformRecordSchema,
      inForceFrom: utcTime,
      inForceUntil: utcTime.nullable(),
      printedDigest: hex32,
      source: z.enum(['settings', 'operator']),
      /** Certificates that print it. */
      certificates: count,
    }),
  ),
});

const clearSchema = z.strictObject({ code: z.string().min(1).max(100), subject: z.string().max(1000) });

export interface PlatformRouteParts {
  db: Database;
  identity: Pick<Status, 'evaluation' | 'version'>;
  profiles: PlatformProfiles;
  /** DER of the seal in use, signer first. */
  sealChain: readonly Uint8Array[];
  vault: ContentVault;
  readiness: Readiness;
  anchoring: () => readonly AnchorStatus[];
  witnesses: () => readonly WitnessStatus[];
  authorities: () => Status['authorities'];
  calendars: () => Status['calendars'];
  nowMs: () => number;
}

const JSON_TYPE = 'application/json';
const ALARMS = 200;
const CLOCKS = 200;
const MAX_BODY_BYTES = 4096;
const MAX_PROFILE_BYTES = 32 * 1024;
const ORPHANS_LOOKED_AT = 100_000;
/** Counting what is kept reads whole tables. */
const HOLDINGS_REUSED_FOR_MS = 60_000;

/** How the service runs, for those who run it and those who audit it. Nothing here shows or changes a deposit. */
export function platformRoutes(parts: PlatformRouteParts): Route[] {
  const { db, nowMs } = parts;
  let last: { atMs: number; holdings: ReturnType<typeof holdingsOf> } | undefined;
  const holdings = () => {
    if (last === undefined || nowMs() - last.atMs > HOLDINGS_REUSED_FOR_MS) {
      last = { atMs: nowMs(), holdings: holdingsOf(db) };
      last.holdings.catch(() => {
        last = undefined;
      });
    }
    return last.holdings;
  };
  return [
    {
      method: 'get',
      path: '/api/v1/platform',
      operationId: 'getPlatform',
      tag: 'service',
      summary: { zh: '平台运行状况', en: 'How the service runs' },
      description:
        'Chains, witnesses, authorities, calendars, clocks, storage and alarms in full. No deposit is named but by alarms.',
      answers: [{ status: 200, means: 'As of now.', mediaType: JSON_TYPE, body: { json: platformAnswerSchema } }],
      problems: [],
      may: 'platform.read',
      handle: async (_req, res) => {
        const [profile, kept, readiness, chains, clocks, open, alarms] = await Promise.all([
          parts.profiles.printedAt(new Date(nowMs())),
          holdings(),
          parts.readiness.checks(performance.now()),
          Promise.all(parts.anchoring().map((status) => chainOf(db, status))),
          selectClockOffsets(db.pool, CLOCKS),
          selectOpenAlarms(db.pool),
          selectAlarms(db.pool, ALARMS),
        ]);
        const answer: PlatformAnswer = {
          asOf: utcTimeOf(nowMs()),
          version: parts.identity.version,
          evaluation: parts.identity.evaluation,
          profile,
          profileDigest: encodeHex(printedDigest(profile)),
          readiness,
          chains,
          witnesses: parts.witnesses().map((w) => ({ ...w, cosignedSize: Number(w.cosignedSize) })),
          authorities: parts.authorities(),
          calendars: parts.calendars(),
          clocks: [...new Map(clocks.toReversed().map((row) => [`${row.server} ${row.source}`, row])).values()].map(
            (row) => ({
              ...row,
              measuredAt: utcTimeOf(row.measuredAt.getTime()),
              offsetMs: Number(row.offsetMs),
              uncertaintyMs: Number(row.uncertaintyMs),
            }),
          ),
          holdings: kept,
          openAlarms: open.map(alarmOf),
          clearedAlarms: alarms.filter(({ clearedAt }) => clearedAt !== null).map(alarmOf),
        };
        sendJson(res, 200, answer);
      },
    },
    {
      method: 'post',
      path: '/api/v1/platform/alarms/clear',
      operationId: 'clearAlarm',
      tag: 'service',
      summary: { zh: '查明之后解除警报', en: 'Clear an alarm after somebody has looked into it' },
      description:
        'What goes on by itself clears its own alarms; some stop the log or the anchors until a person has looked (docs/operation.md).',
      bodies: { [JSON_TYPE]: { json: clearSchema } },
      answers: [{ status: 204, means: 'It is cleared; the history keeps it.' }],
      problems: ['not-found', 'invalid-parameter', 'body-too-large', 'unsupported-content-encoding', 'upload-aborted'],
      may: 'platform.operate',
      handle: async (req, res) => {
        const { code, subject } = parseParameters(clearSchema, await readJson(req, res, MAX_BODY_BYTES));
        if (!(await clearAlarm(db.pool, code, new Date(nowMs()), subject))) {
          throw new HttpError(
            'not-found',
            `there is no open alarm ${code}${subject === '' ? '' : ` about ${subject}`}`,
          );
        }
        res.status(204).end();
      },
    },
    ...profileRoutes(parts),
    ...storageRoutes(parts),
  ];
}

function profileRoutes({ profiles, db, sealChain, vault }: PlatformRouteParts): Route[] {
  const versions = async (): Promise<z.infer<typeof profileVersionsSchema>> => ({
    versions: (await profiles.versions()).map((version) => ({
      ...version,
      inForceFrom: utcTimeOf(version.inForceFrom.getTime()),
      inForceUntil: version.inForceUntil && utcTimeOf(version.inForceUntil.getTime()),
    })),
  });
  return [
    {
      method: 'get',
      path: '/api/v1/platform/profile',
      operationId: 'listPlatformProfiles',
      tag: 'service',
      summary: { zh: '平台信息的各版本', en: 'Versions of the platform profile' },
      description:
        'Who runs the service, from when to when each version was in force, and how many certificates print it.',
      answers: [{ status: 200, means: 'All.', mediaType: JSON_TYPE, body: { json: profileVersionsSchema } }],
      problems: [],
      may: 'platform.read',
      handle: async (_req, res) => sendJson(res, 200, await versions()),
    },
    {
      method: 'post',
      path: '/api/v1/platform/profile',
      operationId: 'addPlatformProfile',
      tag: 'service',
      summary: { zh: '登记新版本的平台信息', en: 'A new version of the platform profile' },
      description: 'In force from now on. Earlier versions and the certificates that print them stay as they are.',
      bodies: { [JSON_TYPE]: { json: platformRecordSchema } },
      answers: [{ status: 201, means: 'All versions.', mediaType: JSON_TYPE, body: { json: profileVersionsSchema } }],
      problems: ['invalid-parameter', 'body-too-large', 'unsupported-content-encoding', 'upload-aborted'],
      may: 'platform.operate',
      freshSignIn: true,
      handle: async (req, res, { principal }) => {
        const record = parseParameters(platformRecordSchema, await readJson(req, res, MAX_PROFILE_BYTES));
        await profiles.add(record, { userId: principal.userId, accountId: principal.accountId });
        sendJson(res, 201, await versions());
      },
    },
    {
      method: 'get',
      path: '/api/v1/platform/keys',
      operationId: 'getPlatformKeys',
      tag: 'service',
      summary: { zh: '使用中的密钥', en: 'Keys in use' },
      description: 'Public parts and names only.',
      answers: [{ status: 200, means: 'As of now.', mediaType: JSON_TYPE, body: { json: platformKeysSchema } }],
      problems: [],
      may: 'platform.read',
      handle: async (_req, res) => {
        const [log, authorities] = await Promise.all([logKeys(db), selectNewestTimestampSigners(db.pool)]);
        const answer: z.infer<typeof platformKeysSchema> = {
          log,
          seal: sealChain.map(x509Of).filter((each) => each !== null),
          authorities: authorities.map(({ source, signer, at }) => ({
            ...{ source, lastTokenAt: utcTimeOf(at.getTime()) },
            signer: signer === null ? null : x509Of(signer),
          })),
          masterKey: vault.keys.current.id,
        };
        sendJson(res, 200, answer);
      },
    },
  ];
}

function storageRoutes({ db, vault, nowMs }: PlatformRouteParts): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/platform/storage',
      operationId: 'getPlatformStorage',
      tag: 'service',
      summary: { zh: '存储情况', en: 'What is stored' },
      answers: [{ status: 200, means: 'As of now.', mediaType: JSON_TYPE, body: { json: platformStorageSchema } }],
      problems: [],
      may: 'platform.read',
      handle: async (_req, res) => {
        const [{ waitingLeaves: _, ...kept }, uploads, freeBytes] = await Promise.all([
          holdingsOf(db),
          selectUploadHoldings(db.pool),
          vault.store.freeBytes?.() ?? null,
        ]);
        const answer: z.infer<typeof platformStorageSchema> = { ...kept, ...uploads, freeBytes };
        sendJson(res, 200, answer);
      },
    },
    {
      method: 'get',
      path: '/api/v1/platform/storage/orphans',
      operationId: 'countOrphans',
      tag: 'service',
      summary: { zh: '清点无主对象', en: 'Count objects that nothing mentions' },
      description:
        `Reads the names of at most ${ORPHANS_LOOKED_AT} objects. What uploads that broke off have left is removed at each start of a server, ` +
        'once it is a day old.',
      answers: [{ status: 200, means: 'Counted now.', mediaType: JSON_TYPE, body: { json: orphansSchema } }],
      problems: [],
      may: 'platform.read',
      handle: async (_req, res) => {
        const parts = { db, store: vault.store };
        sendJson(res, 200, await countOrphanObjects(parts, nowMs(), ORPHAN_AGE_MS, ORPHANS_LOOKED_AT));
      },
    },
  ];
}

/** The newest first. */
async function logKeys(db: Database): Promise<z.infer<typeof platformKeysSchema>['log']> {
  const log = await selectLog(db.pool);
  if (log === undefined) return [];
  const schedule = await selectKeySchedule(db.pool, parseLogRecord(log.record).keys);
  const first = await selectFirstPublicationTime(db.pool);
  const [firstKey, ...later] = schedule.keys();
  const keys = [
    { vkey: firstKey as string, since: first === undefined ? null : utcTimeOf(first.getTime()), leafIndex: null },
    ...later.map((vkey, i) => ({
      vkey,
      since: schedule.rotations[i]?.record.effectiveFrom ?? null,
      leafIndex: Number(schedule.rotations[i]?.leafIndex ?? 0n),
    })),
  ];
  return keys.map((key, i) => ({ ...key, inUse: i === keys.length - 1 })).reverse();
}

/** Node writes one part of the name on each line, and `\\` before what RFC 4514 §2.4 would not take as it is. */
function nameOf(lines: string): string {
  return lines.replaceAll('\n', ', ').replace(/\\([\\,+"<>;=# ])/g, '$1');
}

/** Null for what is no X.509 certificate that Node reads. */
function x509Of(der: Uint8Array): X509View | null {
  try {
    const { subject, issuer, serialNumber, fingerprint256, validFromDate, validToDate } = new X509Certificate(der);
    return {
      ...{ subject: nameOf(subject), issuer: nameOf(issuer), serialNumber },
      sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
      validFrom: utcTimeOf(validFromDate.getTime()),
      validUntil: utcTimeOf(validToDate.getTime()),
    };
  } catch {
    return null;
  }
}

async function holdingsOf(db: Database) {
  const { originalBytes, previewBytes, databaseBytes, ...counts } = await selectHoldings(db.pool);
  return {
    ...counts,
    originalBytes: Number(originalBytes),
    previewBytes: Number(previewBytes),
    databaseBytes: Number(databaseBytes),
  };
}

async function chainOf(db: Database, status: AnchorStatus): Promise<PlatformAnswer['chains'][number]> {
  const { chain, contract, state, headTreeSize, lastFinal, inFlight, providers } = status;
  return {
    chain,
    contract,
    state,
    reason: status.state === 'ok' ? null : status.reason,
    headTreeSize: headTreeSize === undefined ? null : Number(headTreeSize),
    lastFinal:
      lastFinal === undefined
        ? null
        : { treeSize: Number(lastFinal.treeSize), since: utcTimeOf(lastFinal.since.getTime()) },
    inFlight: inFlight === undefined ? null : await inFlightOf(db, status, inFlight),
    providers: providers.map(({ name, trouble }) => ({
      name,
      trouble: trouble === undefined ? null : { code: trouble.code, message: trouble.message },
    })),
  };
}

async function inFlightOf(
  db: Database,
  { chain, contract }: AnchorStatus,
  inFlight: NonNullable<AnchorStatus['inFlight']>,
) {
  const row = await selectAnchorOfSize(db.pool, chain, parseHex0x(contract), inFlight.treeSize);
  const events = row === undefined ? [] : await selectAnchorEvents(db.pool, row.anchorId);
  return {
    treeSize: Number(inFlight.treeSize),
    state: inFlight.state,
    since: utcTimeOf(inFlight.since.getTime()),
    transactions: row === undefined ? 0 : (await selectAnchorTransactions(db.pool, row.anchorId)).length,
    note: events.at(-1)?.detail ?? null,
  };
}

function alarmOf(alarm: { code: string; subject: string; detail: string; raisedAt: Date; clearedAt: Date | null }) {
  const { code, subject, detail, raisedAt, clearedAt } = alarm;
  return {
    code,
    subject,
    detail,
    raisedAt: utcTimeOf(raisedAt.getTime()),
    clearedAt: clearedAt && utcTimeOf(clearedAt.getTime()),
  };
}
