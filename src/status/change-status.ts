import { recordStatus } from '../certificate/record-status.ts';
import { recordCustodyEvent } from '../custody/custodian.ts';
import { selectNewestStatus } from '../db/certificate-statuses.ts';
import { lockCertificateName, selectDepositOfCertificate } from '../db/certificates.ts';
import { notifyLog } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { parseStatusRecord } from '../format/status.ts';
import { StatusError } from './status-error.ts';

/** What the operator says from now on. `by`: number of the certificate in its place. */
export type Standing = { status: 'valid' } | { status: 'withdrawn' } | { status: 'superseded'; by: string };

/**
 * Writes down that a certificate stands differently. One transaction: the row, the submission of its leaf and the
 * custody event; a crash leaves all or nothing, and the sequencer takes the leaf in. Nothing of the certificate changes, and no earlier record goes.
 * @returns the submission to wait for
 * @throws StatusError `certificate-unknown`, also for a successor; `status-unchanged`; FormatError `invalid-field` for the reason
 */
export async function changeStatus(
  db: Database,
  certificateNo: string,
  standing: Standing,
  reason: string,
  nowMs: number,
): Promise<bigint> {
  const submissionId = await db.transaction(async (client) => {
    const numbers = standing.status === 'superseded' ? [certificateNo, standing.by] : [certificateNo];
    const digests = new Map<string, Uint8Array>();
    // In a fixed order, so that two who lock the same pair do not wait for each other.
    for (const no of [...new Set(numbers)].sort()) {
      const name = await lockCertificateName(client, no);
      if (name === undefined) throw new StatusError('certificate-unknown', `there is no certificate ${no}`);
      digests.set(no, name.digest);
    }
    const digest = digests.get(certificateNo) as Uint8Array;
    const successor = standing.status === 'superseded' ? digests.get(standing.by) : undefined;
    const newest = await selectNewestStatus(client, certificateNo);
    if (newest !== undefined && isSame(newest.body, standing.status, successor)) {
      throw new StatusError('status-unchanged', `certificate ${certificateNo} is ${standing.status} already`);
    }
    const change = { certificateNo, digest, status: standing.status, reason, atMs: nowMs };
    const submissionId = await recordStatus(client, { ...change, ...(successor && { successor }) });
    await recordCustodyEvent(client, {
      depositId: await selectDepositOfCertificate(client, certificateNo),
      kind: CUSTODY_KIND[standing.status],
      actor: { accountId: null, userId: null, by: 'operator' },
      at: new Date(nowMs),
      detail: { certificateNo, reason },
    });
    return submissionId;
  });
  await notifyLog(db.pool, 'submission');
  return submissionId;
}

const CUSTODY_KIND = { valid: 'reinstated', withdrawn: 'withdrawn', superseded: 'superseded' } as const;

function isSame(body: Uint8Array, status: Standing['status'], successor: Uint8Array | undefined): boolean {
  const { type } = parseCanonicalJson(body, { maxBytes: body.length, maxDepth: MAX_DEPTH }) as { type: string };
  if (type === 'tiezheng/certified/v1') return status === 'valid';
  const record = parseStatusRecord(body);
  if (record.status !== status) return false;
  return record.status !== 'superseded' || record.successor === encodeHex(successor ?? new Uint8Array());
}
