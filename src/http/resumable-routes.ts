import { Server } from '@tus/server';
import { ERRORS, Metadata } from '@tus/utils';
import type { Request, Response } from 'express';
import { v7 as uuidV7 } from 'uuid';
import * as z from 'zod';
import type { Caller } from '../access/authentication.ts';
import type { Principal } from '../access/rules.ts';
import type { ContentProofOutcome } from '../certificate/content-proof.ts';
import type { Database } from '../db/pool.ts';
import type { UploadRow } from '../db/uploads.ts';
import { CodedError } from '../errors.ts';
import { contentProofSchema } from '../format/content-received.ts';
import { count, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { DepositError } from '../intake/deposit-error.ts';
import { ResumableError } from '../intake/resumable/resumable-error.ts';
import { TusStore } from '../intake/resumable/tus-store.ts';
import { MAX_UPLOAD_METADATA_BYTES, parseUploadMetadata } from '../intake/resumable/upload-metadata.ts';
import type { UploadParts } from '../intake/resumable/upload-parts.ts';
import type { Uploads } from '../intake/resumable/uploads.ts';
import { IntakeError } from '../intake/upload-error.ts';
import { uploadOutcomeSchema } from './answers.ts';
import { HttpError } from './http-error.ts';
import { inviteBody } from './http-server.ts';
import { mediaTypeOf, refuseContentEncoding } from './request-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

export interface ResumableRouteParts {
  db: Database;
  uploads: Uploads;
  parts: UploadParts;
  /** What the log holds of the content of a deposit that the caller may read; rejects with `deposit-not-found` for any other. */
  contentProof: (principal: Principal, depositId: string) => Promise<ContentProofOutcome>;
  /** Of one file. */
  maxFileBytes: number;
  /** Requests that bring bytes, at a time, by this server. */
  maxUploadsAtOnce: number;
  /** Told of failures that the status of the answer does not tell. */
  onFailure: (error: unknown, res: Response) => void;
}

const PATH = '/api/v1/uploads';
const TUS_VERSION = '1.0.0';
const BYTES_TYPE = 'application/offset+octet-stream';
const JSON_TYPE = 'application/json';
/** How long an answer waits for the digests of a large file. */
const FINISH_WAIT_MS = 20_000;
/** A silent connection that holds an upload is given up so long after another one asks for it. */
const LOCK_DRAIN_MS = 3000;

/** More is not listed: an account may have so many open, and a page shows fewer. */
const MAX_LISTED = 1000;

export const openUploadsSchema = z.strictObject({
  uploads: z.array(
    z.strictObject({
      uploadId: uuid,
      depositId: uuid,
      fileIndex: count,
      sizeBytes: count,
      /** So many bytes are durable. */
      offset: count,
      expiresAt: utcTime,
    }),
  ),
});

const ofUpload = z.strictObject({ uploadId: uuid });
const ofDeposit = z.strictObject({ depositId: uuid });
const length = z.string().regex(/^(?:0|[1-9][0-9]{0,15})$/, 'expected a number of bytes');
const tusHeader = { 'Tus-Resumable': z.literal(TUS_VERSION).meta({ description: 'tus.io, protocol 1.0.0.' }) };
const createHeaders = z.strictObject({
  ...tusHeader,
  'Upload-Length': length.meta({ description: 'Exactly what the file entry declares.' }),
  'Upload-Metadata': z.string().min(1).max(MAX_UPLOAD_METADATA_BYTES).meta({
    description:
      '`deposit` (id) and `file` (position from 0), each followed by its value in base64, joined by a comma.',
  }),
});
const patchHeaders = z.strictObject({
  ...tusHeader,
  'Upload-Offset': length.meta({ description: 'Where the body begins: the offset last answered.' }),
});
const plainHeaders = z.strictObject(tusHeader);

/**
 * Content that follows its digests: tus 1.0.0 with creation, creation-with-upload, expiration and termination, and one call of our own
 * that finishes. The protocol is the library's; who may do what, and what a file is, is judged here before the library is asked.
 */
export function resumableRoutes(options: ResumableRouteParts): Route[] {
  const { db, uploads, parts, contentProof, maxFileBytes, maxUploadsAtOnce, onFailure } = options;
  let receivingNow = 0;
  const tus = new Server({
    path: PATH,
    datastore: new TusStore(db, uploads, parts),
    relativeLocation: true,
    respectForwardedHeaders: false,
    allowedOrigins: [],
    maxSize: maxFileBytes,
    namingFunction: () => uuidV7(),
    disableTerminationForFinishedUploads: true,
    lockDrainTimeout: LOCK_DRAIN_MS,
    // Thrown on, so that every refusal is one of this service's problem documents.
    onResponseError: (_req, error) => {
      throw asCodedError(error);
    },
  });

  const handle = async (req: Request, res: Response) => {
    res.set('Tus-Resumable', TUS_VERSION);
    await tus.handle(req, res);
  };
  const receive = async (req: Request, res: Response) => {
    refuseContentEncoding(req);
    if (receivingNow >= maxUploadsAtOnce) {
      throw new HttpError('too-many-uploads', `${receivingNow} uploads are under way, at most ${maxUploadsAtOnce}`, {
        retryAfterSeconds: 10,
      });
    }
    receivingNow++;
    try {
      inviteBody(req, res);
      await handle(req, res);
    } finally {
      receivingNow--;
    }
  };
  /** The caller's upload, if its bytes are still wanted. */
  const openUpload = async (req: Request, res: Response, { account }: Caller): Promise<UploadRow> => {
    const { uploadId } = parseParameters(ofUpload, req.params);
    checkVersion(req, res);
    const upload = await uploads.ofAccount(account.accountId, uploadId);
    if (upload.state !== 'open' && upload.state !== 'received') {
      const because = upload.refusal === null ? '' : `: ${upload.refusal}`;
      throw new ResumableError('upload-ended', `upload ${uploadId} is ${upload.state}${because}`);
    }
    if (upload.offsetBytes < upload.sizeBytes) res.set('Upload-Expires', upload.expiresAt.toUTCString());
    return upload;
  };
  const finishUnheard = (uploadId: string, res: Response) => {
    uploads.finish(uploadId).catch((error: unknown) => {
      if (!(error instanceof ResumableError)) onFailure(error, res);
    });
  };

  return [
    {
      method: 'get',
      path: PATH,
      operationId: 'listOpenUploads',
      tag: 'deposits',
      summary: { zh: '列出未传完的原件', en: 'Uploads that lack bytes' },
      answers: [
        {
          status: 200,
          means: `At most ${MAX_LISTED}, the one first that ends first.`,
          mediaType: JSON_TYPE,
          body: { json: openUploadsSchema },
        },
      ],
      problems: [],
      may: 'upload.write',
      handle: async (_req, res, { account }) => {
        const rows = await uploads.openOf(account.accountId, MAX_LISTED);
        sendJson(res, 200, {
          uploads: rows.map(({ uploadId, depositId, fileIndex, sizeBytes, offsetBytes, expiresAt }) => ({
            ...{ uploadId, depositId, fileIndex, expiresAt: utcTimeOf(expiresAt.getTime()) },
            ...{ sizeBytes: Number(sizeBytes), offset: Number(offsetBytes) },
          })),
        });
      },
    },
    {
      method: 'post',
      path: PATH,
      operationId: 'createUpload',
      tag: 'deposits',
      summary: { zh: '为仅提交摘要的存证续传原件', en: 'Open an upload for a file whose digests are deposited' },
      description:
        'tus 1.0.0, creation. The deposit came before, by its digests; its time is fixed already. Asked again for the same file, the ' +
        'answer is the upload that is open: ask it for its offset. Upload-Metadata may not hold the file name.',
      parameters: { header: createHeaders },
      answers: [{ status: 201, means: '`Location` is where the bytes go.' }],
      problems: [
        'tus-version-unsupported',
        'invalid-parameter',
        'invalid-upload-metadata',
        'deposit-not-found',
        'upload-size-differs',
        'upload-offset-conflict',
        'upload-aborted',
        'unsupported-content-encoding',
        'content-held',
        'file-too-large',
        'too-many-uploads',
        'too-many-open-uploads',
        'open-uploads-too-large',
        'storage-full',
        'storage-failed',
      ],
      may: 'upload.write',
      handle: async (req, res, caller) => {
        checkVersion(req, res);
        for (const name of ['upload-defer-length', 'upload-concat'] as const) {
          if (req.headers[name] !== undefined) throw new HttpError('invalid-parameter', `${name} is not taken`);
        }
        const { 'Upload-Length': size } = parseHeaders(req, createHeaders);
        const target = parseUploadMetadata(metadataOf(req));
        const entry = await uploads.declaredFile(caller.account.accountId, target);
        if (String(entry.sizeBytes) !== size) {
          throw new ResumableError(
            'upload-size-differs',
            `Upload-Length ${size}: the file has ${entry.sizeBytes} bytes`,
          );
        }
        if (entry.sizeBytes > maxFileBytes) {
          throw new IntakeError('file-too-large', `${entry.sizeBytes} bytes, at most ${maxFileBytes} in one file`);
        }
        await receive(req, res);
      },
    },
    {
      method: 'head',
      path: `${PATH}/{uploadId}`,
      operationId: 'getUploadOffset',
      tag: 'deposits',
      summary: { zh: '查询续传进度', en: 'How many bytes of an upload are durable' },
      description: 'tus 1.0.0. There is no GET: what was uploaded is read from the deposit, once it is received.',
      parameters: { path: ofUpload, header: plainHeaders },
      answers: [{ status: 200, means: '`Upload-Offset`: go on from there.' }],
      problems: ['tus-version-unsupported', 'invalid-parameter', 'upload-not-found', 'upload-ended', 'upload-locked'],
      may: 'upload.write',
      handle: async (req, res, caller) => {
        await openUpload(req, res, caller);
        await handle(req, res);
      },
    },
    {
      method: 'patch',
      path: `${PATH}/{uploadId}`,
      operationId: 'continueUpload',
      tag: 'deposits',
      summary: { zh: '续传', en: 'Go on with an upload' },
      description:
        'tus 1.0.0. The offset answered is durable, and may be smaller than what was sent. With the last byte the service begins to ' +
        'read all of it again; finishUpload tells the outcome.',
      parameters: { path: ofUpload, header: patchHeaders },
      bodies: { [BYTES_TYPE]: { bytes: 'content from Upload-Offset on' } },
      answers: [{ status: 204, means: '`Upload-Offset`: so many bytes are durable.' }],
      problems: [
        'tus-version-unsupported',
        'invalid-parameter',
        'unsupported-media-type',
        'unsupported-content-encoding',
        'upload-not-found',
        'upload-ended',
        'upload-offset-conflict',
        'upload-locked',
        'upload-aborted',
        'file-too-large',
        'too-many-uploads',
        'storage-full',
        'storage-failed',
        'commit-unknown',
      ],
      may: 'upload.write',
      handle: async (req, res, caller) => {
        const { uploadId } = await openUpload(req, res, caller);
        if (mediaTypeOf(req) !== BYTES_TYPE) {
          throw new HttpError('unsupported-media-type', `expected a body of type ${BYTES_TYPE}`);
        }
        parseHeaders(req, patchHeaders);
        await receive(req, res);
        finishUnheard(uploadId, res);
      },
    },
    {
      method: 'delete',
      path: `${PATH}/{uploadId}`,
      operationId: 'terminateUpload',
      tag: 'deposits',
      summary: { zh: '放弃续传', en: 'Give up an upload that lacks bytes' },
      description:
        'Its bytes are removed, the deposit stays as it is. One whose bytes are all here cannot be given up.',
      parameters: { path: ofUpload, header: plainHeaders },
      answers: [{ status: 204, means: 'Given up.' }],
      problems: [
        'tus-version-unsupported',
        'invalid-parameter',
        'upload-not-found',
        'upload-ended',
        'upload-complete',
        'upload-locked',
      ],
      may: 'upload.write',
      handle: async (req, res, caller) => {
        await openUpload(req, res, caller);
        await handle(req, res);
      },
    },
    {
      method: 'post',
      path: `${PATH}/{uploadId}/finish`,
      operationId: 'finishUpload',
      tag: 'deposits',
      summary: { zh: '核对并完成续传', en: 'Finish an upload, or learn how it ended' },
      description:
        'The service reads all bytes back from its store and computes both digests. If they are the declared ones, the content is the ' +
        "deposit's and a leaf of the log says so; if not, the bytes are dropped and the deposit stays one of digests. Call it as often " +
        'as you like; nothing depends on it being called.',
      parameters: { path: ofUpload },
      answers: [
        { status: 200, means: 'Received.', mediaType: JSON_TYPE, body: { json: uploadOutcomeSchema } },
        { status: 202, means: 'Still being read.', mediaType: JSON_TYPE, body: { json: uploadOutcomeSchema } },
      ],
      problems: [
        'invalid-parameter',
        'upload-not-found',
        'upload-ended',
        'upload-incomplete',
        'content-differs',
        'storage-full',
        'storage-failed',
        'commit-unknown',
      ],
      may: 'upload.write',
      handle: async (req, res, { account }) => {
        const { uploadId } = parseParameters(ofUpload, req.params);
        await uploads.ofAccount(account.accountId, uploadId);
        const outcome = await uploads.outcome(uploadId, FINISH_WAIT_MS);
        const { state, refusal } = outcome;
        if (refusal === 'content-differs') {
          throw new ResumableError(
            'content-differs',
            `the digests of what arrived are not the ones that deposit ${outcome.depositId} declares for file ${outcome.fileIndex}; ` +
              'its bytes were dropped, and the deposit stays one of digests',
          );
        }
        if (state !== 'received' && state !== 'checking') {
          const because = refusal === null ? '' : `: ${refusal}`;
          throw new ResumableError('upload-ended', `upload ${uploadId} is ${state}${because}`);
        }
        const { depositId, fileIndex } = outcome;
        sendJson(res, state === 'received' ? 200 : 202, { uploadId, depositId, fileIndex, state });
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/content-received.json',
      operationId: 'getContentReceived',
      tag: 'deposits',
      summary: { zh: '下载原件收讫记录及其日志证明', en: 'Proof that the content arrived after its digests' },
      description: 'One record for each file that was uploaded after its digests, each with its place in the log.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'Canonical bytes.', mediaType: JSON_TYPE, body: { json: contentProofSchema } }],
      problems: ['deposit-not-found', 'content-not-received', 'log-pending', 'invalid-parameter'],
      may: 'deposit.read',
      handle: async (req, res, { principal }) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const outcome = await contentProof(principal, depositId);
        if (outcome.state === 'none') {
          throw new ResumableError('content-not-received', `no content of deposit ${depositId} came after its digests`);
        }
        if (outcome.state === 'pending') {
          throw new DepositError('log-pending', `content of deposit ${depositId} is here, but not in the log yet`, {
            depositId,
          });
        }
        res.attachment(`content-received-${depositId}.json`);
        sendBytes(res, 200, JSON_TYPE, outcome.bytes);
      },
    },
    {
      method: 'options',
      path: PATH,
      operationId: 'getUploadProtocol',
      tag: 'deposits',
      summary: { zh: '续传协议版本与扩展', en: 'Version and extensions of the upload protocol' },
      answers: [{ status: 204, means: '`Tus-Version`, `Tus-Extension`, `Tus-Max-Size`.' }],
      problems: [],
      may: 'public',
      handle,
    },
  ];
}

/** @throws ResumableError `tus-version-unsupported` */
function checkVersion(req: Request, res: Response): void {
  res.set('Tus-Resumable', TUS_VERSION);
  if (req.get('tus-resumable') === TUS_VERSION) return;
  res.set('Tus-Version', TUS_VERSION);
  throw new ResumableError('tus-version-unsupported', `expected the header Tus-Resumable: ${TUS_VERSION}`);
}

/** The headers that the schema names. @throws HttpError `invalid-parameter` */
function parseHeaders<T extends z.ZodObject>(req: Request, schema: T): z.infer<T> {
  const given = Object.keys(schema.shape).flatMap((name) => {
    const value = req.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return parseParameters(schema, Object.fromEntries(given)) as z.infer<T>;
}

function metadataOf(req: Request): Record<string, string | null> {
  try {
    return Metadata.parse(req.get('upload-metadata') ?? '') as Record<string, string | null>;
  } catch (cause) {
    throw new ResumableError('invalid-upload-metadata', 'Upload-Metadata: not keys and base64 joined by commas', {
      cause,
    });
  }
}

/** The library throws objects of its own for what the protocol refuses. */
const TUS_ERRORS = new Map<unknown, () => CodedError>([
  [ERRORS.INVALID_OFFSET, () => conflict()],
  [ERRORS.FILE_NOT_FOUND, () => new ResumableError('upload-not-found', 'you have no such upload here')],
  [ERRORS.ERR_SIZE_EXCEEDED, () => new IntakeError('file-too-large', 'the body goes beyond Upload-Length')],
  [ERRORS.ERR_MAX_SIZE_EXCEEDED, () => new IntakeError('file-too-large', 'the file is larger than is taken')],
  [ERRORS.INVALID_TERMINATION, () => new ResumableError('upload-complete', 'all its bytes are here: finish it')],
  [ERRORS.ERR_LOCK_TIMEOUT, () => new ResumableError('upload-locked', 'another request goes on with this upload')],
  [ERRORS.ABORTED, () => new IntakeError('upload-aborted', 'the request broke off; what arrived is kept')],
]);

function conflict(): ResumableError {
  return new ResumableError(
    'upload-offset-conflict',
    'Upload-Offset is not where the upload stands: ask for its offset',
  );
}

function asCodedError(error: unknown): unknown {
  const known = TUS_ERRORS.get(error);
  if (known !== undefined) return known();
  if (error instanceof CodedError || !(error instanceof Error)) return error;
  // Thrown by its own limiter, which is a class and no constant.
  if ((error as { status_code?: unknown }).status_code === ERRORS.ERR_MAX_SIZE_EXCEEDED.status_code) {
    return new IntakeError('file-too-large', 'the body goes beyond Upload-Length', { cause: error });
  }
  return error;
}
