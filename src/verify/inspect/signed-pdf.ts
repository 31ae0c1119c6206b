import { FormatError } from '../../errors.ts';
import { encodeBase64, encodeHex, parseBase64, sha256 } from '../../format/bytes.ts';
import { utcTimeOf } from '../../format/fields.ts';
import type { Inspection } from '../../format/inspection.ts';
import type { Check } from '../../format/report.ts';
import { type Facts, failed, notChecked, passed } from '../checks.ts';
import type { ProvedTime } from '../evm.ts';
import { MAX_PDF_BYTES } from '../pdf.ts';
import { checkTimestamp, type TokenMaterial } from '../timestamp.ts';
import type { Trust } from '../trust.ts';
import { findPath, parseX509, serialOf, subjectOf } from '../x509-chain.ts';
import { materialAmong } from './aid.ts';
import { type CmsSignature, openCmsSignature } from './cms-signature.ts';
import type { HeadInspector } from './inspector.ts';
import { type PdfSignature, type PdfSignatures, readPdfSignatures } from './pdf-signatures.ts';

/** A PDF that somebody else signed (PAdES, ETSI EN 319 142-1; ISO 32000-1 §12.8): every signature in it, and what came after. */
export const signedPdfInspector: HeadInspector = {
  kind: 'signed-pdf',
  maxBytes: MAX_PDF_BYTES,
  recognises: (head) => String.fromCharCode(...head.subarray(0, 5)) === '%PDF-',
  speaksOf: () => [],
  async inspect(bytes, held, trust) {
    const material = materialAmong(held.map(({ aid }) => aid));
    const pdf = readPdfSignatures(bytes);
    if (pdf === undefined) throw new FormatError('unknown-type', 'no signature in the PDF, or more than 32');
    const outcomes = [];
    for (const [i, signature] of pdf.signatures.entries()) {
      outcomes.push(await inspectSignature(signature, `signature ${i + 1}`, pdf, trust, material));
    }
    return {
      digest: encodeHex(sha256(bytes)),
      checks: [...outcomes.flatMap(({ checks }) => checks), checkChanges(pdf)],
      required: ['pdf.coverage', 'pdf.integrity', 'pdf.signer', 'pdf.changes'],
      times: outcomes.flatMap(({ time }) => (time === undefined ? [] : [time])),
      statements: outcomes.flatMap(({ statements }) => statements),
      limits: LIMITS,
    };
  },
};

const LIMITS = [
  {
    zh: '只检查签名覆盖的字节及其后的改动；不检查阅读器如何显示页面，也不检查签名人的证书是否被吊销。',
    en: 'Only the signed bytes and what came after them are checked; not how a viewer shows the pages, and not whether a signer’s certificate was revoked.',
  },
];

const DOCUMENT_TIMESTAMP = 'ETSI.RFC3161';
const DETACHED = ['adbe.pkcs7.detached', 'ETSI.CAdES.detached'];

interface SignatureOutcome {
  checks: Check[];
  time: ProvedTime | undefined;
  statements: Inspection['statements'];
}

async function inspectSignature(
  signature: PdfSignature,
  about: string,
  pdf: PdfSignatures,
  trust: Trust,
  material: TokenMaterial,
): Promise<SignatureOutcome> {
  const { coverage, subFilter, stated } = signature;
  const statements = stated.map(({ field, value }) => ({ by: 'signer' as const, field: `${about} ${field}`, value }));
  const kind: Facts = { subFilter };
  if (!coverage.ok) {
    const checks = [
      failed('pdf.coverage', about, coverage.reason, kind),
      notChecked('pdf.integrity', about, 'depends-on-failed', kind),
    ];
    return { checks, time: undefined, statements };
  }
  const checks: Check[] = [passed('pdf.coverage', about, { ...kind, ...coverageFacts(coverage.end, pdf) })];
  if (coverage.contents === undefined) {
    checks.push(failed('pdf.integrity', about, 'cms-malformed', kind));
    return { checks, time: undefined, statements };
  }
  if (subFilter === DOCUMENT_TIMESTAMP) {
    // A document timestamp signs by its token: that is its integrity, and its authority is its signer.
    const token = { token: encodeBase64(coverage.contents), certificates: [], revocation: [] };
    const { check, time } = await checkTimestamp(token, coverage.content(), about, trust, material);
    return { checks: [...checks, ...asSignature(check)], time, statements };
  }
  if (!DETACHED.includes(subFilter)) {
    checks.push(notChecked('pdf.integrity', about, 'unsupported', kind));
    return { checks, time: undefined, statements };
  }
  const opened = await openCmsSignature(coverage.contents, coverage.content(), subFilter === 'ETSI.CAdES.detached');
  const more = await checkSigner(opened, signature.statedUnixMs, about, trust, material);
  return { checks: [...checks, ...more.checks], time: more.time, statements: [...statements, ...more.statements] };
}

/** The token's own check, and the two that every signature must pass read off it: what it covers stands unless the token failed. */
function asSignature(check: Check): Check[] {
  const { about, facts } = check;
  if (check.status === 'failed') {
    return [failed('pdf.integrity', about, check.reason, facts), check];
  }
  if (check.status === 'not-checked' && check.because === 'unsupported') {
    return [notChecked('pdf.integrity', about, 'unsupported', facts), check];
  }
  const signer: Facts = facts.authority === undefined ? {} : { signer: facts.authority };
  return [passed('pdf.integrity', about, signer), { ...check, name: 'pdf.signer', facts: signer }, check];
}

async function checkSigner(
  opened: CmsSignature,
  dictionaryUnixMs: number | undefined,
  about: string,
  trust: Trust,
  material: TokenMaterial,
): Promise<SignatureOutcome> {
  if (opened.outcome === 'invalid') {
    return { checks: [failed('pdf.integrity', about, opened.reason)], time: undefined, statements: [] };
  }
  if (opened.outcome === 'unsupported') {
    const check = notChecked('pdf.integrity', about, 'unsupported', { algorithm: opened.algorithm });
    return { checks: [check], time: undefined, statements: [] };
  }
  const { signer, certificates, digestAlgorithm, statedUnixMs, signature, token } = opened;
  const facts: Facts = {
    signer: subjectOf(signer),
    serial: serialOf(signer),
    x509Sha256: encodeHex(sha256(signer.der)),
  };
  const checks: Check[] = [passed('pdf.integrity', about, { ...facts, digestAlgorithm })];
  let time: ProvedTime | undefined;
  if (token !== undefined) {
    const attestation = { token: encodeBase64(token), certificates: [], revocation: [] };
    const stamped = await checkTimestamp(attestation, signature, about, trust, material);
    checks.push(stamped.check);
    time = stamped.time;
  }
  const judgedAt = time?.unixMs ?? statedUnixMs ?? dictionaryUnixMs;
  const judged: Facts =
    judgedAt === undefined
      ? facts
      : { ...facts, judgedAt: utcTimeOf(judgedAt), judgedAtSource: time?.source ?? 'signer' };
  checks.push(await judgeSigner(about, trust, judged, judgedAt, signer, [...certificates, ...x509Of(material)]));
  const statements: Inspection['statements'] =
    statedUnixMs === undefined ? [] : [{ by: 'signer', field: `${about} signingTime`, value: utcTimeOf(statedUnixMs) }];
  return { checks, time, statements };
}

function x509Of({ certificates }: TokenMaterial): X509[] {
  return certificates.flatMap((der) => parseX509(der) ?? []);
}

type X509 = Parameters<typeof subjectOf>[0];

async function judgeSigner(
  about: string,
  trust: Trust,
  facts: Facts,
  atUnixMs: number | undefined,
  signer: X509,
  certificates: readonly X509[],
): Promise<Check> {
  const name = 'pdf.signer';
  if (trust.policy === undefined) return notChecked(name, about, 'no-policy', facts);
  // Neither a token nor the signer says when: no clock here could stand in.
  if (atUnixMs === undefined) return notChecked(name, about, 'absent', facts);
  const anchors = trust.policy.seals.map((der) => parseX509(parseBase64(der))).filter((x) => x !== undefined);
  const outcome = await findPath(signer, certificates, anchors, atUnixMs);
  if (outcome.trusted) return passed(name, about, facts);
  if (outcome.because === 'unknown-root') return notChecked(name, about, 'untrusted-key', facts);
  if (outcome.reason === 'unsupported-algorithm') return notChecked(name, about, 'unsupported', facts);
  return failed(name, about, outcome.reason, facts);
}

function coverageFacts(end: number, pdf: PdfSignatures): Facts {
  const revision = pdf.revisions.filter((mark) => mark <= end).length;
  const facts: Facts = { revision: `${revision} of ${pdf.revisions.length}`, coveredBytes: String(end) };
  const added = pdf.addedAfter(end);
  if (added === undefined) return { ...facts, addedAfter: 'nothing' };
  return {
    ...facts,
    addedAfter: `${added.bytes} bytes`,
    ...(added.replaced.length > 0 && { changedObjects: added.replaced.join(' ').slice(0, 4000) }),
  };
}

/** Is there anything in the file that no signature covers? */
function checkChanges(pdf: PdfSignatures): Check {
  const name = 'pdf.changes';
  const last = pdf.signatures.at(-1)?.coverage;
  if (last?.ok !== true) return notChecked(name, null, 'depends-on-failed');
  const added = pdf.addedAfter(last.end);
  if (added === undefined) return passed(name, null, { addedAfter: 'nothing' });
  const facts: Facts = { addedAfter: `${added.bytes} bytes` };
  if (added.onlyValidationData === undefined) return notChecked(name, null, 'unsupported', facts);
  if (added.onlyValidationData) return passed(name, null, { ...facts, added: 'validation data' });
  return failed(name, null, 'changed-after-signing', {
    ...facts,
    changedObjects: added.replaced.join(' ').slice(0, 4000),
  });
}
