import type * as z from 'zod';
import { selectOpenAlarms } from '../db/alarms.ts';
import { selectNewestFinalAnchor } from '../db/anchors.ts';
import { selectNewestCheckpoint, selectNewestPublication } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { encodeHex, encodeHex0x, parseHex0x } from '../format/bytes.ts';
import { utcTimeOf } from '../format/fields.ts';
import { selectNewestKey } from '../log/key-schedule.ts';
import { healthSchema, readinessSchema, type Status, statusSchema } from './answers.ts';
import { HttpError } from './http-error.ts';
import { forEveryone } from './log-routes.ts';
import type { Readiness } from './readiness.ts';
import type { Route } from './route.ts';
import { sendJson } from './send.ts';

/** What this service is and where its log is anchored. */
export type ServiceIdentity = Pick<Status, 'evaluation' | 'version' | 'origin' | 'vkey' | 'chain' | 'contract'>;

const JSON_TYPE = 'application/json';

/** How the service is, for people, probes and pages. */
export function serviceRoutes(parts: {
  db: Database;
  identity: ServiceIdentity;
  limits: Status['limits'];
  readiness: Readiness;
  authorities: () => Status['authorities'];
  calendars: () => Status['calendars'];
}): Route[] {
  const { db, identity, limits, readiness, authorities, calendars } = parts;
  return [
    {
      method: 'get',
      path: '/healthz',
      operationId: 'getHealth',
      tag: 'service',
      summary: { zh: '进程是否存活', en: 'Is the process alive' },
      answers: [{ status: 200, means: 'It is.', mediaType: JSON_TYPE, body: { json: healthSchema } }],
      problems: [],
      may: 'public',
      handle: (_req, res) => sendJson(res, 200, { status: 'alive' }),
    },
    {
      method: 'get',
      path: '/readyz',
      operationId: 'getReadiness',
      tag: 'service',
      summary: { zh: '能否受理存证', en: 'Are deposits taken' },
      description: 'A chain that is away only degrades: deposits are taken, their anchors wait.',
      answers: [{ status: 200, means: 'Deposits are taken.', mediaType: JSON_TYPE, body: { json: readinessSchema } }],
      problems: ['not-ready'],
      may: 'public',
      handle: async (_req, res) => {
        const checks = await readiness.checks(performance.now());
        const failed = checks.filter((check) => check.status === 'failed');
        if (failed.length > 0) {
          const why = failed.map((check) => `${check.name}: ${check.reason}`).join(', ');
          throw new HttpError('not-ready', `deposits are not taken now (${why})`, { members: { checks } });
        }
        const status = checks.some((check) => check.status === 'degraded') ? 'degraded' : 'ready';
        sendJson(res, 200, { status, takesDeposits: true, checks });
      },
    },
    {
      method: 'get',
      path: '/api/v1/status',
      operationId: 'getStatus',
      tag: 'service',
      summary: { zh: '服务、日志与锚定的现状', en: 'The service, its log and its anchors' },
      answers: [{ status: 200, means: 'As of now.', mediaType: JSON_TYPE, body: { json: statusSchema } }],
      problems: [],
      may: 'public',
      handle: async (_req, res) => {
        const [checkpoint, publication, anchor, alarms, vkey] = await Promise.all([
          selectNewestCheckpoint(db.pool),
          selectNewestPublication(db.pool),
          selectNewestFinalAnchor(db.pool, identity.chain, parseHex0x(identity.contract)),
          selectOpenAlarms(db.pool),
          selectNewestKey(db.pool),
        ]);
        const treeOf = (row: { treeSize: bigint; rootHash: Buffer }) => ({
          treeSize: Number(row.treeSize),
          rootHash: encodeHex(row.rootHash),
        });
        const status: z.infer<typeof statusSchema> = {
          ...identity,
          vkey: vkey ?? identity.vkey,
          log: checkpoint === undefined ? null : treeOf(checkpoint),
          publication:
            publication === undefined
              ? null
              : { ...treeOf(publication), publishedAt: utcTimeOf(publication.publishedAt.getTime()) },
          anchor:
            anchor === undefined
              ? null
              : {
                  ...treeOf(anchor),
                  since: utcTimeOf(anchor.stateSince.getTime()),
                  blockHash: anchor.blockHash && encodeHex0x(anchor.blockHash),
                  transactionHash: anchor.transactionHash && encodeHex0x(anchor.transactionHash),
                },
          authorities: authorities(),
          calendars: calendars(),
          alarms: [...new Set(alarms.map((alarm) => alarm.code))],
          limits,
        };
        forEveryone(res, 'no-cache');
        sendJson(res, 200, status);
      },
    },
  ];
}
