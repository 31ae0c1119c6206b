import type { Queryable } from './pool.ts';

/** A certificate whose leaf is, or will be, in the log, and that is not issued yet. */
export interface CertificateIntent {
  certificateNo: string;
  depositId: string;
  /** SHA-256 over JCS of the certificate without its seals. */
  digest: Buffer;
  /** Canonical bytes of tiezheng/certified/v1. */
  certified: Buffer;
  submissionId: bigint;
  /** Canonical bytes of the certificate without its seals. */
  body: Buffer;
}

/** Rejects with pg's 23505 if the number is taken or the deposit has an open intent. */
export async function insertCertificateIntent(
  q: Queryable,
  intent: Omit<CertificateIntent, 'digest' | 'certified' | 'body'> & {
    digest: Uint8Array;
    certified: Uint8Array;
    body: Uint8Array;
    intendedAt: Date;
  },
): Promise<void> {
  await q.query(
    `insert into certificate_intent (certificate_no, deposit_id, digest, certified, submission_id, body, intended_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      intent.certificateNo,
      intent.depositId,
      intent.digest,
      intent.certified,
      intent.submissionId,
      intent.body,
      intent.intendedAt,
    ],
  );
}

/** The one that still has to be issued. */
export async function selectOpenIntent(q: Queryable, depositId: string): Promise<CertificateIntent | undefined> {
  const { rows } = await q.query<CertificateIntent>(
    `select certificate_no as "certificateNo", deposit_id as "depositId", digest, certified,
            submission_id as "submissionId", body
     from certificate_intent where deposit_id = $1 and ended is null`,
    [depositId],
  );
  return rows[0];
}

/** False if it had ended before. */
export async function updateIntentEnded(
  q: Queryable,
  certificateNo: string,
  ended: 'issued' | 'given-up',
): Promise<boolean> {
  const { rowCount } = await q.query(
    'update certificate_intent set ended = $2, body = null where certificate_no = $1 and ended is null',
    [certificateNo, ended],
  );
  return rowCount === 1;
}
