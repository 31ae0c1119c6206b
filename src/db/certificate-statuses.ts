import type { CertificateStatus } from '../format/status.ts';
import type { Queryable } from './pool.ts';

/** A record about a certificate, and its place in the log. */
export interface StatusRow {
  /** Canonical bytes of tiezheng/status/v1, or of tiezheng/certified/v1. */
  body: Buffer;
  submissionId: bigint;
  /** Null until the leaf is in the tree. */
  leafIndex: bigint | null;
}

export async function insertCertificateStatus(
  q: Queryable,
  row: { submissionId: bigint; certificateNo: string; status: CertificateStatus; body: Uint8Array; at: Date },
): Promise<void> {
  await q.query(
    `insert into certificate_status (submission_id, certificate_no, status, body, recorded_at)
     values ($1, $2, $3, $4, $5)`,
    [row.submissionId, row.certificateNo, row.status, row.body, row.at],
  );
}

/** The newest record about a certificate: its latest status, else that of its issue. Undefined if there is neither. */
export async function selectNewestStatus(q: Queryable, certificateNo: string): Promise<StatusRow | undefined> {
  const { rows } = await q.query<StatusRow>(
    `select r.body, r.submission_id as "submissionId", s.leaf_index as "leafIndex"
     from (select body, submission_id, 1 as rank from certificate_status where certificate_no = $1
           union all
           select certified, submission_id, 0 from certificate_intent where certificate_no = $1) r
     join submission s using (submission_id)
     order by r.rank desc, r.submission_id desc limit 1`,
    [certificateNo],
  );
  return rows[0];
}
