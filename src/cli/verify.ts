import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { MAX_HEADERS_FILE_BYTES, parseBitcoinHeaderLines } from '../format/bitcoin-header.ts';
import { parseUtf8 } from '../format/bytes.ts';
import { type Certificate, MAX_CERTIFICATE_BYTES, parseCertificate } from '../format/certificate.ts';
import { MAX_CUSTODY_FILE_BYTES } from '../format/custody.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { PACKAGE } from '../format/package.ts';
import { exitCodeOf } from '../format/report.ts';
import { MAX_STATUS_BYTES } from '../format/status.ts';
import { type Aid, aidOf, MAX_AID_BYTES } from '../verify/inspect/aid.ts';
import { type BagAlgorithm, bagAlgorithms } from '../verify/inspect/bag.ts';
import { digestsAbout, isInspection, type Thing, verifyThing } from '../verify/inspect/desk.ts';
import type { HeldFile } from '../verify/inspect/held-file.ts';
import { inspectorOf, isProof, readerOf, recognise } from '../verify/inspect/recognise.ts';
import { type EntryHasher, listZip, readPackage, readZip } from '../verify/package-reader.ts';
import { MAX_PDF_BYTES, openPdf } from '../verify/pdf.ts';
import { type NodeAnswers, openTrust } from '../verify/trust.ts';
import { readBagFolder } from './bag-folder.ts';
import { CliError } from './cli-error.ts';
import { formatInspection } from './inspection-text.ts';
import { digestFile, readSmallFile } from './local-files.ts';
import { askNodes } from './node-answers.ts';
import { readPolicyFile } from './policy-file.ts';
import { ProgressLine } from './progress.ts';
import { formatReport } from './report-text.ts';

interface VerifyOptions {
  policy?: string;
  policySigner?: string;
  rpc: string[];
  trustedBlock: string[];
  bitcoinHeaders?: string;
  status?: string;
  custody?: string;
  json?: boolean;
}

/** Prints the report. The exit code is 0, 1 or 2 as `exitCodeOf` says; unusable input throws. */
export async function verify(path: string, files: string[], options: VerifyOptions): Promise<void> {
  const quiet = options.json ?? false;
  for (const block of options.trustedBlock) {
    if (!/^(?:eip155:[1-9][0-9]{0,15}\/)?0x[0-9a-f]{64}$/.test(block)) {
      throw new CliError('option-invalid', `--trusted-block ${block}: expected 0x… or eip155:1/0x…, lower case`);
    }
  }
  const policy = await readPolicy(options);
  const headers =
    options.bitcoinHeaders === undefined
      ? []
      : parseBitcoinHeaderLines(parseUtf8(await readSmallFile(options.bitcoinHeaders, MAX_HEADERS_FILE_BYTES)));
  const thing = await openThing(path, quiet);
  const more = digestsAbout(thing);
  const held: HeldFile[] = [];
  for (const file of files) {
    const kind = await recognise(await blobOf(file));
    held.push({ ...(await digestFile(file, quiet, more)), isProof: isProof(kind), aid: await aidIn(file) });
  }
  const node = options.rpc.length === 0 ? undefined : await ask(options.rpc, thing);
  const status = options.status === undefined ? undefined : await readSmallFile(options.status, MAX_STATUS_BYTES);
  const custody =
    options.custody === undefined ? undefined : await readSmallFile(options.custody, MAX_CUSTODY_FILE_BYTES);
  const trust = { ...openTrust(policy, options.trustedBlock, node, headers), nowMs: Date.now() };
  const verdict = await verifyThing(thing, held, trust, status, custody);
  if (options.json) process.stdout.write(encodeJson(verdict as unknown as JsonValue));
  else console.log(isInspection(verdict) ? formatInspection(verdict) : formatReport(verdict));
  process.exitCode = exitCodeOf(verdict);
}

/** @throws CliError `option-invalid` if a signer is named without a policy; else as `readPolicyFile` */
async function readPolicy({ policy, policySigner }: VerifyOptions): Promise<Uint8Array | undefined> {
  if (policy !== undefined) return (await readPolicyFile(policy, policySigner)).policy;
  if (policySigner === undefined) return undefined;
  throw new CliError(
    'option-invalid',
    `--policy-signer ${policySigner}: there is no --policy that it could have signed`,
  );
}

/** Tells by content what it is. @throws CliError `evidence-unknown`, `file-unreadable` */
async function openThing(path: string, quiet: boolean): Promise<Thing> {
  if (await isFolder(path)) return { kind: 'bag', files: await readBagFolder(path, quiet) };
  const blob = await blobOf(path);
  const kind = await recognise(blob);
  switch (kind) {
    case 'certificate':
    case 'receipt':
      return { kind, bytes: await readSmallFile(path, MAX_CERTIFICATE_BYTES) };
    case 'pdf':
      return { kind, bytes: await readSmallFile(path, MAX_PDF_BYTES) };
    case 'package':
      return {
        kind,
        files: await unpack(path, quiet, (onBytes) => readPackage(readerOf(blob), packageHasher, onBytes)),
      };
    case 'bag': {
      const algorithms = bagAlgorithms(await listZip(readerOf(blob)));
      const read = await unpack(path, quiet, (onBytes) =>
        readZip(readerOf(blob), () => startHasher(algorithms), onBytes),
      );
      return { kind, files: read.map(({ entry, digests }) => ({ ...entry, digests })) };
    }
    case 'policy':
    case undefined:
      throw new CliError(
        'evidence-unknown',
        `${path} is no certificate, receipt, hand-over receipt, package, signed PDF, bag, timestamp, OpenTimestamps proof or log proof`,
      );
    default:
      return { kind, bytes: await readSmallFile(path, inspectorOf(kind)?.maxBytes ?? 0) };
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new CliError('file-unreadable', `${path}: ${(cause as Error).message}`, { cause });
  }
}

async function blobOf(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new CliError('file-unreadable', `${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Only small files can be one. */
async function aidIn(path: string): Promise<Aid | undefined> {
  const { size } = await stat(path);
  return size > MAX_AID_BYTES ? undefined : await aidOf(await readSmallFile(path, MAX_AID_BYTES));
}

async function unpack<T>(path: string, quiet: boolean, read: (onBytes: (n: number) => void) => Promise<T>): Promise<T> {
  const progress = new ProgressLine(`hashing ${path}`, undefined, quiet);
  const files = await read((n) => progress.add(n));
  progress.end();
  return files;
}

function packageHasher() {
  return startHasher(['sha256', 'sha512', 'sm3'] as const);
}

function startHasher<A extends BagAlgorithm | 'sm3'>(algorithms: readonly A[]): EntryHasher<Record<A, string>> {
  const hashes = algorithms.map((name) => [name, createHash(name)] as const);
  return {
    update: (bytes) => {
      for (const [, hash] of hashes) hash.update(bytes);
    },
    finish: () => Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')])) as Record<A, string>,
  };
}

async function ask(urls: string[], thing: Thing): Promise<NodeAnswers | undefined> {
  const certificate = await certificateOf(thing);
  if (certificate === undefined) return undefined;
  return askNodes(urls, certificate, (text) => console.error(`tiezheng: ${text}`));
}

/** Undefined for what names no block that a header came along for. */
async function certificateOf(thing: Thing): Promise<Certificate | undefined> {
  switch (thing.kind) {
    case 'package': {
      const bytes = thing.files.find((file) => file.path === PACKAGE.certificateJson)?.bytes;
      return bytes === undefined ? undefined : parseCertificate(bytes);
    }
    case 'certificate':
      return parseCertificate(thing.bytes);
    case 'pdf':
      return parseCertificate((await openPdf(thing.bytes)).certificate);
    default:
      return undefined;
  }
}
