import { once } from 'node:events';
import type { Request, Response } from 'express';
import { v7 as uuidV7 } from 'uuid';
import * as z from 'zod';
import type { Caller } from '../access/authentication.ts';
import type { PasskeyAssertion } from '../access/passkey-signature.ts';
import { type Statement, statementSchema } from '../format/annex.ts';
import { type PasskeySignature, signedDepositId } from '../format/annex-signature.ts';
import { encodeUtf8 } from '../format/bytes.ts';
import { type BulkLimits, type LineOutcome, receiveLines } from '../intake/bulk-digests.ts';
import { DepositError } from '../intake/deposit-error.ts';
import type { DepositPreviews } from '../intake/deposit-previews.ts';
import {
  checkIdempotencyKey,
  digestDepositSchema,
  MAX_DIGEST_DEPOSIT_BYTES,
  type PasskeySigning,
  parseSignableDeposit,
  parseStatement,
  signableDepositSchema,
} from '../intake/deposit-request.ts';
import type { DepositService, ReceivedDeposit } from '../intake/deposit-service.ts';
import type { UploadReceiver } from '../intake/upload-engine.ts';
import { IntakeError } from '../intake/upload-error.ts';
import { lineAnswerSchema, receivedDepositSchema } from './answers.ts';
import { HttpError } from './http-error.ts';
import { inviteBody } from './http-server.ts';
import { problemOf } from './problem.ts';
import { bodyOf, mediaTypeOf, readBody, readOnBriefly, refuseContentEncoding, refuseLongBody } from './request-body.ts';
import type { Answer, Route } from './route.ts';
import { sendBytes } from './send.ts';

export interface IntakeLimits extends BulkLimits {
  /** Of one multipart request, all files together. */
  maxUploadBytes: number;
  /** Requests whose bodies are being received at a time, by this server. */
  maxUploadsAtOnce: number;
}

export interface IntakeRouteParts {
  deposits: Pick<DepositService, 'receive'>;
  uploads: Pick<UploadReceiver, 'receive' | 'discard'>;
  previews: Pick<DepositPreviews, 'begin'>;
  limits: IntakeLimits;
  /** The assertion of a passkey of this user, as the annex holds it. @throws AccessError `session-needed`, `passkey-refused` */
  passkeySignature: (userId: string | null, assertion: PasskeyAssertion) => Promise<PasskeySignature>;
  /** Told of failures that the status of the answer does not tell. */
  onFailure: (error: unknown, res: Response) => void;
}

const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';

const idempotencyHeader = z.strictObject({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional()
    .meta({
      description:
        'The same key with the same content gives the same deposit: 201 the first time, 200 after. With other content: 409.',
    }),
});
const bulkHeaders = z.strictObject({
  ...idempotencyHeader.shape,
  Prefer: z
    .literal('return=minimal')
    .optional()
    .meta({ description: 'NDJSON only: lines without receipts (RFC 7240).' }),
});
const uploadForm = z.strictObject({
  files: z
    .array(z.string().meta({ format: 'binary' }))
    .min(1)
    .max(100),
  statement: statementSchema.optional().meta({ description: 'One part of application/json. Every field is optional.' }),
});

const received: Answer[] = [
  { status: 201, means: 'Deposited and in the log.', mediaType: JSON_TYPE, body: { json: receivedDepositSchema } },
  {
    status: 200,
    means: 'Deposited before, by the same key.',
    mediaType: JSON_TYPE,
    body: { json: receivedDepositSchema },
  },
];

/** How deposits come in. */
export function intakeRoutes(parts: IntakeRouteParts): Route[] {
  const { deposits, uploads, previews, limits, passkeySignature, onFailure } = parts;
  let uploadsNow = 0;

  const receiveUpload = async (req: Request, res: Response, { account }: Caller) => {
    const idempotencyKey = idempotencyKeyOf(req);
    refuseContentEncoding(req);
    refuseLongBody(req, limits.maxUploadBytes);
    if (uploadsNow >= limits.maxUploadsAtOnce) {
      throw new HttpError(
        'too-many-uploads',
        `${uploadsNow} uploads are under way, at most ${limits.maxUploadsAtOnce}`,
        {
          retryAfterSeconds: 10,
        },
      );
    }
    // The parser hears of an end that comes while it listens, never of one before.
    if (req.destroyed) throw new IntakeError('upload-aborted', 'the connection ended before the upload began');
    uploadsNow++;
    try {
      inviteBody(req, res);
      // Objects are durable from here on, and no row names them until `receive` below has committed.
      const { depositId, files, fields } = await uploads.receive(req, res, uuidV7());
      let statement: Statement;
      try {
        statement = statementOf(fields);
        if (files.length === 0) throw new DepositError('no-files', 'the form has no part "files"');
      } catch (error) {
        // What cannot be deleted now is removed as an orphan at the next start; the caller's mistake is the better answer.
        await uploads.discard(files).catch((failure: unknown) => onFailure(failure, res));
        throw error;
      }
      const content = { digestSource: 'computed' as const, depositId, files };
      const deposit = await deposits.receive({ account, content, statement, idempotencyKey });
      sendReceived(res, deposit);
      if (!deposit.isRepeated) void previews.begin(deposit.depositId);
    } finally {
      uploadsNow--;
    }
  };

  const receiveDigests = async (req: Request, res: Response, { account, principal }: Caller) => {
    const idempotencyKey = idempotencyKeyOf(req);
    const body = await readBody(req, res, MAX_DIGEST_DEPOSIT_BYTES);
    const { files, statement = {}, signed } = parseSignableDeposit(body, MAX_DIGEST_DEPOSIT_BYTES);
    const signing = signed && { ...fixedBy(signed), signed: await passkeySignature(principal.userId, signed) };
    const content = {
      digestSource: 'declared' as const,
      files: files.map((file) => ({ ...file, mediaType: file.mediaType ?? null, sm3: file.sm3 ?? null })),
      signing,
    };
    sendReceived(res, await deposits.receive({ account, content, statement, idempotencyKey }));
  };

  const receiveBulk = async (req: Request, res: Response, { account }: Caller) => {
    const idempotencyKey = idempotencyKeyOf(req);
    refuseContentEncoding(req);
    inviteBody(req, res);
    const isMinimal = /^\s*return\s*=\s*minimal\s*$/i.test(req.get('prefer') ?? '');
    if (isMinimal) res.set('Preference-Applied', 'return=minimal');
    res.status(200).setHeader('Content-Type', LINES_TYPE);
    for await (const outcome of receiveLines(deposits, account, bodyOf(req), idempotencyKey, limits)) {
      if (outcome.error !== undefined) onFailure(outcome.error, res);
      // A client that does not read is a client that does not send: nothing piles up here.
      if (!res.write(lineAnswer(outcome, isMinimal))) await drained(res);
      if (res.destroyed) return;
    }
    // After one line too many there is more to come that nobody wants.
    readOnBriefly(req, res);
    res.end();
  };

  return [
    {
      method: 'post',
      path: '/api/v1/deposits',
      operationId: 'createDeposit',
      tag: 'deposits',
      summary: { zh: '存证:上传文件', en: 'Deposit files' },
      description:
        'Answers when the deposit is durable, in the log and under a signed checkpoint; the receipt carries the proof. ' +
        'A request that breaks off leaves nothing behind.',
      parameters: { header: idempotencyHeader },
      bodies: { 'multipart/form-data': { multipart: uploadForm } },
      answers: received,
      problems: [
        'no-files',
        'too-many-files',
        'empty-file',
        'file-too-large',
        'body-too-large',
        'invalid-file-name',
        'unexpected-field',
        'field-too-large',
        'malformed-upload',
        'invalid-statement',
        'invalid-idempotency-key',
        'idempotency-key-reused',
        'unsupported-media-type',
        'unsupported-content-encoding',
        'too-many-uploads',
        'storage-full',
        'storage-failed',
        'log-pending',
        'commit-unknown',
      ],
      may: 'deposit.create',
      handle: async (req, res, caller) => {
        requireMediaType(req, ['multipart/form-data']);
        await receiveUpload(req, res, caller);
      },
    },
    {
      method: 'post',
      path: '/api/v1/deposits/digests',
      operationId: 'createDigestDeposits',
      tag: 'deposits',
      summary: { zh: '存证:仅提交摘要', en: 'Deposit digests; the content stays with you' },
      description:
        'application/json is one deposit. application/x-ndjson is one deposit a line, answered line by line and in order ' +
        `(at most ${limits.maxLines} lines of ${limits.maxLineBytes} bytes): read the answer while you send. A line that is wrong ` +
        'answers its problem and the others go on. Digests are recorded as declared: the service has not seen the content. ' +
        'One deposit may be signed by a passkey of the caller: he chooses its salts, and signs before he sends (docs/formats/annexes.md).',
      parameters: { header: bulkHeaders },
      bodies: { [JSON_TYPE]: { json: signableDepositSchema }, [LINES_TYPE]: { lines: digestDepositSchema } },
      answers: [
        ...received,
        { status: 200, means: 'One line per deposit.', mediaType: LINES_TYPE, body: { lines: lineAnswerSchema } },
      ],
      problems: [
        'no-files',
        'too-many-files',
        'empty-file',
        'body-too-large',
        'invalid-file-name',
        'invalid-digest-deposit',
        'signature-refused',
        'passkey-refused',
        'session-needed',
        'invalid-idempotency-key',
        'idempotency-key-reused',
        'unsupported-media-type',
        'unsupported-content-encoding',
        'line-too-long',
        'too-many-lines',
        'log-pending',
        'commit-unknown',
      ],
      may: 'deposit.create',
      handle: async (req, res, caller) => {
        requireMediaType(req, [JSON_TYPE, LINES_TYPE]);
        if (mediaTypeOf(req) === JSON_TYPE) await receiveDigests(req, res, caller);
        else await receiveBulk(req, res, caller);
      },
    },
  ];
}

function requireMediaType(req: Request, taken: string[]): void {
  const found = mediaTypeOf(req);
  if (taken.includes(found)) return;
  throw new HttpError(
    'unsupported-media-type',
    `Content-Type ${JSON.stringify(found.slice(0, 80))}, expected ${taken.join(' or ')}`,
  );
}

function statementOf(fields: ReadonlyMap<string, string>): Statement {
  // A part "files" without a file name arrives as a field.
  if (fields.has('files')) throw new IntakeError('invalid-file-name', 'a part "files" has no file name');
  for (const name of fields.keys()) {
    if (name !== 'statement') {
      throw new IntakeError(
        'unexpected-field',
        `the field ${JSON.stringify(name.slice(0, 80))}; "statement" and "files" are known`,
      );
    }
  }
  const statement = fields.get('statement');
  return statement === undefined ? {} : parseStatement(encodeUtf8(statement));
}

/** What the depositor chose, beside the signature itself. */
function fixedBy({ chosenAt, entrySalts, nameSalts, statementSalt }: PasskeySigning) {
  return { depositId: signedDepositId(chosenAt, statementSalt), entrySalts, nameSalts, statementSalt };
}

function idempotencyKeyOf(req: Request): string | null {
  const key = req.get('idempotency-key');
  if (key === undefined) return null;
  checkIdempotencyKey(key);
  return key;
}

function sendReceived(res: Response, deposit: ReceivedDeposit): void {
  res.set('Location', `/api/v1/deposits/${deposit.depositId}`);
  sendBytes(res, deposit.isRepeated ? 200 : 201, JSON_TYPE, Buffer.from(`{${receivedMembers(deposit)}}`));
}

/** The receipt is canonical JSON already: it goes into the answer byte for byte. */
function receivedMembers({ depositId, leafIndex, receipt }: ReceivedDeposit): string {
  return `"depositId":"${depositId}","leafIndex":${leafIndex},"receipt":${Buffer.from(receipt).toString('utf8')}`;
}

function lineAnswer(outcome: LineOutcome, isMinimal: boolean): string {
  const { line, received: deposit, error } = outcome;
  if (deposit === undefined) return `${JSON.stringify({ line, problem: problemOf(error).problem })}\n`;
  const { depositId, leafIndex } = deposit;
  if (isMinimal) return `${JSON.stringify({ line, depositId, leafIndex: Number(leafIndex) })}\n`;
  return `{"line":${line},${receivedMembers(deposit)}}\n`;
}

/** Resolves when the client has taken what was written, or has gone. */
async function drained(res: Response): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race([once(res, 'drain', { signal }), once(res, 'close', { signal })]);
  } finally {
    // The other one must not stay behind for every line.
    settled.abort();
  }
}
