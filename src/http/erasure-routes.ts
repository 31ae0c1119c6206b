import * as z from 'zod';
import { mayDo, type Principal } from '../access/rules.ts';
import { ERASURE_BASES, type ErasureRow, selectCertificateNamesOfDeposit } from '../db/erasures.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { fenced } from '../db/row-security.ts';
import type { Erasures } from '../erasure/erasures.ts';
import { treePosition, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { DepositError } from '../intake/deposit-error.ts';
import { actingOf, requireRelation } from '../sharing/grants.ts';
import { JSON_BODY_PROBLEMS, JSON_TYPE, jsonBody } from './json-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

export interface ErasureRouteParts {
  db: Database;
  erasures: Pick<Erasures, 'erase' | 'of'>;
  nowMs: () => number;
}

const ofDeposit = z.strictObject({ depositId: uuid });
const orderSchema = z.strictObject({
  /** The deposit's number, typed by the person who erases it: nothing is erased by mistaking one page for another. */
  depositNo: treePosition,
  basis: z.enum(ERASURE_BASES),
});

/** What stays: nothing of the content. */
export const erasureSchema = z.strictObject({
  depositId: uuid,
  /** Its place in the log, which stays. */
  depositNo: treePosition,
  receivedAt: utcTime,
  basis: z.enum(ERASURE_BASES),
  /** Files that the deposit had. */
  fileCount: z.number().int().min(0),
  erasedAt: utcTime,
  /** When the object store had confirmed that every object is gone; null while some wait. Nobody can read them since `erasedAt`. */
  completedAt: utcTime.nullable(),
  /** Numbers of its certificates, all withdrawn. */
  certificates: z.array(z.string()),
});

/** Erasing what a deposit says, and what stays of it. */
export function erasureRoutes({ db, erasures, nowMs }: ErasureRouteParts): Route[] {
  const notFound = (depositId: string) => () =>
    new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
  const seenBy = (principal: Principal, at: Date) => fenced(db, { ...principal, at });
  const view = async (seen: Queryable, erased: ErasureRow) => {
    const { depositId, depositNo, receivedAt, basis, fileCount, erasedAt, completedAt } = erased;
    const certificates = await selectCertificateNamesOfDeposit(seen, depositId);
    return {
      depositId,
      depositNo: Number(depositNo),
      receivedAt: utcTimeOf(receivedAt.getTime()),
      basis,
      fileCount,
      erasedAt: utcTimeOf(erasedAt.getTime()),
      completedAt: completedAt === null ? null : utcTimeOf(completedAt.getTime()),
      certificates: certificates.map(({ certificateNo }) => certificateNo),
    };
  };

  return [
    {
      method: 'post',
      path: '/api/v1/deposits/{depositId}/erasure',
      operationId: 'eraseDeposit',
      tag: 'deposits',
      summary: { zh: '删除存证内容(不可恢复)', en: 'Erase what a deposit says, for good' },
      description:
        'Content, names, digests, statements and the bytes of its certificates go, with every key; the certificates are withdrawn. The ' +
        'leaf in the log, number, times and custody stay. What was handed out before still verifies. By people alone, never by a key. ' +
        'Repeated, it answers as the first time.',
      parameters: { path: ofDeposit },
      bodies: { [JSON_TYPE]: { json: orderSchema } },
      answers: [{ status: 200, means: 'Erased.', mediaType: JSON_TYPE, body: { json: erasureSchema } }],
      problems: [
        'deposit-not-found',
        'deposit-under-legal-hold',
        'erasure-not-confirmed',
        ...JSON_BODY_PROBLEMS,
        'invalid-parameter',
      ],
      may: 'deposit.erase',
      freshSignIn: true,
      handle: async (req, res, { principal }) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { depositNo, basis } = await jsonBody(req, res, orderSchema);
        const at = new Date(nowMs());
        await requireRelation(db.pool, principal, 'deposit.erase', { depositId }, at, notFound(depositId));
        const erased = await erasures.erase({
          depositId,
          depositNo: BigInt(depositNo),
          basis,
          acting: actingOf(principal),
          mayNameMatters: mayDo(principal, 'matter.read', 'own'),
        });
        sendJson(res, 200, await view(seenBy(principal, at), erased));
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/erasure',
      operationId: 'getErasure',
      tag: 'deposits',
      summary: { zh: '查看存证的删除记录', en: 'What stays of an erased deposit' },
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'It was erased.', mediaType: JSON_TYPE, body: { json: erasureSchema } }],
      problems: ['deposit-not-found', 'not-erased', 'invalid-parameter'],
      may: 'custody.read',
      handle: async (req, res, { principal }) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const at = new Date(nowMs());
        await requireRelation(db.pool, principal, 'custody.read', { depositId }, at, notFound(depositId));
        const seen = seenBy(principal, at);
        sendJson(res, 200, await view(seen, await erasures.of(seen, depositId)));
      },
    },
  ];
}
