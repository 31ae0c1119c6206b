import { randomBytes } from 'node:crypto';
import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import { insertCertificate, selectCertificateOfDeposit, selectUncertifiedDeposits } from '../db/certificates.ts';
import type { Database } from '../db/pool.ts';
import { CodedError, FormatError, ProofError } from '../errors.ts';
import { equalBytes, parseHex } from '../format/bytes.ts';
import type { PlatformProfile } from '../format/certificate.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import type { Report } from '../format/report.ts';
import type { LogReader } from '../log/log-reader.ts';
import { openPdf } from '../verify/pdf.ts';
import { digestOf } from '../verify/verify.ts';
import { assembleCertificate } from './assemble.ts';
import { certificateNumber } from './certificate-number.ts';
import { type DepositRows, parseDepositRows, selectDepositRows } from './deposit-evidence.ts';
import type { PdfPrinter } from './pdf-printer.ts';
import type { Sealer } from './sealer.ts';
import type { SealingKey } from './sealing-key.ts';
import { signPdf } from './sign-pdf.ts';

export interface IssuerParts {
  db: Database;
  reader: Pick<LogReader, 'refresh' | 'inclusionProof'>;
  sealer: Sealer;
  /** The sealer's own key: it also signs the PDF. */
  sealingKey: SealingKey;
  printer: Pick<PdfPrinter, 'print'>;
  /** The report that a reader who trusts this service would get of the certificate, no file being presented. */
  verifyBeforeIssue: (json: Uint8Array) => Promise<Report>;
  evaluation: boolean;
  platform: PlatformProfile;
  /** The public verification page, for the QR code. */
  verificationUrl: string;
  nowMs: () => number;
  /** Told of every failure of database or log; the next look tries again. */
  onTrouble?: (error: unknown) => void;
}

/** Why a certificate was not issued though all its parts are there. */
export class IssueError extends CodedError<
  'certificate-does-not-verify' | 'certificate-not-printed' | 'pdf-does-not-verify'
> {}

/** Open while a deposit, its subject, has a certificate that does not stand before `verify`. */
export const ALARM = 'certificate-does-not-verify';
/** Only their ids are read at once. */
const DEPOSITS_PER_LOOK = 500;
/** How long a deposit whose certificate did not verify is left alone. */
const REFUSED_MS = 10 * 60_000;

/**
 * Issues a certificate for every deposit that a final anchor covers and that has none.
 *
 * The order, and what a crash leaves: read rows → assemble → seal → verify → print → sign → verify the PDF: all of this is in
 * memory, so a crash leaves nothing, and the deposit is found again. Then one transaction: lock the deposit's row, look that it
 * still has no certificate, insert number, JSON and PDF together. A crash leaves the whole row or none. If it is not known whether
 * the transaction was committed, the next look sees which.
 *
 * Several servers: an advisory lock chooses one that works, for economy only. That no deposit gets two first certificates rests on
 * the lock of the deposit's row. Uniqueness of the number is the table's primary key: a taken number fails, and the next look draws another.
 */
export class CertificateIssuer {
  readonly #parts: IssuerParts;
  /** Deposits whose certificate did not verify, and when they are looked at again; milliseconds since 1970. */
  readonly #refused = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #stopping = false;

  constructor(parts: IssuerParts) {
    this.#parts = parts;
  }

  /** Looks for work every `intervalMs`. */
  start(intervalMs: number): void {
    this.#stopping = false;
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  /** Finishes the certificate under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping = true;
    await this.#looking;
  }

  /**
   * One look: issues what is due, in the order of the leaves.
   * @returns numbers of the certificates issued; none while another server works
   */
  async issueDue(): Promise<string[]> {
    const issued = await withAdvisoryLock(this.#parts.db, 'certificate-issuer', () => this.#issueDue());
    return issued ?? [];
  }

  #look(): void {
    this.#looking ??= this.issueDue()
      .then(
        () => {},
        (error: unknown) => this.#parts.onTrouble?.(error),
      )
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #issueDue(): Promise<string[]> {
    const { db, reader, nowMs } = this.#parts;
    for (const [depositId, again] of this.#refused) if (again <= nowMs()) this.#refused.delete(depositId);
    const due = await selectUncertifiedDeposits(db.pool, DEPOSITS_PER_LOOK + this.#refused.size);
    if (due.some(({ depositId }) => !this.#refused.has(depositId))) await reader.refresh();
    const issued: string[] = [];
    for (const { depositId, leafIndex } of due) {
      if (this.#stopping) break;
      if (this.#refused.has(depositId)) continue;
      const certificateNo = await this.#issue(depositId, leafIndex);
      if (certificateNo !== undefined) issued.push(certificateNo);
    }
    return issued;
  }

  /** Undefined if it was refused, another server was faster, or the record was erased meanwhile. */
  async #issue(depositId: string, leafIndex: bigint): Promise<string | undefined> {
    const { db, reader, nowMs } = this.#parts;
    let made: MadeCertificate;
    try {
      const rows = await selectDepositRows(db.pool, reader, depositId, leafIndex);
      if (rows === undefined) return undefined;
      made = await this.#make(rows);
    } catch (error) {
      // What is wrong with one deposit must not hold up those behind it; trouble of database or log is everyone's.
      if (!(error instanceof IssueError || error instanceof FormatError || error instanceof ProofError)) throw error;
      this.#refused.set(depositId, nowMs() + REFUSED_MS);
      await raiseAlarm(db.pool, ALARM, `${error.code}: ${error.message}`, new Date(nowMs()), depositId);
      return undefined;
    }
    const isNew = await db.transaction(async (client) => {
      await client.query('select from deposit where deposit_id = $1 for update', [depositId]);
      if ((await selectCertificateOfDeposit(client, depositId)) !== undefined) return false;
      await insertCertificate(client, { depositId, ...made });
      return true;
    });
    await clearAlarm(db.pool, ALARM, new Date(nowMs()), depositId);
    return isNew ? made.certificateNo : undefined;
  }

  /** @throws IssueError; FormatError if rows are not what writers of ours write */
  async #make(rows: DepositRows): Promise<MadeCertificate> {
    const { sealer, sealingKey, verifyBeforeIssue, evaluation, platform, nowMs } = this.#parts;
    const issuedAtMs = nowMs();
    const certificateNo = certificateNumber(issuedAtMs, randomBytes(5));
    const terms = { certificateNo, issuedAtMs, evaluation, platform };
    const certificate = await sealer.seal(await assembleCertificate(parseDepositRows(rows), terms));
    const json = encodeJson(certificate as unknown as JsonValue);
    requireStanding(await verifyBeforeIssue(json));
    const pdf = signPdf(await this.#print(json), sealingKey);
    await requireMatching(pdf, json);
    return { certificateNo, digest: parseHex(digestOf(certificate)), issuedAt: new Date(issuedAtMs), json, pdf };
  }

  async #print(json: Uint8Array): Promise<Uint8Array> {
    const { printer, verificationUrl } = this.#parts;
    try {
      return await printer.print(json, { verificationUrl });
    } catch (cause) {
      throw new IssueError('certificate-not-printed', (cause as Error).message, { cause });
    }
  }
}

interface MadeCertificate {
  certificateNo: string;
  digest: Uint8Array;
  issuedAt: Date;
  json: Uint8Array;
  pdf: Uint8Array;
}

/** Nothing failed, and nothing that a reader will require is open but the comparison with his own files. */
function requireStanding(report: Report): void {
  const failed = report.since
    .filter((check) => check.status === 'failed')
    .map(({ name, reason }) => `${name} (${reason})`);
  const open = report.unmet.filter((name) => name !== 'file.sha256');
  if (report.conclusion === 'no-policy') open.push('policy');
  if (failed.length === 0 && open.length === 0) return;
  const why = failed.length > 0 ? `failed: ${failed.join(', ')}` : `not passed: ${open.join(', ')}`;
  throw new IssueError('certificate-does-not-verify', why.slice(0, 2000));
}

async function requireMatching(pdf: Uint8Array, json: Uint8Array): Promise<void> {
  const { certificate, checks } = await openPdf(pdf);
  const open = checks.filter((check) => check.status !== 'passed').map(({ name }) => name);
  if (!equalBytes(certificate, json)) open.push('embedded certificate');
  if (open.length > 0) throw new IssueError('pdf-does-not-verify', `not passed: ${open.join(', ')}`);
}
