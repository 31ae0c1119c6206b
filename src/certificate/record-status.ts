import { randomBytes } from 'node:crypto';
import { insertCertificateStatus } from '../db/certificate-statuses.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { checkFields, utcTimeOf } from '../format/fields.ts';
import { type CertificateStatus, type StatusRecord, statusRecordSchema } from '../format/status.ts';
import { appendRecord } from '../log/append-record.ts';

export interface StatusChange {
  certificateNo: string;
  /** Digest of the certificate without its seals. */
  digest: Uint8Array;
  status: CertificateStatus;
  /** Digest of the certificate in its place: only, and always, where `status` is `superseded`. */
  successor?: Uint8Array;
  reason: string;
  atMs: number;
}

/**
 * Writes down how a certificate stands and hands the leaf in, in the caller's transaction. Of two records the later submission is
 * the newer one, so callers that may race lock the certificate's row first.
 * @returns the submission to wait for after the commit
 * @throws FormatError `invalid-field` if the reason is no reason code
 */
export async function recordStatus(q: Queryable, change: StatusChange): Promise<bigint> {
  const record: StatusRecord = checkFields(statusRecordSchema, {
    type: 'tiezheng/status/v1',
    certificateNo: change.certificateNo,
    certificate: encodeHex(change.digest),
    status: change.status,
    ...(change.successor && { successor: encodeHex(change.successor) }),
    since: utcTimeOf(change.atMs),
    reason: change.reason,
    salt: encodeHex(randomBytes(32)),
  });
  const { submissionId, body } = await appendRecord(q, record);
  const { certificateNo, status } = record;
  await insertCertificateStatus(q, { submissionId, certificateNo, status, body, at: new Date(change.atMs) });
  return submissionId;
}
