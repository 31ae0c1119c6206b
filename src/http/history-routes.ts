import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { selectAlarms } from '../db/alarms.ts';
import { selectDailyAnchorCosts } from '../db/anchor-costs.ts';
import { selectAnchorInFlight, selectNewestFinalAnchor } from '../db/anchors.ts';
import { selectDigestOfCertificateWith } from '../db/certificates.ts';
import {
  type Delay,
  selectAnchorDays,
  selectAttested,
  selectGrowth,
  selectPublicationToAnchor,
  selectReceiptToAnchor,
  selectReceiptToPublication,
  selectWitnessCounts,
} from '../db/log-history.ts';
import type { Database } from '../db/pool.ts';
import { parseHex, parseHex0x } from '../format/bytes.ts';
import { certificateNoSchema } from '../format/certificate.ts';
import { parseCosignatureKey } from '../format/cosignature.ts';
import { address, count, evmChain, hex32, treePosition, utcTime, utcTimeOf } from '../format/fields.ts';
import { statusProofSchema } from '../format/status.ts';
import type { StatusService } from '../status/status-service.ts';
import { type Status, statusSchema } from './answers.ts';
import type { AnchoringChain } from './deposit-view.ts';
import { incidentsOf } from './incidents.ts';
import { forEveryone } from './log-routes.ts';
import { readJson } from './request-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
/** Decimal: more than 2⁵³ is usual. */
const wide = z.string().regex(/^\d{1,78}$/);
const delaySchema = z.strictObject({
  samples: count,
  /** Whole seconds; null while the samples are too few to stand for anybody but single depositors. */
  medianSeconds: z.number().int().nullable(),
  ninetiethSeconds: z.number().int().nullable(),
});
export const incidentSchema = z.strictObject({
  code: z.string(),
  about: z.string().nullable(),
  raisedAt: utcTime,
  clearedAt: utcTime.nullable(),
  alarms: count,
});

export const logHistorySchema = z.strictObject({
  asOf: utcTime,
  /** Oldest first; UTC days without a publication are left out. */
  growth: z.array(z.strictObject({ day, treeSize: treePosition, publications: count })),
  receiptToPublication: delaySchema,
  chains: z.array(
    z.strictObject({
      chain: evmChain,
      contract: address,
      /** Code of what holds this chain up now. */
      trouble: z.string().nullable(),
      newestFinal: z.strictObject({ treeSize: treePosition, since: utcTime }).nullable(),
      inFlight: z.strictObject({ treeSize: treePosition, state: z.string(), since: utcTime }).nullable(),
      anchors: z.array(z.strictObject({ day, anchors: count })),
      costs: z.array(z.strictObject({ day, transactions: count, gasUsed: wide, costWei: wide })),
      publicationToAnchor: delaySchema,
      receiptToAnchor: delaySchema,
    }),
  ),
  witnesses: z.array(z.strictObject({ name: z.string(), cosigned: count, treeSize: treePosition, lastAt: utcTime })),
  authorities: statusSchema.shape.authorities,
  calendars: statusSchema.shape.calendars,
  attested: z.strictObject({
    publications: count,
    stampedByOne: count,
    stampedByTwo: count,
    bitcoinComplete: count,
    bitcoinPending: count,
  }),
  /** Newest first, open and cleared. */
  incidents: z.array(incidentSchema),
});
export type LogHistory = z.infer<typeof logHistorySchema>;

const lookUpSchema = z.strictObject({
  certificateNo: certificateNoSchema,
  sha256: hex32.meta({ description: 'Of any file of the deposit, or of the certificate without its seals.' }),
});

const DAYS = 90;
const INCIDENTS = 200;
/** Below this, a median would be about single depositors. */
const FEWEST_SAMPLES = 20;
/** Anyone may ask, so that asking often costs nothing. */
const REUSED_FOR_MS = 30_000;
const MAX_BODY_BYTES = 1024;
const JSON_TYPE = 'application/json';

export interface HistoryRouteParts {
  db: Database;
  chains: () => readonly AnchoringChain[];
  authorities: () => Status['authorities'];
  calendars: () => Status['calendars'];
  statuses: Pick<StatusService, 'answer'>;
  nowMs: () => number;
}

/** What the log has done so far, for everyone: sums over days and over many deposits, nothing of a single one. */
export function historyRoutes(parts: HistoryRouteParts): Route[] {
  const { db, statuses, nowMs } = parts;
  let last: { atMs: number; history: Promise<LogHistory> } | undefined;
  return [
    {
      method: 'get',
      path: '/api/v1/log/history',
      operationId: 'getLogHistory',
      tag: 'log',
      summary: {
        zh: '日志的增长、上链、费用、时延与事件',
        en: 'Growth, anchors, cost, delays and incidents of the log',
      },
      description:
        `The last ${DAYS} UTC days, at most half a minute old. Delays are over the newest 1000 and left out below ${FEWEST_SAMPLES} ` +
        'deposits; alarms about deposits are summed up by day.',
      answers: [{ status: 200, means: 'Sums.', mediaType: JSON_TYPE, body: { json: logHistorySchema } }],
      problems: [],
      may: 'public',
      handle: async (_req, res) => {
        if (last === undefined || nowMs() - last.atMs > REUSED_FOR_MS) {
          last = { atMs: nowMs(), history: historyOf(parts) };
          // What failed is asked again by the next one.
          last.history.catch(() => {
            last = undefined;
          });
        }
        const history = await last.history;
        forEveryone(res, 'public, max-age=30');
        sendJson(res, 200, history);
      },
    },
    {
      method: 'post',
      path: '/api/v1/certificates/look-up',
      operationId: 'lookUpCertificate',
      tag: 'log',
      summary: { zh: '凭证书编号和文件查询证书状态', en: 'How a certificate stands, by its number and a file of it' },
      description:
        'Needs both: the number, and the digest of a file of the deposit or of the certificate itself. 404 does not tell which one is ' +
        'wrong, so that nobody learns from a file that somebody deposited it. Files are hashed where they are.',
      bodies: { [JSON_TYPE]: { json: lookUpSchema } },
      answers: [
        { status: 200, means: 'tiezheng/status-proof/v1.', mediaType: JSON_TYPE, body: { json: statusProofSchema } },
      ],
      problems: [
        'invalid-parameter',
        'body-too-large',
        'unsupported-content-encoding',
        'upload-aborted',
        'certificate-unknown',
        'integration-timeout',
        'log-stopped',
      ],
      may: 'public',
      handle: async (req, res) => {
        const body = parseParameters(lookUpSchema, await readJson(req, res, MAX_BODY_BYTES));
        const floor = wait(REFUSED_AFTER_MS);
        let proof: Uint8Array;
        try {
          proof = await statuses.answer(body.certificateNo, await certificateDigest(db, body));
        } catch (error) {
          await floor;
          throw error;
        }
        forEveryone(res, 'no-store');
        sendBytes(res, 200, JSON_TYPE, proof);
      },
    },
  ];
}

/** A row that is found costs some 50 microseconds more than one that is not; refusals come after this, whatever was found. */
const REFUSED_AFTER_MS = 20;

/**
 * The digest of the certificate, if the file is of its deposit; else the file's own, which the status service refuses unless it is the
 * certificate's. One query, whether there is such a number or not, so that neither answer nor time tells.
 */
async function certificateDigest(db: Database, { certificateNo, sha256 }: z.infer<typeof lookUpSchema>) {
  const digest = parseHex(sha256);
  return (await selectDigestOfCertificateWith(db.pool, certificateNo, digest)) ?? digest;
}

async function historyOf({ db, chains, authorities, calendars, nowMs }: HistoryRouteParts): Promise<LogHistory> {
  const [growth, receiptToPublication, attested, witnesses, alarms, chainHistories] = await Promise.all([
    selectGrowth(db.pool, DAYS),
    selectReceiptToPublication(db.pool),
    selectAttested(db.pool),
    selectWitnessCounts(db.pool),
    selectAlarms(db.pool, INCIDENTS),
    Promise.all(chains().map((chain) => chainHistory(db, chain))),
  ]);
  return {
    asOf: utcTimeOf(nowMs()),
    growth: growth.map((each) => ({ ...each, treeSize: Number(each.treeSize) })),
    receiptToPublication: unlessTelling(receiptToPublication),
    chains: chainHistories,
    witnesses: witnesses.map(({ vkey, cosigned, treeSize, lastAt }) => ({
      name: parseCosignatureKey(vkey).name,
      cosigned,
      treeSize: Number(treeSize),
      lastAt: utcTimeOf(lastAt.getTime()),
    })),
    authorities: authorities(),
    calendars: calendars(),
    attested,
    incidents: incidentsOf(alarms),
  };
}

async function chainHistory(db: Database, { chain, contract, trouble }: AnchoringChain) {
  const at = parseHex0x(contract);
  const [final, inFlight, anchors, costs, publicationToAnchor, receiptToAnchor] = await Promise.all([
    selectNewestFinalAnchor(db.pool, chain, at),
    selectAnchorInFlight(db.pool, chain, at),
    selectAnchorDays(db.pool, chain, at, DAYS),
    selectDailyAnchorCosts(db.pool, chain, at, DAYS),
    selectPublicationToAnchor(db.pool, chain, at),
    selectReceiptToAnchor(db.pool, chain, at),
  ]);
  return {
    chain,
    contract,
    trouble,
    newestFinal:
      final === undefined ? null : { treeSize: Number(final.treeSize), since: utcTimeOf(final.stateSince.getTime()) },
    inFlight:
      inFlight === undefined
        ? null
        : {
            treeSize: Number(inFlight.treeSize),
            state: inFlight.state,
            since: utcTimeOf(inFlight.stateSince.getTime()),
          },
    anchors,
    costs: costs
      .map(({ gasUsed, costWei, ...rest }) => ({ ...rest, gasUsed: String(gasUsed), costWei: String(costWei) }))
      .reverse(),
    // Both of its ends are public.
    publicationToAnchor,
    receiptToAnchor: unlessTelling(receiptToAnchor),
  };
}

/** A deposit's time of receipt is its depositor's: few of them are not shown, not even their middle. */
function unlessTelling(delay: Delay): Delay {
  if (delay.samples >= FEWEST_SAMPLES) return delay;
  return { samples: delay.samples, medianSeconds: null, ninetiethSeconds: null };
}
