import * as z from 'zod';
import { selectCheckpoints, selectLog, selectNewestCheckpoint } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { parseUtf8 } from '../format/bytes.ts';
import { logRecordSchema, parseLogRecord } from '../format/log.ts';
import { provedRotationSchema } from '../format/log-event.ts';
import { MAX_NOTE_BYTES } from '../format/note.ts';
import type { LogReader } from '../log/log-reader.ts';
import { selectProvedRotations } from '../log/proved-rotations.ts';
import { HttpError } from './http-error.ts';
import { forEveryone } from './log-routes.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

const PAGE = 500;

const checkpointListSchema = z.strictObject({
  /** Signed notes, exact, the smaller tree first. */
  checkpoints: z.array(z.string().max(MAX_NOTE_BYTES)),
  /** Give it as `above` for the next page; null on the last one. */
  next: z.number().int().nullable(),
});

const logIdentitySchema = z.strictObject({ record: logRecordSchema, rotations: z.array(provedRotationSchema) });

const listQuery = z.strictObject({
  above: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,14})$/, 'expected a tree size')
    .optional()
    .meta({ description: 'Only checkpoints of larger trees; 0 if left out.' }),
});

/** What an auditor holds against the tree: all that the log ever signed. Public, as the log is. */
export function auditRoutes(
  db: Database,
  log: Pick<LogReader, 'refresh' | 'inclusionProof'>,
  registerNote: () => Promise<Uint8Array | undefined>,
): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/log/identity',
      operationId: 'getLogIdentity',
      tag: 'log',
      summary: { zh: '日志首条记录与密钥轮换', en: 'What leaf 0 says, and every rotation of the key since' },
      description:
        'Each rotation comes with its inclusion proof in the checkpoint that the old and the new key signed.',
      answers: [{ status: 200, means: 'As of now.', mediaType: 'application/json', body: { json: logIdentitySchema } }],
      problems: ['not-found'],
      may: 'public',
      handle: async (_req, res) => {
        const row = await selectLog(db.pool);
        const checkpoint = await selectNewestCheckpoint(db.pool);
        if (row === undefined || checkpoint === undefined)
          throw new HttpError('not-found', 'no checkpoint was signed yet');
        const record = parseLogRecord(row.record);
        await log.refresh();
        const rotations = await selectProvedRotations(db.pool, log, record.keys, checkpoint.treeSize);
        forEveryone(res, 'no-cache');
        sendJson(res, 200, { record, rotations });
      },
    },
    {
      method: 'get',
      path: '/api/v1/log/checkpoints',
      operationId: 'listCheckpoints',
      tag: 'log',
      summary: { zh: '签署过的全部检查点', en: 'Every checkpoint that was ever let out' },
      parameters: { query: listQuery },
      answers: [
        { status: 200, means: 'A page of them.', mediaType: 'application/json', body: { json: checkpointListSchema } },
      ],
      problems: ['invalid-parameter'],
      may: 'public',
      handle: async (req, res) => {
        const { above } = parseParameters(listQuery, req.query);
        const rows = await selectCheckpoints(db.pool, BigInt(above ?? 0), PAGE);
        const last = rows.at(-1);
        forEveryone(res, 'no-cache');
        sendJson(res, 200, {
          checkpoints: rows.map(({ note }) => parseUtf8(note)),
          next: rows.length < PAGE || last === undefined ? null : Number(last.treeSize),
        });
      },
    },
    {
      method: 'get',
      path: '/api/v1/log/register',
      operationId: 'getRegister',
      tag: 'log',
      summary: { zh: '登记簿中的检查点', en: 'The checkpoint in the register' },
      description: 'Kept apart from the database: no checkpoint of a larger tree was ever let out.',
      answers: [
        {
          status: 200,
          means: 'The note, exact.',
          mediaType: 'text/plain; charset=utf-8',
          body: { bytes: 'signed note' },
        },
      ],
      problems: ['not-found'],
      may: 'public',
      handle: async (_req, res) => {
        const note = await registerNote();
        if (note === undefined) throw new HttpError('not-found', 'no checkpoint was signed yet');
        forEveryone(res, 'no-cache');
        sendBytes(res, 200, 'text/plain; charset=utf-8', note);
      },
    },
  ];
}
