import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { BlobReader } from '@zip.js/zip.js';
import { type Certificate, MAX_CERTIFICATE_BYTES, parseCertificate } from '../format/certificate.ts';
import { typeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue, MAX_DEPTH, parseJson } from '../format/json.ts';
import { PACKAGE } from '../format/package.ts';
import { MAX_POLICY_BYTES } from '../format/policy.ts';
import { exitCodeOf, type Report } from '../format/report.ts';
import type { PresentedFile } from '../verify/deposit.ts';
import { type PackagedFile, verifyPackage } from '../verify/package.ts';
import { type PackageHasher, readPackage } from '../verify/package-reader.ts';
import { MAX_PDF_BYTES, openPdf, verifyPdf } from '../verify/pdf.ts';
import { type NodeAnswers, openTrust, type Trust } from '../verify/trust.ts';
import { verifyCertificate, verifyReceipt } from '../verify/verify.ts';
import { CliError } from './cli-error.ts';
import { digestFile, readSmallFile, readStart } from './local-files.ts';
import { askNodes } from './node-answers.ts';
import { ProgressLine } from './progress.ts';
import { formatReport } from './report-text.ts';

interface VerifyOptions {
  policy?: string;
  rpc: string[];
  trustedBlock: string[];
  json?: boolean;
}

/** What the reader handed over, opened as far as needed to know which questions to ask. */
type Evidence =
  | { kind: 'certificate' | 'receipt' | 'pdf'; bytes: Uint8Array }
  | { kind: 'package'; files: PackagedFile[] };

/** Prints the report. The exit code is 0, 1 or 2 as `exitCodeOf` says; unusable input throws. */
export async function verify(path: string, files: string[], options: VerifyOptions): Promise<void> {
  const quiet = options.json ?? false;
  for (const block of options.trustedBlock) {
    if (!/^(?:eip155:[1-9][0-9]{0,15}\/)?0x[0-9a-f]{64}$/.test(block)) {
      throw new CliError('option-invalid', `--trusted-block ${block}: expected 0x… or eip155:1/0x…, lower case`);
    }
  }
  const policy = options.policy === undefined ? undefined : await readSmallFile(options.policy, MAX_POLICY_BYTES);
  const evidence = await openEvidence(path, quiet);
  const beside: PresentedFile[] = [];
  for (const file of files) beside.push(await digestFile(file, quiet));
  const node = options.rpc.length === 0 ? undefined : await ask(options.rpc, evidence);
  const report = await reportOn(evidence, beside, openTrust(policy, options.trustedBlock, node));
  if (options.json) process.stdout.write(encodeJson(report as unknown as JsonValue));
  else console.log(formatReport(report));
  process.exitCode = exitCodeOf(report);
}

/** Tells by content what it is. @throws CliError `evidence-unknown`, `file-unreadable` */
async function openEvidence(path: string, quiet: boolean): Promise<Evidence> {
  const start = Buffer.from(await readStart(path, 8)).toString('latin1');
  if (start.startsWith('%PDF-')) return { kind: 'pdf', bytes: await readSmallFile(path, MAX_PDF_BYTES) };
  if (start.startsWith('PK\u0003\u0004')) {
    const progress = new ProgressLine(`hashing ${path}`, undefined, quiet);
    const files = await readPackage(new BlobReader(await openAsBlob(path)), startHasher, (n) => progress.add(n));
    progress.end();
    return { kind: 'package', files };
  }
  if (start.startsWith('{')) {
    const bytes = await readSmallFile(path, MAX_CERTIFICATE_BYTES);
    const type = typeOf(parseJson(bytes, { maxBytes: MAX_CERTIFICATE_BYTES, maxDepth: MAX_DEPTH }));
    if (type === 'tiezheng/certificate/v1') return { kind: 'certificate', bytes };
    if (type === 'tiezheng/receipt/v1') return { kind: 'receipt', bytes };
    throw new CliError('evidence-unknown', `${path} is JSON of type ${type ?? 'none'}, not a certificate or receipt`);
  }
  throw new CliError('evidence-unknown', `${path} is neither a certificate, a receipt, a PDF nor a ZIP package`);
}

function startHasher(): PackageHasher {
  const hashes = { sha256: createHash('sha256'), sha512: createHash('sha512'), sm3: createHash('sm3') };
  return {
    update: (bytes) => {
      for (const hash of Object.values(hashes)) hash.update(bytes);
    },
    finish: () => ({
      sha256: hashes.sha256.digest('hex'),
      sha512: hashes.sha512.digest('hex'),
      sm3: hashes.sm3.digest('hex'),
    }),
  };
}

async function ask(urls: string[], evidence: Evidence): Promise<NodeAnswers | undefined> {
  const certificate = await certificateOf(evidence);
  if (certificate === undefined) return undefined;
  return askNodes(urls, certificate, (text) => console.error(`tiezheng: ${text}`));
}

/** Undefined for a receipt, which names no block that a header came along for. */
async function certificateOf(evidence: Evidence): Promise<Certificate | undefined> {
  if (evidence.kind === 'package') {
    const bytes = evidence.files.find((file) => file.path === PACKAGE.certificateJson)?.bytes;
    return bytes === undefined ? undefined : parseCertificate(bytes);
  }
  if (evidence.kind === 'receipt') return undefined;
  const isPdf = evidence.kind === 'pdf';
  return parseCertificate(isPdf ? (await openPdf(evidence.bytes)).certificate : evidence.bytes);
}

function reportOn(evidence: Evidence, beside: PresentedFile[], trust: Trust): Promise<Report> {
  switch (evidence.kind) {
    case 'certificate':
      return verifyCertificate(evidence.bytes, beside, trust);
    case 'receipt':
      return verifyReceipt(evidence.bytes, beside, trust);
    case 'pdf':
      return verifyPdf(evidence.bytes, beside, trust);
    case 'package':
      return verifyPackage(evidence.files, beside, trust);
  }
}
