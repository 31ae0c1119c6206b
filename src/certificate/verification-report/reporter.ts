import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { selectCertificateOfDeposit } from '../../db/certificates.ts';
import type { Queryable } from '../../db/pool.ts';
import { encodeHex, sha256 } from '../../format/bytes.ts';
import type { PlatformProfile } from '../../format/certificate.ts';
import { utcTimeOf } from '../../format/fields.ts';
import { encodeJson, type JsonValue } from '../../format/json.ts';
import type { Policy } from '../../format/policy.ts';
import type { Check, Report } from '../../format/report.ts';
import {
  type ByService,
  MAX_REPORT_ITEMS,
  parseVerificationReport,
  type VerificationReport,
} from '../../format/verification-report.ts';
import type { StampSignature } from '../../timestamp/signature-stamper.ts';
import { openTrust, type Trust } from '../../verify/trust.ts';
import { verifyCertificate } from '../../verify/verify.ts';
import { certificateNumber } from '../certificate-number.ts';
import type { PdfPrinter } from '../pdf-printer.ts';
import type { Sealer } from '../sealer.ts';
import type { SealingKey } from '../sealing-key.ts';
import { signPdf } from '../sign-pdf.ts';
import { limitsOfReport } from './limits.ts';
import { ReportError } from './report-error.ts';

export interface ReporterParts {
  sealer: Sealer;
  /** The sealer's own key: it also signs the PDF. */
  sealingKey: SealingKey;
  /** Stamps the PDF's signature; left out, PDFs have no token. */
  stamp?: StampSignature;
  printer: Pick<PdfPrinter, 'printVerificationReport'>;
  platformAt: (at: Date) => Promise<PlatformProfile>;
  evaluation: boolean;
  origin: string;
  version: string;
  nowMs: () => number;
}

export interface ReportOrder extends Pick<VerificationReport, 'signatory' | 'requestId' | 'remark' | 'tool'> {
  /** The policy of the reports itself, so that the service can verify under it; null: it does not verify again. */
  policy: Policy | null;
  policyName: string | null;
  items: readonly { fileName: string | null; report: Report }[];
}

export interface MadeReport {
  report: VerificationReport;
  pdf: Uint8Array;
  /** Of the PDF, hex. */
  sha256: string;
}

/** Makes verification reports: what somebody says that he verified, sealed and signed by the service, and kept nowhere. */
export class VerificationReporter {
  readonly #parts: ReporterParts;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /**
   * @param seen what the signatory sees: certificates of deposits are read there
   * @param mayRead whether the signatory may see the certificate of a deposit; others are not looked for
   * @throws ReportError `report-too-many-items`; `report-invalid` if the reports were not made under one policy, the one that is given,
   *   or contradict themselves
   */
  async make(
    seen: Queryable,
    order: ReportOrder,
    mayRead: (depositId: string) => Promise<boolean>,
  ): Promise<MadeReport> {
    const { sealer, sealingKey, stamp, printer, platformAt, evaluation, origin, version, nowMs } = this.#parts;
    const { signatory, requestId, remark, tool, policyName } = order;
    const policy = requireOnePolicy(order);
    const trust =
      order.policy === null ? undefined : openTrust(encodeJson(order.policy as unknown as JsonValue), [], undefined);
    if (trust !== undefined && trust.digest !== policy) {
      throw new ReportError('report-invalid', `policy: has the digest ${trust.digest}, the reports name ${policy}`);
    }
    const madeAtMs = nowMs();
    const items: VerificationReport['items'] = [];
    for (const { fileName, report } of order.items) {
      // Others are answered between two of them.
      await setImmediate();
      items.push({ fileName, report, byService: await this.#verifyAgain(seen, report, trust, mayRead) });
    }
    const report = await sealer.seal<VerificationReport>({
      type: 'tiezheng/verification-report/v1',
      reportNo: certificateNumber(madeAtMs, randomBytes(5)).replace(/^TZ/, 'VR'),
      madeAt: utcTimeOf(madeAtMs),
      evaluation: evaluation || order.items.some((item) => item.report.evaluation),
      service: { origin, version, platform: await platformAt(new Date(madeAtMs)) },
      ...{ signatory, requestId, remark, tool, items },
      policy: { sha256: policy, name: policyName },
      limits: limitsOfReport(evaluation),
      seals: [],
    });
    const json = encodeJson(report as unknown as JsonValue);
    // What a reader could not parse is not given out.
    parseVerificationReport(json);
    const pdf = await signPdf(await printer.printVerificationReport(json), sealingKey, stamp);
    return { report, pdf, sha256: encodeHex(sha256(pdf)) };
  }

  async #verifyAgain(
    seen: Queryable,
    { subject, ...said }: Report,
    trust: Trust | undefined,
    mayRead: (depositId: string) => Promise<boolean>,
  ): Promise<ByService> {
    const { depositId, certificateNo, digest } = subject;
    // A receipt is not kept.
    if (certificateNo === null || !(await mayRead(depositId))) return { state: 'not-verified', because: 'not-held' };
    const row = await selectCertificateOfDeposit(seen, depositId);
    if (row?.bytes == null) return { state: 'not-verified', because: 'not-held' };
    if (row.certificateNo !== certificateNo || encodeHex(row.digest) !== digest) {
      return { state: 'not-verified', because: 'another-certificate' };
    }
    if (trust === undefined) return { state: 'not-verified', because: 'policy-not-given' };
    const report = await verifyCertificate(row.bytes.json, [], trust);
    return { state: 'verified', report, differs: differences([...said.since, ...said.before], report) };
  }
}

function requireOnePolicy({ items }: ReportOrder): string | null {
  if (items.length > MAX_REPORT_ITEMS) {
    throw new ReportError(
      'report-too-many-items',
      `items: ${items.length}, a report holds ${MAX_REPORT_ITEMS} at most; make several`,
    );
  }
  const policy = items[0]?.report.policy ?? null;
  for (const [i, { report }] of items.entries()) {
    if (report.policy !== policy) {
      throw new ReportError(
        'report-invalid',
        `items[${i}]: made under policy ${report.policy}, the first one under ${policy}`,
      );
    }
    const failed = [...report.since, ...report.before].some(({ status }) => status === 'failed');
    if (report.conclusion === 'required-passed' && (failed || report.unmet.length > 0)) {
      throw new ReportError('report-invalid', `items[${i}]: concludes required-passed, but a check failed or is unmet`);
    }
    if ((report.conclusion === 'no-policy') !== (report.policy === null) && report.conclusion !== 'failed') {
      throw new ReportError(
        'report-invalid',
        `items[${i}]: concludes ${report.conclusion} under policy ${report.policy}`,
      );
    }
  }
  return policy;
}

/** Checks that both made and that came out otherwise; files lay before one of the two alone. */
function differences(said: readonly Check[], report: Report): string[] {
  const nameOf = ({ name, about }: Check) => (about === null ? name : `${name} (${about})`);
  const statuses = new Map(said.map((check) => [nameOf(check), check.status]));
  return [...report.since, ...report.before]
    .filter(({ name }) => !name.startsWith('file.') && !name.startsWith('time.independent'))
    .filter((check) => {
      const theirs = statuses.get(nameOf(check));
      return theirs !== undefined && theirs !== check.status;
    })
    .map(nameOf);
}
