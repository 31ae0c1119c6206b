import * as z from 'zod';
import type { AnchorStatus } from '../anchor/anchor-worker.ts';
import { clearAlarm, selectAlarms, selectOpenAlarms } from '../db/alarms.ts';
import { selectAnchorEvents, selectAnchorOfSize, selectAnchorTransactions } from '../db/anchors.ts';
import { selectHoldings } from '../db/log-history.ts';
import type { Database } from '../db/pool.ts';
import { selectClockOffsets } from '../db/timestamps.ts';
import { encodeHex, parseHex0x, sha256 } from '../format/bytes.ts';
import { type PlatformProfile, platformSchema } from '../format/certificate.ts';
import { address, count, evmChain, hex32, treePosition, utcTime, utcTimeOf } from '../format/fields.ts';
import { encodeJson } from '../format/json.ts';
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

const clearSchema = z.strictObject({ code: z.string().min(1).max(100), subject: z.string().max(1000) });

export interface PlatformRouteParts {
  db: Database;
  identity: Pick<Status, 'evaluation' | 'version'>;
  platform: PlatformProfile;
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
        const [kept, readiness, chains, clocks, open, alarms] = await Promise.all([
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
          profile: parts.platform,
          profileDigest: encodeHex(sha256(encodeJson(parts.platform))),
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
  ];
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
