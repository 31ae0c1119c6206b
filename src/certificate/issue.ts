import { randomBytes } from 'node:crypto';
import { recordCustodyEvent } from '../custody/custodian.ts';
import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import {
  type CertificateIntent,
  insertCertificateIntent,
  selectOpenIntent,
  updateIntentEnded,
} from '../db/certificate-intents.ts';
import { insertCertificate, selectCertificateOfDeposit, selectUncertifiedDeposits } from '../db/certificates.ts';
import { insertCertifiedNotice } from '../db/notices.ts';
import type { Database } from '../db/pool.ts';
import { CodedError, FormatError, ProofError } from '../errors.ts';
import { encodeHex, equalBytes, parseHex } from '../format/bytes.ts';
import { type Certificate, type PlatformProfile, parseCertificate } from '../format/certificate.ts';
import type { CertifiedRecord } from '../format/certified.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import type { Report } from '../format/report.ts';
import { appendRecord } from '../log/append-record.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { Sequencer } from '../log/sequencer.ts';
import type { StampSignature } from '../timestamp/signature-stamper.ts';
import { openPdf } from '../verify/pdf.ts';
import { digestOf } from '../verify/verify.ts';
import { assembleCertificate } from './assemble.ts';
import { certificateNumber } from './certificate-number.ts';
import { type DepositRows, parseDepositRows, selectDepositRows } from './deposit-evidence.ts';
import type { PdfPrinter } from './pdf-printer.ts';
import { recordStatus } from './record-status.ts';
import type { Sealer } from './sealer.ts';
import type { SealingKey } from './sealing-key.ts';
import { signPdf } from './sign-pdf.ts';

export interface IssuerParts {
  db: Database;
  reader: Pick<LogReader, 'refresh' | 'inclusionProof'>;
  /** The log that hears of each certificate before it is issued. */
  sequencer: Pick<Sequencer, 'integrated'>;
  sealer: Sealer;
  /** The sealer's own key: it also signs the PDF. */
  sealingKey: SealingKey;
  /** Stamps the PDF's signature; left out, PDFs have no token. */
  stamp?: StampSignature;
  printer: Pick<PdfPrinter, 'print'>;
  /** The report that a reader who trusts this service would get of the certificate, no file being presented. */
  verifyBeforeIssue: (json: Uint8Array) => Promise<Report>;
  evaluation: boolean;
  /** What a certificate of this moment says of the service. */
  platformAt: (issuedAt: Date) => Promise<PlatformProfile>;
  /** The public verification page, for the QR code. */
  verificationUrl: string;
  nowMs: () => number;
  /**
   * What a certificate waits for beyond the first final anchor, such as a second chain or a timestamp: each answers true while its
   * proof is still to be waited for, and must itself see that this ends. Asked on every look, before anything is read.
   */
  awaited?: readonly ((deposit: DueDeposit) => Promise<boolean>)[];
  /** Told of every failure of database or log; the next look tries again. */
  onTrouble?: (error: unknown) => void;
}

/** A deposit that a final anchor covers and that has no certificate. */
export interface DueDeposit {
  depositId: string;
  leafIndex: bigint;
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
/** Certificates whose leaves are handed in together, so that they wait for one batch of the log and not for one each. */
const GROUP = 50;
/** How long the log may take with a leaf before the look is given up; the next one waits for the same leaf. */
const LEAF_WAIT_MS = 30_000;

/**
 * Issues a certificate for every deposit that a final anchor covers and that has none. No certificate is given out that the log
 * does not know of: its digest, which its seals do not change, is a leaf before it is sealed.
 *
 * The order, and what a crash leaves:
 *
 * 1. Read rows → assemble → verify, but for the seal: in memory. A crash leaves nothing, and the deposit is found again.
 * 2. One transaction: lock the deposit's row, look that it still has neither certificate nor open intent, insert the intent (number,
 *    digest, the certificate's bytes without seals) and the submission of its leaf. A crash leaves both or neither. From here on this
 *    is the certificate: whoever finds the open intent goes on with it at 3, under the same number, to the same digest.
 * 3. Wait for the leaf's place, under a checkpoint that the register has accepted. A crash leaves a leaf whose certificate nobody has.
 * 4. Seal → verify → print → sign → verify the PDF: in memory. A crash leaves what 3 left. Sealed again it has another seal, and the
 *    same digest.
 * 5. One transaction: lock the deposit's row, look that it still has no certificate, end the intent, insert number, JSON and PDF. A
 *    crash leaves the whole row or none. If it is not known whether this was committed, the next look sees which.
 *
 * An intent that no longer stands before `verify` (its block is gone, its seal's X.509 certificate was replaced) is given up in the
 * transaction 2 of its successor, which also hands in a leaf `tiezheng/status/v1` saying `superseded` by it, for `never-issued`.
 *
 * Several servers: an advisory lock chooses one that works, for economy only. That no deposit gets two first certificates rests on
 * the lock of the deposit's row, and on the index that allows one open intent. Uniqueness of the number is the tables' primary keys: a
 * taken number fails, and the next look draws another.
 */
export class CertificateIssuer {
  readonly #parts: IssuerParts;
  /** Deposits whose certificate did not verify, and when they are looked at again; milliseconds since 1970. */
  readonly #refused = new Map<string, number>();
  /** Numbers of certificates intended whose sealed form did not verify here. */
  readonly #unsealable = new Set<string>();
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
    for (let i = 0; i < due.length && !this.#stopping; i += GROUP) {
      const intended: string[] = [];
      for (const deposit of due.slice(i, i + GROUP)) {
        if (this.#stopping) break;
        const { depositId } = deposit;
        if (await this.#unlessRefused(depositId, () => this.#intend(deposit))) intended.push(depositId);
      }
      for (const depositId of intended) {
        if (this.#stopping) break;
        const certificateNo = await this.#unlessRefused(depositId, () => this.#finish(depositId));
        if (certificateNo !== undefined) issued.push(certificateNo);
      }
    }
    return issued;
  }

  /** What is wrong with one deposit must not hold up those behind it; trouble of database or log is everyone's. */
  async #unlessRefused<T>(depositId: string, work: () => Promise<T>): Promise<T | undefined> {
    const { db, nowMs } = this.#parts;
    if (this.#refused.has(depositId)) return undefined;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof IssueError || error instanceof FormatError || error instanceof ProofError)) throw error;
      this.#refused.set(depositId, nowMs() + REFUSED_MS);
      await raiseAlarm(db.pool, ALARM, `${error.code}: ${error.message}`, new Date(nowMs()), depositId);
      return undefined;
    }
  }

  /** Steps 1 and 2. False if something is still awaited, another server was faster, or the record was erased meanwhile. */
  async #intend(deposit: DueDeposit): Promise<boolean> {
    const { db, reader, awaited, nowMs } = this.#parts;
    const found = await selectOpenIntent(db.pool, deposit.depositId);
    if (found !== undefined && (await this.#stands(found))) return true;
    for (const isAwaited of awaited ?? []) if (await isAwaited(deposit)) return false;
    const rows = await selectDepositRows(db.pool, reader, deposit.depositId, deposit.leafIndex);
    if (rows === undefined) return false;
    const { certificateNo, digest, body } = await this.#assemble(rows, found !== undefined);
    const certified: CertifiedRecord = {
      type: 'tiezheng/certified/v1',
      certificate: encodeHex(digest),
      salt: encodeHex(randomBytes(32)),
    };
    const atMs = nowMs();
    return db.transaction(async (client) => {
      await client.query('select from deposit where deposit_id = $1 for update', [deposit.depositId]);
      if ((await selectCertificateOfDeposit(client, deposit.depositId)) !== undefined) return false;
      const open = await selectOpenIntent(client, deposit.depositId);
      if (open !== undefined) {
        if (open.certificateNo !== found?.certificateNo) return true;
        await updateIntentEnded(client, open.certificateNo, 'given-up');
        const about = { certificateNo: open.certificateNo, digest: open.digest };
        await recordStatus(client, { ...about, status: 'superseded', successor: digest, reason: 'never-issued', atMs });
      }
      const leaf = await appendRecord(client, certified);
      await insertCertificateIntent(client, {
        certificateNo,
        depositId: deposit.depositId,
        digest,
        certified: leaf.body,
        submissionId: leaf.submissionId,
        body,
        intendedAt: new Date(atMs),
      });
      return true;
    });
  }

  async #stands(intent: CertificateIntent): Promise<boolean> {
    if (this.#unsealable.has(intent.certificateNo)) return false;
    try {
      requireStanding(await this.#parts.verifyBeforeIssue(intent.body), ['seal']);
      return true;
    } catch (error) {
      if (error instanceof IssueError || error instanceof FormatError) return false;
      throw error;
    }
  }

  /**
   * Step 1.
   * @param isSuccessor its seal is tried too, or a seal that does not stand would put leaves into the log for ever
   * @throws IssueError; FormatError if rows are not what writers of ours write
   */
  async #assemble(
    rows: DepositRows,
    isSuccessor: boolean,
  ): Promise<{ certificateNo: string; digest: Uint8Array; body: Uint8Array }> {
    const { sealer, verifyBeforeIssue, evaluation, platformAt, nowMs } = this.#parts;
    const issuedAtMs = nowMs();
    const platform = await platformAt(new Date(issuedAtMs));
    const certificateNo = certificateNumber(issuedAtMs, randomBytes(5));
    const terms = { certificateNo, issuedAtMs, evaluation, platform };
    const certificate = await assembleCertificate(parseDepositRows(rows), terms);
    const body = encodeJson(certificate as unknown as JsonValue);
    requireStanding(await verifyBeforeIssue(body), ['seal']);
    if (isSuccessor) {
      const sealed = await sealer.seal(certificate);
      requireStanding(await verifyBeforeIssue(encodeJson(sealed as unknown as JsonValue)));
    }
    return { certificateNo, digest: parseHex(digestOf(certificate)), body };
  }

  /** Steps 3 to 5. The certificate's number; undefined if another server was faster. */
  async #finish(depositId: string): Promise<string | undefined> {
    const { db, sequencer, nowMs } = this.#parts;
    const intent = await selectOpenIntent(db.pool, depositId);
    if (intent === undefined) return undefined;
    const { certificateNo, digest } = intent;
    await sequencer.integrated(intent.submissionId, LEAF_WAIT_MS);
    const made = await this.#make(parseCertificate(intent.body));
    const isNew = await db.transaction(async (client) => {
      await client.query('select from deposit where deposit_id = $1 for update', [depositId]);
      if ((await selectCertificateOfDeposit(client, depositId)) !== undefined) return false;
      if (!(await updateIntentEnded(client, certificateNo, 'issued'))) return false;
      await insertCertificate(client, { certificateNo, depositId, digest, ...made });
      await recordCustodyEvent(client, {
        depositId,
        kind: 'certified',
        actor: { accountId: null, userId: null, by: 'service' },
        at: new Date(nowMs()),
        detail: { certificateNo, sha256: encodeHex(digest) },
      });
      await insertCertifiedNotice(client, depositId, certificateNo, new Date(nowMs()));
      return true;
    });
    await clearAlarm(db.pool, ALARM, new Date(nowMs()), depositId);
    return isNew ? certificateNo : undefined;
  }

  /** Step 4. @throws IssueError */
  async #make(certificate: Certificate): Promise<MadeCertificate> {
    const { sealer, sealingKey, stamp, verifyBeforeIssue } = this.#parts;
    const sealed = await sealer.seal(certificate);
    const json = encodeJson(sealed as unknown as JsonValue);
    const report = await verifyBeforeIssue(json);
    // Until then it stood but for the seal.
    this.#unsealable.add(certificate.claims.certificateNo);
    requireStanding(report);
    this.#unsealable.delete(certificate.claims.certificateNo);
    const pdf = await signPdf(await this.#print(json, report), sealingKey, stamp);
    await requireMatching(pdf, json);
    return { issuedAt: new Date(certificate.claims.issuedAt), json, pdf };
  }

  async #print(json: Uint8Array, { weakestLink }: Report): Promise<Uint8Array> {
    const { printer, verificationUrl } = this.#parts;
    try {
      return await printer.print(json, { verificationUrl, weakestLink });
    } catch (cause) {
      throw new IssueError('certificate-not-printed', (cause as Error).message, { cause });
    }
  }
}

interface MadeCertificate {
  issuedAt: Date;
  json: Uint8Array;
  pdf: Uint8Array;
}

/**
 * Nothing failed, and nothing that a reader will require is open but the comparison with his own files.
 * @param notYet checks whose evidence is still to be made
 */
function requireStanding(report: Report, notYet: readonly string[] = []): void {
  const failed = report.since
    .filter((check) => check.status === 'failed')
    .map(({ name, reason }) => `${name} (${reason})`);
  const open = report.unmet.filter((name) => name !== 'file.sha256' && !notYet.includes(name));
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
