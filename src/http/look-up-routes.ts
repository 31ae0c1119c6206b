import * as z from 'zod';
import type { Principal } from '../access/rules.ts';
import { recordedBefore } from '../custody/custodian.ts';
import { selectFileEntries } from '../db/deposits.ts';
import { selectEqualFiles, selectFilesByDigest, selectIsTradeSecret } from '../db/grants.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { fenced, readWithin } from '../db/row-security.ts';
import { parseHex } from '../format/bytes.ts';
import { MAX_FILES, parseFileEntry } from '../format/deposit.ts';
import { hex32, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { DepositError } from '../intake/deposit-error.ts';
import type { DepositPreviews } from '../intake/deposit-previews.ts';
import { dHash, HASH_BITS, hammingDistance } from '../matters/perceptual-hash.ts';
import { actingOf, requireRelation } from '../sharing/grants.ts';
import { type ContentVault, openStored, previewObjectName } from '../storage/stored-content.ts';
import { HttpError } from './http-error.ts';
import { JSON_TYPE } from './json-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

export interface LookUpRouteParts {
  db: Database;
  vault: ContentVault;
  previews: Pick<DepositPreviews, 'preview'>;
  nowMs: () => number;
}

/** Files that one answer names. */
const MAX_FOUND = 200;

const fileIndex = z.string().regex(/^(?:0|[1-9][0-9]{0,3})$/, `expected a number from 0 to ${MAX_FILES - 1}`);
const searchQuery = z.strictObject({
  sha256: hex32.optional().meta({ description: 'Of the file, hashed by whoever asks. This or `sm3`.' }),
  sm3: hex32.optional(),
});
const foundSchema = z.strictObject({
  files: z.array(
    z.strictObject({
      depositId: uuid,
      fileIndex: z.number().int(),
      receivedAt: utcTime,
      relation: z.enum(['own', 'granted']),
    }),
  ),
});

const ofDeposit = z.strictObject({ depositId: uuid });
const equalSchema = z.strictObject({
  /** Equal by SHA-256 to files of your other deposits. Says nothing of what others hold. */
  equal: z.array(
    z.strictObject({
      fileIndex: z.number().int(),
      otherDepositId: uuid,
      otherFileIndex: z.number().int(),
      otherReceivedAt: utcTime,
    }),
  ),
});

const comparisonQuery = z.strictObject({
  original: uuid.meta({ description: 'Deposit with the original.' }),
  originalFile: fileIndex.optional(),
  suspect: uuid.meta({ description: 'Deposit with what is compared to it.' }),
  suspectFile: fileIndex.optional(),
});
const sideSchema = z.strictObject({
  depositId: uuid,
  fileIndex: z.number().int(),
  mediaType: z.string().nullable(),
  sizeBytes: z.number().int(),
  sha256: hex32,
  /** Whether a preview can be shown; never of a trade secret. `none`: it is no image, or its content is not held. */
  picture: z.enum(['shown', 'trade-secret', 'none']),
  /** 16 hex digits; null if there is no picture of it here. */
  dHash: z.string().nullable(),
});
export const comparisonSchema = z.strictObject({
  original: sideSchema,
  suspect: sideSchema,
  /** Equal by SHA-256: the same bytes. */
  isIdentical: z.boolean(),
  /** A hint and never a finding; null without two pictures. */
  hint: z
    .strictObject({
      method: z.literal('dHash'),
      bits: z.literal(HASH_BITS),
      /** 0 for pictures that look alike. Pictures that have nothing to do with each other differ in about half of the bits. */
      differingBits: z.number().int().min(0).max(HASH_BITS),
      notice: z.strictObject({ zh: z.string(), en: z.string() }),
    })
    .nullable(),
});

const NOTICE = {
  zh: '感知哈希距离仅供参考,不表明是否构成实质性相似,也不表明谁在先创作。',
  en: 'The distance of perceptual hashes is a hint only. It says neither that the pictures are substantially similar nor who made his first.',
};

/** Finding one's way among files: never one step beyond what the caller owns or was granted. */
export function lookUpRoutes({ db, vault, previews, nowMs }: LookUpRouteParts): Route[] {
  const now = () => new Date(nowMs());
  const within = <T>(principal: Principal, read: (q: Queryable) => Promise<T>) =>
    readWithin(db, { ...principal, at: now() }, read);

  const sideOf = async (principal: Principal, depositId: string, index: number) => {
    const notFound = () => new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
    const relation = await requireRelation(db.pool, principal, 'deposit.read', { depositId }, now(), notFound);
    const entries = await within(principal, (q) => selectFileEntries(q, depositId));
    if (entries.length === 0) throw new DepositError('deposit-erased', `what deposit ${depositId} says was erased`);
    const row = entries.find((entry) => entry.fileIndex === index);
    if (row === undefined) throw new HttpError('not-found', `file ${index}: the deposit has none`);
    const { mediaType, sizeBytes, digests } = parseFileEntry(row.body);
    const isSecret = await selectIsTradeSecret(db.pool, depositId);
    // Its hash would be a picture of it, however small.
    const isHidden = isSecret && relation !== 'own';
    const seen = fenced(db, { ...principal, at: now() });
    const preview = isHidden ? undefined : await previews.preview(seen, depositId, index);
    const picture = isSecret ? 'trade-secret' : preview === undefined ? 'none' : 'shown';
    const detail = { what: 'comparison', file: String(index) };
    await recordedBefore(db, {
      depositId,
      kind: 'viewed',
      actor: actingOf(principal),
      at: now(),
      detail,
      repeatsWithinMs: 10 * 60_000,
    });
    const side = { depositId, fileIndex: index, mediaType, sizeBytes, sha256: digests.sha256, picture };
    if (preview === undefined) return { ...side, hash: null };
    const range = { start: 0, end: Number(preview.sizeBytes) };
    const content = await openStored(vault, preview, previewObjectName(depositId, index), range);
    return { ...side, hash: await dHash(Buffer.concat(await content.toArray())) };
  };

  return [
    {
      method: 'get',
      path: '/api/v1/files',
      operationId: 'findFiles',
      tag: 'deposits',
      summary: {
        zh: '按摘要查找(仅限本人或已获授权的)',
        en: 'Find a file by its digest, among what is yours or was granted',
      },
      description:
        'Nobody learns here whether others hold the file: the answer to a stranger is the same as for a file that nobody has.',
      parameters: { query: searchQuery },
      answers: [
        { status: 200, means: 'At most 200, oldest first.', mediaType: JSON_TYPE, body: { json: foundSchema } },
      ],
      problems: ['invalid-parameter'],
      may: 'deposit.read',
      handle: async (req, res, { principal }) => {
        const { sha256, sm3 } = parseParameters(searchQuery, req.query);
        if ((sha256 === undefined) === (sm3 === undefined)) {
          throw new HttpError('invalid-parameter', 'sha256, sm3: expected one of them');
        }
        const digest = {
          alg: sha256 === undefined ? 'sm3' : 'sha256',
          value: parseHex((sha256 ?? sm3) as string),
        } as const;
        const found = await within(principal, (q) =>
          selectFilesByDigest(q, principal.accountId, digest, now(), MAX_FOUND),
        );
        const files = found.map(({ isOwn, receivedAt, ...file }) => ({
          ...file,
          receivedAt: utcTimeOf(receivedAt.getTime()),
          relation: isOwn ? 'own' : 'granted',
        }));
        sendJson(res, 200, { files });
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/equal-files',
      operationId: 'listEqualFiles',
      tag: 'deposits',
      summary: { zh: '本账户内摘要相同的文件', en: 'Files of your other deposits with the same digest' },
      description: 'A neutral notice, inside one account only.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'At most 200.', mediaType: JSON_TYPE, body: { json: equalSchema } }],
      problems: ['deposit-not-found', 'invalid-parameter'],
      may: 'deposit.list',
      handle: async (req, res, { principal }) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const notFound = () => new DepositError('deposit-not-found', `you have no deposit ${depositId} here`);
        await requireRelation(db.pool, principal, 'deposit.list', { depositId }, now(), notFound);
        const rows = await within(principal, (q) => selectEqualFiles(q, principal.accountId, depositId, MAX_FOUND));
        const equal = rows.map((row) => ({ ...row, otherReceivedAt: utcTimeOf(row.otherReceivedAt.getTime()) }));
        sendJson(res, 200, { equal });
      },
    },
    {
      method: 'get',
      path: '/api/v1/comparison',
      operationId: 'compareFiles',
      tag: 'matters',
      summary: { zh: '原件与涉嫌侵权件比对数据', en: 'Data to compare an original with a suspect file' },
      description: 'Whether the bytes are equal, and for pictures a perceptual distance, which is a hint and says so.',
      parameters: { query: comparisonQuery },
      answers: [{ status: 200, means: 'Both sides.', mediaType: JSON_TYPE, body: { json: comparisonSchema } }],
      problems: ['deposit-not-found', 'deposit-erased', 'not-found', 'invalid-parameter', 'object-corrupt'],
      may: 'deposit.read',
      handle: async (req, res, { principal }) => {
        const {
          original,
          originalFile = '0',
          suspect,
          suspectFile = '0',
        } = parseParameters(comparisonQuery, req.query);
        const a = await sideOf(principal, original, Number(originalFile));
        const b = await sideOf(principal, suspect, Number(suspectFile));
        const hint =
          a.hash === null || b.hash === null
            ? null
            : { method: 'dHash', bits: HASH_BITS, differingBits: hammingDistance(a.hash, b.hash), notice: NOTICE };
        sendJson(res, 200, { original: sideView(a), suspect: sideView(b), isIdentical: a.sha256 === b.sha256, hint });
      },
    },
  ];
}

function sideView<T extends { hash: bigint | null }>({ hash, ...side }: T) {
  return { ...side, dHash: hash === null ? null : hash.toString(16).padStart(HASH_BITS / 4, '0') };
}
