import { Writable } from 'node:stream';
import type { Request, Response } from 'express';
import * as z from 'zod';
import type { Caller } from '../access/authentication.ts';
import type { Action } from '../access/rules.ts';
import { CALENDAR_ALARMS } from '../calendar/calendar-worker.ts';
import { beijingTime } from '../certificate/paper-time.ts';
import { selectOpenAlarms } from '../db/alarms.ts';
import { type CertificateBytes, type CertificateRow, selectCertificateOfDeposit } from '../db/certificates.ts';
import { type DepositProgress, selectDepositProgress, selectDepositProgressOfAccount } from '../db/deposit-progress.ts';
import { selectAnnexes, selectFileEntries, selectRecord } from '../db/deposits.ts';
import { selectIsTradeSecret } from '../db/grants.ts';
import { type ObjectKey, selectObjectKey, selectObjectKeysOfDeposit } from '../db/objects.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { type Fence, fenced, readWithin } from '../db/row-security.ts';
import { selectNewestUploadsOfDeposit } from '../db/uploads.ts';
import { encodeHex } from '../format/bytes.ts';
import { certificateSchema } from '../format/certificate.ts';
import { fileNameSchema, MAX_FILES } from '../format/deposit.ts';
import { parseObject, uuid } from '../format/fields.ts';
import { receiptSchema } from '../format/receipt.ts';
import { DepositError } from '../intake/deposit-error.ts';
import type { DepositPreviews } from '../intake/deposit-previews.ts';
import type { DepositService } from '../intake/deposit-service.ts';
import { RECORDS_LOST } from '../log/log-error.ts';
import { ARCHIVE_ALARMS } from '../renewal/archive-worker.ts';
import { allowedOn, requireRelation } from '../sharing/grants.ts';
import { readerOfPreview } from '../sharing/preview-reader.ts';
import { watermarked } from '../sharing/watermark.ts';
import { type ContentVault, openStored, originalObjectName, previewObjectName } from '../storage/stored-content.ts';
import { AUTHORITY_ALARMS } from '../timestamp/stamping-worker.ts';
import { DEPOSIT_ACTS, depositDetailSchema, depositListSchema } from './answers.ts';
import { custodyNotes } from './custody-note.ts';
import { type AnchoringChain, depositDetail, depositSummary } from './deposit-view.ts';
import { HttpError } from './http-error.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendHandedIn, sendJson, sendPicture } from './send.ts';

export interface DepositRouteParts {
  db: Database;
  vault: ContentVault;
  deposits: Pick<DepositService, 'receipt'>;
  previews: Pick<DepositPreviews, 'preview'>;
  /** Codes of what keeps anchoring waiting now; none if it goes on. */
  anchoringTrouble: () => readonly string[];
  /** Every chain that the log is anchored on. */
  chains: () => readonly AnchoringChain[];
  /**
   * Streams the filing package of a certified deposit, a ZIP, and closes the sink. Rejects before the first byte, or aborts it.
   * @param seen what the caller sees: all that the package tells of the deposit is read there. So for the files below
   * @param actors whether the custody file in it says who acted: for the depositor it does
   */
  writePackage: (
    seen: Queryable,
    depositId: string,
    sink: WritableStream<Uint8Array>,
    actors: 'opened' | 'closed',
  ) => Promise<void>;
  /** The `.ots` of one file; undefined until a calendar has stamped a publication that covers it. */
  fileProof: (seen: Queryable, depositId: string, fileIndex: number) => Promise<Uint8Array | undefined>;
  /** The `.ers` of one file, or of all together if null; undefined until an authority has stamped the tree that holds it. */
  evidenceRecord: (seen: Queryable, depositId: string, fileIndex: number | null) => Promise<Uint8Array | undefined>;
  /** The `.tlog-proof` of one leaf; undefined before the first publication that covers it. */
  leafProof: (leafIndex: bigint) => Promise<Uint8Array | undefined>;
  nowMs: () => number;
}

const LIST_LIMIT = 100;
const ofDeposit = z.strictObject({ depositId: uuid });
const ofFile = z.strictObject({
  depositId: uuid,
  fileIndex: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,3})$/, `expected a number from 0 to ${MAX_FILES - 1}`)
    .meta({ description: 'Position of the file in the deposit, from 0.' }),
});
const listQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^(?:[1-9][0-9]?|100)$/, `expected a number from 1 to ${LIST_LIMIT}`)
    .optional()
    .meta({ description: `1 to ${LIST_LIMIT}; 50 if left out.` }),
  before: uuid.optional().meta({ description: '`next` of the page before.' }),
});

const JSON_TYPE = 'application/json';
const PDF_TYPE = 'application/pdf';
const ZIP_TYPE = 'application/zip';
const TEXT_TYPE = 'text/plain; charset=utf-8';
/** RFC 4998 registers no media type. */
const ERS_TYPE = 'application/octet-stream';
const OTS_TYPE = 'application/vnd.opentimestamps.ots';

const NO_RECORD = 'no authority has stamped a tree yet that holds this deposit';

/** What a depositor sees of his deposits. Another's deposit answers as one that never was. */
export function depositRoutes(parts: DepositRouteParts): Route[] {
  const {
    db,
    vault,
    deposits,
    previews,
    writePackage,
    fileProof,
    evidenceRecord,
    leafProof,
    anchoringTrouble,
    chains,
  } = parts;

  const note = custodyNotes(db, parts.nowMs);

  /** The deposit as far as the caller may do this with it, and the fence within which all of it is read: in one go, or bit by bit in `seen`. */
  const openDeposit = async (
    { principal }: Caller,
    action: Action,
    depositId: string,
  ): Promise<{ progress: DepositProgress; fence: Fence; seen: Queryable; relation: 'own' | 'granted' }> => {
    const at = new Date(parts.nowMs());
    // Asked of what is missing and of what is another's alike, so that neither answer nor time tells them apart.
    const lost = (await selectOpenAlarms(db.pool)).filter(({ code }) => code === RECORDS_LOST);
    const relation = await requireRelation(db.pool, principal, action, { depositId }, at, () =>
      noDeposit(depositId, lost),
    );
    const fence: Fence = { ...principal, at };
    const progress = await readWithin(db, fence, (q) => selectDepositProgress(q, depositId));
    if (progress === undefined) throw noDeposit(depositId, lost);
    return { progress, fence, seen: fenced(db, fence), relation };
  };
  /** As `openDeposit`, for what an erasure takes away. */
  const openContent = async (caller: Caller, action: Action, depositId: string) => {
    const opened = await openDeposit(caller, action, depositId);
    if (opened.progress.fileCount === 0) {
      throw new DepositError('deposit-erased', `what deposit ${depositId} says was erased`);
    }
    return opened;
  };
  /** The file whose proof is asked for, if it is there and the caller may have it. */
  const openProvedFile = async (req: Request, caller: Caller) => {
    const { depositId, fileIndex } = parseParameters(ofFile, req.params);
    const { progress, seen } = await openContent(caller, 'certificate.read', depositId);
    const { fileCount } = progress;
    const index = Number(fileIndex);
    if (index >= fileCount) throw new HttpError('not-found', `file ${index}: the deposit has ${fileCount}`);
    return { seen, depositId, index };
  };
  /** What holds deposits up: open alarms, and what keeps anchoring from going on that is no alarm yet, such as a chain that is away. */
  const alarmCodes = async () => {
    // Records that are lost hold up nothing that is here, and calendars and timestamp authorities nothing at all.
    const others: readonly string[] = [RECORDS_LOST, ...CALENDAR_ALARMS, ...AUTHORITY_ALARMS, ...ARCHIVE_ALARMS];
    const open = (await selectOpenAlarms(db.pool)).filter(({ code }) => !others.includes(code));
    const codes = open.map((alarm) => alarm.code);
    return [...new Set([...codes, ...anchoringTrouble()])];
  };

  const certificateOf = async (
    caller: Caller,
    action: Action,
    depositId: string,
  ): Promise<
    Pick<CertificateRow, 'certificateNo'> & CertificateBytes & { seen: Queryable; relation: 'own' | 'granted' }
  > => {
    const { progress, seen, relation } = await openContent(caller, action, depositId);
    const certificate = await selectCertificateOfDeposit(seen, depositId);
    if (certificate !== undefined) {
      const { certificateNo, bytes } = certificate;
      if (bytes === null) throw new DepositError('deposit-erased', `what deposit ${depositId} says was erased`);
      return { certificateNo, ...bytes, seen, relation };
    }
    const { state, pending } = depositSummary(progress, await alarmCodes(), chains());
    const alarms = pending?.alarms ?? [];
    const because = alarms.length > 0 ? `; open alarms: ${alarms.join(', ')}` : '';
    throw new HttpError('certificate-pending', `the deposit is ${state} and awaits ${pending?.awaits}${because}`, {
      members: { state, pending },
    });
  };

  const sendStored = async (
    req: Request,
    res: Response,
    object: ObjectKey,
    file: { fileName: string; disposition: 'attachment' | 'inline' },
  ) => {
    await sendHandedIn(req, res, {
      ...file,
      mediaType: object.mediaType,
      sizeBytes: Number(object.sizeBytes),
      sha256: encodeHex(object.sha256),
      open: (range) => openStored(vault, object, objectNameOf(object), range),
    });
  };

  return [
    {
      method: 'get',
      path: '/api/v1/deposits',
      operationId: 'listDeposits',
      tag: 'deposits',
      summary: { zh: '列出本账户的存证', en: 'List your deposits' },
      parameters: { query: listQuery },
      answers: [{ status: 200, means: 'A page.', mediaType: JSON_TYPE, body: { json: depositListSchema } }],
      problems: ['invalid-parameter'],
      may: 'deposit.list',
      handle: async (req, res, { account }) => {
        const { limit = '50', before = null } = parseParameters(listQuery, req.query);
        const { accountId } = account;
        const rows = await readWithin(db, { accountId, at: new Date(parts.nowMs()) }, (q) =>
          selectDepositProgressOfAccount(q, accountId, Number(limit) + 1, before),
        );
        const alarms = await alarmCodes();
        const page = rows.slice(0, Number(limit));
        const next = rows.length > page.length ? (page.at(-1)?.depositId ?? null) : null;
        sendJson(res, 200, { deposits: page.map((row) => depositSummary(row, alarms, chains())), next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}',
      operationId: 'getDeposit',
      tag: 'deposits',
      summary: { zh: '查看存证及其进度', en: 'One deposit and how far it has come' },
      parameters: { path: ofDeposit },
      answers: [
        { status: 200, means: 'The deposit, opened.', mediaType: JSON_TYPE, body: { json: depositDetailSchema } },
      ],
      problems: ['deposit-not-found', 'deposit-erased', 'invalid-parameter'],
      may: 'deposit.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { progress, fence, relation } = await openContent(caller, 'deposit.read', depositId);
        const isTradeSecret = await selectIsTradeSecret(db.pool, depositId);
        const may = await allowedOn(db.pool, caller.principal, { depositId }, DEPOSIT_ACTS, fence.at);
        await note(req, caller, { depositId, kind: 'viewed', detail: { what: 'deposit' } });
        const { record, annexes, entries, objects, uploads } = await readWithin(db, fence, async (q) => ({
          record: await selectRecord(q, depositId),
          annexes: await selectAnnexes(q, depositId),
          entries: await selectFileEntries(q, depositId),
          objects: await selectObjectKeysOfDeposit(q, depositId),
          uploads: await selectNewestUploadsOfDeposit(q, depositId),
        }));
        const alarms = await alarmCodes();
        const [depositor, statement, signature] = ['depositor', 'statement', 'signature'].map(
          (name) => annexes.find((annex) => annex.name === name)?.body,
        );
        if (record === undefined || depositor === undefined || statement === undefined) {
          throw new DepositError('deposit-erased', `what deposit ${depositId} says was erased`);
        }
        const summary = depositSummary(progress, alarms, chains());
        sendJson(
          res,
          200,
          depositDetail(
            summary,
            { relation, may, isTradeSecret },
            { record, depositor, statement, signature, entries, objects, uploads },
          ),
        );
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/receipt.json',
      operationId: 'getReceipt',
      tag: 'deposits',
      summary: { zh: '下载存证回执', en: 'Receipt' },
      description: 'Made again on request: its seal differs each time, all that it seals does not.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'Canonical bytes.', mediaType: JSON_TYPE, body: { json: receiptSchema } }],
      problems: ['deposit-not-found', 'deposit-erased', 'log-pending', 'invalid-parameter'],
      may: 'deposit.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { seen } = await openContent(caller, 'deposit.read', depositId);
        const { receipt } = await deposits.receipt(seen, depositId);
        await note(req, caller, { depositId, kind: 'downloaded', detail: { what: 'receipt' } });
        res.attachment(`receipt-${depositId}.json`);
        sendBytes(res, 200, JSON_TYPE, receipt);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/certificate.json',
      operationId: 'getCertificate',
      tag: 'deposits',
      summary: { zh: '下载存证证书(数据)', en: 'Certificate as data' },
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'Canonical bytes.', mediaType: JSON_TYPE, body: { json: certificateSchema } }],
      problems: ['deposit-not-found', 'deposit-erased', 'certificate-pending', 'invalid-parameter'],
      may: 'certificate.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const certificate = await certificateOf(caller, 'certificate.read', depositId);
        const { certificateNo } = certificate;
        const detail = { what: 'certificate', format: 'json', certificateNo };
        await note(req, caller, { depositId, kind: 'downloaded', detail });
        res.attachment(`${certificate.certificateNo}.json`);
        sendBytes(res, 200, JSON_TYPE, certificate.json);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/certificate.pdf',
      operationId: 'getCertificatePdf',
      tag: 'deposits',
      summary: { zh: '下载存证证书(PDF)', en: 'Certificate as PDF' },
      parameters: { path: ofDeposit },
      answers: [
        { status: 200, means: 'A signed PDF with the data in it.', mediaType: PDF_TYPE, body: { bytes: 'PDF' } },
      ],
      problems: ['deposit-not-found', 'deposit-erased', 'certificate-pending', 'invalid-parameter'],
      may: 'certificate.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const certificate = await certificateOf(caller, 'certificate.read', depositId);
        const { certificateNo } = certificate;
        const detail = { what: 'certificate', format: 'pdf', certificateNo };
        await note(req, caller, { depositId, kind: 'downloaded', detail });
        res.attachment(`${certificate.certificateNo}.pdf`);
        sendBytes(res, 200, PDF_TYPE, certificate.pdf);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/package.zip',
      operationId: 'getPackage',
      tag: 'deposits',
      summary: { zh: '下载维权材料包', en: 'Filing package' },
      description:
        'BagIt in a ZIP: certificate, originals that are held, proofs, verifier, guide. Who acted is opened in its custody file for the depositor alone.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'The package, as it is made.', mediaType: ZIP_TYPE, body: { bytes: 'ZIP' } }],
      problems: [
        'deposit-not-found',
        'deposit-erased',
        'certificate-pending',
        'invalid-parameter',
        'object-not-found',
        'object-corrupt',
      ],
      may: 'deposit.export',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { certificateNo, seen, relation } = await certificateOf(caller, 'deposit.export', depositId);
        await note(req, caller, { depositId, kind: 'exported', detail: { what: 'package', certificateNo } });
        res.attachment(`${certificateNo}.zip`).type(ZIP_TYPE);
        if (req.method === 'HEAD') res.end();
        else {
          // Readers of what was granted to them learn what was done with it and when, not by whom.
          const actors = relation === 'own' ? 'opened' : 'closed';
          await writePackage(seen, depositId, Writable.toWeb(res) as WritableStream<Uint8Array>, actors);
        }
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/proof.tlog-proof',
      operationId: 'getLogProof',
      tag: 'deposits',
      summary: { zh: '下载日志包含证明', en: 'Proof that the log holds the deposit' },
      description:
        'c2sp.org/tlog-proof: inclusion in a published checkpoint, with the cosignatures of witnesses. The extra data is the leaf data.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'A .tlog-proof file.', mediaType: TEXT_TYPE, body: { bytes: 'tlog-proof' } }],
      problems: ['deposit-not-found', 'publication-pending', 'invalid-parameter'],
      may: 'certificate.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const {
          progress: { leafIndex },
        } = await openDeposit(caller, 'certificate.read', depositId);
        const proof = leafIndex === null ? undefined : await leafProof(leafIndex);
        if (proof === undefined) {
          const codes = await alarmCodes();
          const because = codes.length > 0 ? `; held up by: ${codes.join(', ')}` : '';
          throw new HttpError(
            'publication-pending',
            `no checkpoint that covers the deposit is published yet${because}`,
          );
        }
        res.attachment(`${depositId}.tlog-proof`);
        sendBytes(res, 200, TEXT_TYPE, proof);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/files/{fileIndex}',
      operationId: 'getFile',
      tag: 'deposits',
      summary: { zh: '下载原件', en: 'An original, byte for byte' },
      description: 'One byte range is honoured; the entity tag is the SHA-256. Always to be saved, never shown.',
      parameters: { path: ofFile },
      answers: [
        { status: 200, means: 'The file.', mediaType: '*/*', body: { bytes: 'the original' } },
        { status: 206, means: 'The range asked for.', mediaType: '*/*', body: { bytes: 'a range of the original' } },
      ],
      problems: [
        'deposit-not-found',
        'deposit-erased',
        'original-not-held',
        'range-not-satisfiable',
        'invalid-parameter',
        'object-corrupt',
      ],
      may: 'deposit.download',
      handle: async (req, res, caller) => {
        const { depositId, fileIndex } = parseParameters(ofFile, req.params);
        const { fence } = await openContent(caller, 'deposit.download', depositId);
        const index = Number(fileIndex);
        const { object, entries } = await readWithin(db, fence, async (q) => ({
          object: await selectObjectKey(q, depositId, index, 'original'),
          entries: await selectFileEntries(q, depositId),
        }));
        const entry = entries.find((row) => row.fileIndex === index);
        if (object === undefined || entry === undefined) {
          throw new HttpError('original-not-held', `the original of file ${index} is not held here`);
        }
        await note(req, caller, { depositId, kind: 'downloaded', detail: { what: 'original', file: fileIndex } });
        const { name } = parseObject(fileNameSchema, 'tiezheng/file-name/v1', entry.nameBody, 4096);
        await sendStored(req, res, object, { fileName: name, disposition: 'attachment' });
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/files/{fileIndex}/proof.ots',
      operationId: 'getFileProof',
      tag: 'deposits',
      summary: { zh: '下载文件的 OpenTimestamps 证明', en: 'OpenTimestamps proof of a file' },
      description:
        "From the original's SHA-256 to what calendars have said so far. Any OpenTimestamps client reads it, and completes it if it is still pending.",
      parameters: { path: ofFile },
      answers: [{ status: 200, means: 'A .ots file.', mediaType: OTS_TYPE, body: { bytes: 'DetachedTimestampFile' } }],
      problems: ['deposit-not-found', 'deposit-erased', 'not-found', 'file-proof-pending', 'invalid-parameter'],
      may: 'certificate.read',
      handle: async (req, res, caller) => {
        const { seen, depositId, index } = await openProvedFile(req, caller);
        const proof = await fileProof(seen, depositId, index);
        if (proof === undefined) {
          throw new HttpError(
            'file-proof-pending',
            'no calendar has stamped a checkpoint yet that covers this deposit',
          );
        }
        res.attachment(`file-${index + 1}.ots`);
        sendBytes(res, 200, OTS_TYPE, proof);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/files/{fileIndex}/proof.ers',
      operationId: 'getFileEvidenceRecord',
      tag: 'deposits',
      summary: { zh: '下载文件的证据记录（RFC 4998）', en: 'Evidence record of a file (RFC 4998)' },
      description: 'Its timestamps with every renewal so far. Any RFC 4998 implementation reads it.',
      parameters: { path: ofFile },
      answers: [{ status: 200, means: 'A .ers file.', mediaType: ERS_TYPE, body: { bytes: 'EvidenceRecord' } }],
      problems: ['deposit-not-found', 'deposit-erased', 'not-found', 'file-proof-pending', 'invalid-parameter'],
      may: 'certificate.read',
      handle: async (req, res, caller) => {
        const { seen, depositId, index } = await openProvedFile(req, caller);
        const record = await evidenceRecord(seen, depositId, index);
        if (record === undefined) throw new HttpError('file-proof-pending', NO_RECORD);
        res.attachment(`file-${index + 1}.ers`);
        sendBytes(res, 200, ERS_TYPE, record);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/proof.ers',
      operationId: 'getEvidenceRecord',
      tag: 'deposits',
      summary: { zh: '下载全部文件的证据记录（RFC 4998）', en: 'Evidence record of all files together (RFC 4998)' },
      description: 'A data object group: also shows that these files, and no others, were handed in together.',
      parameters: { path: ofDeposit },
      answers: [{ status: 200, means: 'A .ers file.', mediaType: ERS_TYPE, body: { bytes: 'EvidenceRecord' } }],
      problems: ['deposit-not-found', 'deposit-erased', 'file-proof-pending', 'invalid-parameter'],
      may: 'certificate.read',
      handle: async (req, res, caller) => {
        const { depositId } = parseParameters(ofDeposit, req.params);
        const { seen } = await openContent(caller, 'certificate.read', depositId);
        const record = await evidenceRecord(seen, depositId, null);
        if (record === undefined) throw new HttpError('file-proof-pending', NO_RECORD);
        res.attachment(`${depositId}.ers`);
        sendBytes(res, 200, ERS_TYPE, record);
      },
    },
    {
      method: 'get',
      path: '/api/v1/deposits/{depositId}/files/{fileIndex}/preview',
      operationId: 'getPreview',
      tag: 'deposits',
      summary: { zh: '图片预览', en: 'Preview of an image' },
      description:
        'A derivative made by this service, with digests of its own; never the evidence itself. Readers of what belongs to another see it with ' +
        'their name and the time across it. There is none of a trade secret.',
      parameters: { path: ofFile },
      answers: [{ status: 200, means: 'A picture.', mediaType: 'image/*', body: { bytes: 'the preview' } }],
      problems: [
        'deposit-not-found',
        'deposit-erased',
        'preview-not-held',
        'range-not-satisfiable',
        'invalid-parameter',
        'object-corrupt',
      ],
      may: 'deposit.read',
      handle: async (req, res, caller) => {
        const { depositId, fileIndex } = parseParameters(ofFile, req.params);
        const { seen } = await openContent(caller, 'deposit.read', depositId);
        // No picture of a trade secret, not even for its owner: he has the file.
        const isSecret = await selectIsTradeSecret(db.pool, depositId);
        const object = isSecret ? undefined : await previews.preview(seen, depositId, Number(fileIndex));
        if (object === undefined) throw new HttpError('preview-not-held', `file ${fileIndex} has no preview`);
        await note(req, caller, { depositId, kind: 'viewed', detail: { what: 'preview', file: fileIndex } });
        const reader = await readerOfPreview(db.pool, caller.principal, depositId);
        if (reader === null) {
          await sendStored(req, res, object, { fileName: 'preview', disposition: 'inline' });
          return;
        }
        const range = { start: 0, end: Number(object.sizeBytes) };
        const content = await openStored(vault, object, objectNameOf(object), range);
        const picture = Buffer.concat(await content.toArray());
        const marked = await watermarked(picture, `${reader} ${beijingTime(parts.nowMs(), 'seconds')}`);
        sendPicture(res, object.mediaType, marked);
      },
    },
  ];
}

/** "You have none" would be untrue if the database has forgotten it. */
function noDeposit(depositId: string, lost: readonly { subject: string }[]): DepositError {
  const forgotten = lost
    .map(({ subject }) => `; the database was restored and lost the records of ${subject}`)
    .join('');
  const advice = lost.length > 0 ? '. If you hold a receipt for it, that receipt stays valid' : '';
  return new DepositError('deposit-not-found', `you have no deposit ${depositId} here${forgotten}${advice}`);
}

/** The name it was sealed under. */
function objectNameOf({ depositId, fileIndex, role }: ObjectKey): string {
  return role === 'original' ? originalObjectName(depositId, fileIndex) : previewObjectName(depositId, fileIndex);
}
