import { encodeHex, encodeUtf8, type LeafHash, parseBase64, sha256 } from '../format/bytes.ts';
import { type Certificate, type Publication, parseCertificate } from '../format/certificate.ts';
import { parseCustodyFile } from '../format/custody.ts';
import { parseReceipt, type Receipt } from '../format/receipt.ts';
import type { Check, Report } from '../format/report.ts';
import { sealedBytes } from '../format/seal.ts';
import { depositLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';
import { checkBefore } from './before.ts';
import { notChecked, passed, pending } from './checks.ts';
import { conclude, type PublicationOutcome, standsInLog } from './conclusion.ts';
import { checkCustody } from './custody.ts';
import { checkPresentedFiles, checkRecord, type OpenedFile, type PresentedFile } from './deposit.ts';
import { checkEvmAttestation, checkNotBefore, type ProvedTime } from './evm.ts';
import { checkLog } from './log.ts';
import { checkOpentimestamps } from './opentimestamps.ts';
import { checkSeals } from './seal.ts';
import { statementsOf } from './statements.ts';
import { checkStatus, type JudgePublication } from './status.ts';
import { checkTimes, type LoggedTime } from './time.ts';
import { checkTimestamp, NO_MATERIAL, type TokenMaterial } from './timestamp.ts';
import { chainOperator, type Trust } from './trust.ts';

/** What the carrier of a certificate adds: checks of the PDF or the package around it, which are required then. */
export interface Carrier {
  kind: 'certificate' | 'pdf' | 'package';
  checks: Check[];
}

/**
 * Answers, for a certificate and the files the reader holds, every question that can be asked offline.
 * @param bytes canonical JSON of tiezheng/certificate/v1
 * @param beside certificates and revocation data that lie beside the certificate, as packages carry them
 * @param status canonical JSON of tiezheng/status-proof/v1, if the reader asked how the certificate stands
 * @param custody canonical JSON of tiezheng/custody-file/v1, if the reader holds one
 * @throws FormatError if the bytes are no certificate, or status or custody are none, at all; bad evidence in a well-formed one is a report
 */
export async function verifyCertificate(
  bytes: Uint8Array,
  files: readonly PresentedFile[],
  trust: Trust,
  carrier: Carrier = { kind: 'certificate', checks: [] },
  beside: TokenMaterial = NO_MATERIAL,
  status?: Uint8Array,
  custody?: Uint8Array,
): Promise<Report> {
  const certificate = parseCertificate(bytes);
  const { record, annexes } = certificate;
  const leaf = leafHash(depositLeafData(record));
  const publications: PublicationOutcome[] = [];
  const times: LoggedTime[] = [];
  const checks: Check[] = [
    passed('certificate.canonical', null),
    ...(await checkSeals(certificate, certificate.claims.issuedAt, trust, beside)),
    ...(await checkRecord(record, certificate.files, annexes)),
    ...checkPresentedFiles(certificate.files, files),
  ];
  for (const [i, publication] of certificate.publications.entries()) {
    const judged = await judgePublication(publication, leaf, certificate.log, `publication ${i + 1}`, trust, beside);
    publications.push(judged.outcome);
    times.push(...judged.times);
    checks.push(...judged.outcome.checks, ...judged.outcome.attestations.flat());
  }
  const notBefore = checkNotBefore(record, certificate.notBeforeHeader, trust);
  const time = checkTimes(record, notBefore.time, times, undefined, trust);
  checks.push(notBefore.check, time.bracket, time.independent, ...carrier.checks);
  if (!carrier.checks.some((check) => check.name === 'status')) {
    checks.push(await statusOf(certificate, status, trust, beside));
  }
  if (custody !== undefined) {
    const { depositId } = record;
    checks.push(
      await checkCustody(parseCustodyFile(custody), depositId, trust, beside, judgeFor('custody', trust, beside)),
    );
  }

  return conclude(
    {
      kind: carrier.kind,
      digest: digestOf(certificate),
      certificateNo: certificate.claims.certificateNo,
      depositId: record.depositId,
      leafIndex: certificate.log.leafIndex,
    },
    certificate.claims.evaluation,
    checks,
    publications,
    checkBefore(time.times, annexes, declaredOnly(certificate.files)),
    time.times,
    statementsOf(record, annexes, certificate),
    trust,
  );
}

/** Everything that the log and those outside say of one publication, for the leaf that it is to cover. */
async function judgePublication(
  publication: Publication,
  leaf: LeafHash,
  log: Certificate['log'],
  about: string,
  trust: Trust,
  beside: TokenMaterial,
): Promise<{ outcome: PublicationOutcome; times: LoggedTime[] }> {
  const { checks, checkpoint, included } = checkLog(publication, leaf, { ...log, hints: log.keys }, about, trust);
  const outcome: PublicationOutcome = { checks: [...checks], attestations: [] };
  const proved: ProvedTime[] = [];
  for (const [i, attestation] of publication.attestations.entries()) {
    const name = `${about}, attestation ${i + 1}`;
    if (checkpoint === undefined) continue;
    switch (attestation.type) {
      case 'evm': {
        const evm = checkEvmAttestation(attestation, checkpoint, log.origin, name, trust);
        outcome.attestations.push(evm.checks);
        // A block proves the time of the root; only the inclusion carries it down to this leaf.
        if (evm.time !== undefined && included) {
          proved.push({ ...evm.time, operator: chainOperator(trust, attestation.chain) });
        }
        break;
      }
      case 'rfc3161': {
        const stamp = await checkTimestamp(attestation, encodeUtf8(publication.checkpoint), name, trust, beside);
        outcome.checks.push(stamp.check);
        if (stamp.time !== undefined && included) proved.push(stamp.time);
        break;
      }
      case 'opentimestamps': {
        const stamp = checkOpentimestamps(parseBase64(attestation.proof), checkpoint.rootHash, name, trust);
        outcome.checks.push(stamp.check);
        if (stamp.time !== undefined && included) proved.push(stamp.time);
        break;
      }
    }
  }
  return { outcome, times: proved.map((time) => ({ ...time, standsInLog: standsInLog(checks) })) };
}

/** The check `status`, which stands apart from all that the certificate proves. */
async function statusOf(
  certificate: Certificate,
  status: Uint8Array | undefined,
  trust: Trust,
  beside: TokenMaterial,
): Promise<Check> {
  if (status === undefined) return notChecked('status', null, 'absent');
  const about = { certificateNo: certificate.claims.certificateNo, digest: digestOf(certificate) };
  return checkStatus(status, about, trust, judgeFor('status', trust, beside));
}

/** For evidence with a publication of its own beside those of the certificate. */
export function judgeFor(about: string, trust: Trust, beside: TokenMaterial): JudgePublication {
  return async (publication, leaf, log) => {
    const { outcome, times } = await judgePublication(publication, leaf, log, about, trust, beside);
    return { checks: outcome.checks, times };
  };
}

/** As `verifyCertificate`, for a deposit's receipt: nothing outside the log speaks for it yet. @throws FormatError */
export async function verifyReceipt(
  bytes: Uint8Array,
  files: readonly PresentedFile[],
  trust: Trust,
  custody?: Uint8Array,
): Promise<Report> {
  const receipt = parseReceipt(bytes);
  const { record, annexes } = receipt;
  const until = `publication by ${receipt.publishBy}`;
  const outcome = checkLog(
    { checkpoint: receipt.checkpoint, inclusionProof: receipt.inclusionProof, cosignatures: [] },
    leafHash(depositLeafData(record)),
    { origin: originOf(receipt), leafIndex: receipt.leafIndex, hints: [] },
    null,
    trust,
  );
  const anchor = (['evm.receipt', 'evm.canonical', 'evm.contract', 'evm.finality'] as const).map((name) =>
    pending(name, null, until),
  );
  const notBefore = checkNotBefore(record, null, trust);
  const time = checkTimes(record, undefined, [], until, trust);
  const checks: Check[] = [
    passed('certificate.canonical', null),
    ...(await checkSeals(receipt, record.receivedAt, trust)),
    ...(await checkRecord(record, receipt.files, annexes)),
    ...checkPresentedFiles(receipt.files, files),
    ...outcome.checks,
    ...anchor,
    notBefore.check,
    time.bracket,
    time.independent,
  ];
  if (custody !== undefined) {
    const judge = judgeFor('custody', trust, NO_MATERIAL);
    checks.push(await checkCustody(parseCustodyFile(custody), record.depositId, trust, NO_MATERIAL, judge));
  }
  return conclude(
    {
      kind: 'receipt',
      digest: digestOf(receipt),
      certificateNo: null,
      depositId: record.depositId,
      leafIndex: receipt.leafIndex,
    },
    receipt.evaluation,
    checks,
    [{ checks: outcome.checks, attestations: [anchor] }],
    checkBefore(time.times, annexes, declaredOnly(receipt.files)),
    time.times,
    statementsOf(record, annexes, undefined),
    trust,
  );
}

/** A receipt names its log only by the checkpoint's first line. */
function originOf(receipt: Receipt): string {
  return receipt.checkpoint.slice(0, receipt.checkpoint.indexOf('\n'));
}

/** SHA-256 of the canonical bytes without seals: the name by which a certificate or receipt goes everywhere. */
export function digestOf(object: Certificate | Receipt): string {
  return encodeHex(sha256(sealedBytes(object)));
}

function declaredOnly(files: readonly OpenedFile[]): boolean {
  return files.some((f) => f.entry.digestSource === 'declared');
}
