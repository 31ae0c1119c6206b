// What it takes to check a certificate, its PDF and its package, offline, with the same code as the command and the page.
import { execFile } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { Uint8ArrayReader } from '@zip.js/zip.js';
import { exitCodeOf, type Report } from '../src/format/report.ts';
import type { PresentedFile } from '../src/verify/deposit.ts';
import { verifyPackage } from '../src/verify/package.ts';
import { type PackageHasher, readPackage } from '../src/verify/package-reader.ts';
import { verifyPdf } from '../src/verify/pdf.ts';
import { openTrust } from '../src/verify/trust.ts';
import { verifyCertificate } from '../src/verify/verify.ts';
import { VECTORS } from '../test/support/vectors.ts';
import { fetchDeposit, startEvaluationService, untilCertified } from './evaluation-service.ts';
import { type Content, incompressible, photograph } from './generated-content.ts';
import { figure, mebibytes, median, printTable, timed } from './measurement.ts';
import { deposit, openAgent } from './upload.ts';

const COMMAND = fileURLToPath(new URL('../bin/tiezheng.mjs', import.meta.url));
const LARGE_BYTES = 64 * 1024 ** 2;
const WARM_UP = 20;
const RUNS = 51;
const FEW_RUNS = 5;
const DIGESTS = ['sha256', 'sha512', 'sm3'] as const;

/** What a depositor holds of one deposit of one file. */
interface Held {
  name: string;
  original: Uint8Array;
  certificate: Uint8Array;
  pdf: Uint8Array;
  packed: Uint8Array;
}

interface Evidence {
  small: Held;
  large: Held;
  policy: Uint8Array;
}

export async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tiezheng-bench-'));
  try {
    const evidence = await makeEvidence();
    const rows = [
      ...(await measureInProcess(evidence)),
      ...(await measureLargeLog()),
      ...(await measureCommand(evidence, folder)),
    ];
    console.log(`medians of ${RUNS} runs; of ${FEW_RUNS} for packages and commands`);
    printTable(['', 'median', 'ratio'], rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From a service that is stopped again: nothing below asks it. */
async function makeEvidence(): Promise<Evidence> {
  const service = await startEvaluationService();
  const agent = openAgent(1);
  const hold = async (name: string, content: Content): Promise<Held> => {
    const client = { agent, apiKey: service.apiKey };
    const { depositId } = await deposit(`${service.url}/api/v1/deposits`, client, [{ name, content }]);
    await untilCertified(service, depositId as string);
    const part = (file: string) => fetchDeposit(service, depositId as string, file);
    return {
      name,
      original: Buffer.concat([...content.chunks()]),
      certificate: await part('certificate.json'),
      pdf: await part('certificate.pdf'),
      packed: await part('package.zip'),
    };
  };
  try {
    return {
      small: await hold('photograph.jpg', await photograph(1000)),
      large: await hold('recording.bin', incompressible(LARGE_BYTES)),
      policy: await readFile(join(service.folder, 'evaluation-policy.json')),
    };
  } finally {
    agent.destroy();
    await service.stop();
  }
}

async function measureInProcess({ small, large, policy }: Evidence): Promise<string[][]> {
  const trust = openTrust(policy, [], undefined);
  const { certificate, pdf, original } = small;
  const presented = [digestsOf(original)];
  const signatures = await medianOf(RUNS, verifyTwoSignatures());
  const besideSignatures = (ms: number) => `${figure(ms / signatures)} × the two signatures`;
  const ofCertificate = await medianOf(RUNS, async () =>
    accept(await verifyCertificate(certificate, presented, trust)),
  );
  const ofPdf = await medianOf(RUNS, async () => accept(await verifyPdf(pdf, presented, trust)));

  const { packed } = large;
  const digests = await medianOf(FEW_RUNS, () => {
    for (const name of DIGESTS) createHash(name).update(packed).digest();
  });
  const ofPackage = await medianOf(FEW_RUNS, async () =>
    accept(await verifyPackage(await readPackage(new Uint8ArrayReader(packed), startHasher, () => {}), [], trust)),
  );
  return [
    row('bare: one P-256 and one Ed25519 signature', signatures),
    row('certificate.json, its file hashed already', ofCertificate, besideSignatures(ofCertificate)),
    row(`certificate.pdf (${mebibytes(pdf.length)}), likewise`, ofPdf, besideSignatures(ofPdf)),
    row(`bare: SHA-256, SHA-512 and SM3 of ${mebibytes(packed.length)}`, digests),
    row('package of that size', ofPackage, `${figure(ofPackage / digests)} × the three digests`),
  ];
}

/** Of a log of a million leaves: one chain, tokens of two authorities with revocation data beside them, one proof in Bitcoin, one file. */
async function measureLargeLog(): Promise<string[][]> {
  const stem = `${VECTORS}certificates/good/a-million-leaves`;
  const certificate = await readFile(`${stem}.json`);
  const trust = openTrust(await readFile(`${VECTORS}policies/two-independent.json`), [], undefined);
  const presented = [digestsOf(await readFile(`${VECTORS}files/1.txt`))];
  const revocation = await Promise.all([1, 2, 3, 4].map((n) => readFile(`${stem}.${n}.crl`)));
  const beside = { certificates: [], revocation };
  const time = await medianOf(RUNS, async () =>
    accept(await verifyCertificate(certificate, presented, trust, undefined, beside)),
  );
  const size = `${figure(certificate.length / 1024)} KiB of at most 40 allowed`;
  return [row('certificate.json at a million leaves: chain, 2 tokens, .ots', time, size)];
}

/** As a reader runs it: a new process each time. */
async function measureCommand({ small, policy }: Evidence, folder: string): Promise<string[][]> {
  const [certificate, original, trusted] = ['certificate.json', small.name, 'policy.json'].map((n) => join(folder, n));
  await writeFile(certificate as string, small.certificate);
  await writeFile(original as string, small.original);
  await writeFile(trusted as string, policy);
  const command = (...args: (string | undefined)[]) =>
    promisify(execFile)(process.execPath, [COMMAND, ...args.map(String)]);
  const started = await medianOf(FEW_RUNS, () => command('--version'));
  const verified = await medianOf(FEW_RUNS, () => command('verify', certificate, original, '--policy', trusted));
  return [
    row('bare: "tiezheng --version"', started),
    row(
      '"tiezheng verify certificate.json photograph.jpg --policy …"',
      verified,
      `${figure(verified / started)} × that`,
    ),
  ];
}

function row(label: string, ms: number, ratio = ''): string[] {
  return [label, `${figure(ms)} ms`, ratio];
}

async function medianOf(runs: number, work: () => unknown): Promise<number> {
  // What takes long is not sped up by having been done before.
  for (let i = 0; i < Math.min(WARM_UP, runs - 1); i++) await work();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await timed(work));
  return median(times);
}

/** With the library that verification uses: what a seal and a checkpoint cost at the least. */
function verifyTwoSignatures(): () => void {
  const message = new Uint8Array(200).fill(7);
  const sealKey = p256.keygen();
  const logKey = ed25519.keygen();
  const seal = p256.sign(message, sealKey.secretKey);
  const signature = ed25519.sign(message, logKey.secretKey);
  return () => {
    const holds =
      p256.verify(seal, message, sealKey.publicKey, { lowS: false }) &&
      ed25519.verify(signature, message, logKey.publicKey, { zip215: false });
    if (!holds) throw new Error('a good signature was refused');
  };
}

function startHasher(): PackageHasher {
  const [sha256, sha512, sm3] = DIGESTS.map((name) => createHash(name)) as [Hash, Hash, Hash];
  return {
    update: (bytes) => {
      for (const hash of [sha256, sha512, sm3]) hash.update(bytes);
    },
    finish: () => ({ sha256: sha256.digest('hex'), sha512: sha512.digest('hex'), sm3: sm3.digest('hex') }),
  };
}

function digestsOf(original: Uint8Array): PresentedFile {
  const hasher = startHasher();
  hasher.update(original);
  const { sha256, sm3 } = hasher.finish();
  return { sizeBytes: original.length, sha256, sm3 };
}

/** One that is not accepted may have been cheaper. */
function accept(report: Report): void {
  if (exitCodeOf(report) !== 0) throw new Error(`${report.conclusion}: ${report.unmet.join(', ')}`);
}
