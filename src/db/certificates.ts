import type { Queryable } from './pool.ts';

export interface CertificateRow {
  certificateNo: string;
  depositId: string;
  /** SHA-256 over JCS of the certificate without its seals: its name everywhere. */
  digest: Buffer;
  issuedAt: Date;
  /** The certificate itself; null once its deposit was erased. */
  bytes: CertificateBytes | null;
}

export interface CertificateBytes {
  /** Canonical bytes of tiezheng/certificate/v1. */
  json: Buffer;
  pdf: Buffer;
}

interface Row extends Omit<CertificateRow, 'bytes'> {
  json: Buffer | null;
  pdf: Buffer | null;
}

const COLUMNS =
  'certificate_no as "certificateNo", deposit_id as "depositId", digest, issued_at as "issuedAt", json, pdf';

/** Rejects with pg's 23505 if number or digest are taken. */
export async function insertCertificate(
  q: Queryable,
  certificate: {
    certificateNo: string;
    depositId: string;
    digest: Uint8Array;
    issuedAt: Date;
    json: Uint8Array;
    pdf: Uint8Array;
  },
): Promise<void> {
  await q.query(
    'insert into certificate (certificate_no, deposit_id, digest, issued_at, json, pdf) values ($1, $2, $3, $4, $5, $6)',
    [
      certificate.certificateNo,
      certificate.depositId,
      certificate.digest,
      certificate.issuedAt,
      certificate.json,
      certificate.pdf,
    ],
  );
}

export async function selectCertificate(q: Queryable, certificateNo: string): Promise<CertificateRow | undefined> {
  const { rows } = await q.query<Row>(`select ${COLUMNS} from certificate where certificate_no = $1`, [certificateNo]);
  return rows[0] && asCertificate(rows[0]);
}

/** The newest one of the deposit. */
export async function selectCertificateOfDeposit(q: Queryable, depositId: string): Promise<CertificateRow | undefined> {
  const { rows } = await q.query<Row>(
    `select ${COLUMNS} from certificate where deposit_id = $1 order by issued_at desc limit 1`,
    [depositId],
  );
  return rows[0] && asCertificate(rows[0]);
}

function asCertificate({ json, pdf, ...rest }: Row): CertificateRow {
  return { ...rest, bytes: json === null || pdf === null ? null : { json, pdf } };
}

/** Deposits that a final anchor covers and that have no certificate, in the order of their leaves. */
export async function selectUncertifiedDeposits(
  q: Queryable,
  limit: number,
): Promise<{ depositId: string; leafIndex: bigint }[]> {
  const { rows } = await q.query<{ depositId: string; leafIndex: bigint }>(
    `select d.deposit_id as "depositId", s.leaf_index as "leafIndex"
     from deposit d join submission s using (submission_id)
     where s.leaf_index < (select max(tree_size) from anchor where state = 'final')
       and not exists (select from certificate c where c.deposit_id = d.deposit_id)
       and exists (select from record r where r.deposit_id = d.deposit_id)
     order by s.leaf_index limit $1`,
    [limit],
  );
  return rows;
}

/** What a certificate goes by, without its bytes. */
export interface CertificateNameRow {
  digest: Buffer;
  issuedAt: Date;
}

export async function selectCertificateName(
  q: Queryable,
  certificateNo: string,
): Promise<CertificateNameRow | undefined> {
  const { rows } = await q.query<CertificateNameRow>(
    'select digest, issued_at as "issuedAt" from certificate where certificate_no = $1',
    [certificateNo],
  );
  return rows[0];
}

/** The digest of the certificate, if its deposit has a file with this SHA-256. */
export async function selectDigestOfCertificateWith(
  q: Queryable,
  certificateNo: string,
  sha256: Uint8Array,
): Promise<Buffer | undefined> {
  const { rows } = await q.query<{ digest: Buffer }>(
    `select digest from certificate c where certificate_no = $1
       and exists (select from file_digest f where f.deposit_id = c.deposit_id and f.sha256 = $2)`,
    [certificateNo, sha256],
  );
  return rows[0]?.digest;
}

/** As `selectCertificateName`; until the end of the transaction nobody else who asks so gets the row. */
export async function lockCertificateName(
  q: Queryable,
  certificateNo: string,
): Promise<CertificateNameRow | undefined> {
  const { rows } = await q.query<CertificateNameRow>(
    'select digest, issued_at as "issuedAt" from certificate where certificate_no = $1 for update',
    [certificateNo],
  );
  return rows[0];
}

/** Of a certificate that is there. */
export async function selectDepositOfCertificate(q: Queryable, certificateNo: string): Promise<string> {
  const { rows } = await q.query<{ depositId: string }>(
    'select deposit_id as "depositId" from certificate where certificate_no = $1',
    [certificateNo],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`there is no certificate ${certificateNo}`);
  return row.depositId;
}
