import { BlobReader } from '@zip.js/zip.js';
import { CodedError } from '../../errors.ts';
import { MAX_CERTIFICATE_BYTES } from '../../format/certificate.ts';
import { typeOf } from '../../format/fields.ts';
import type { InspectedKind } from '../../format/inspection.ts';
import { type JsonValue, MAX_DEPTH, parseJson } from '../../format/json.ts';
import { PACKAGE } from '../../format/package.ts';
import { MAX_SIGNED_POLICY_BYTES } from '../../format/signed-policy.ts';
import { listZip, readZipEntry } from '../package-reader.ts';
import { MAX_PDF_BYTES, openPdf } from '../pdf.ts';
import { bagBase } from './bag.ts';
import { evidenceRecordInspector } from './evidence-record.ts';
import { handOverInspector } from './hand-over.ts';
import { HEAD_BYTES, type HeadInspector, type Inspector } from './inspector.ts';
import { opentimestampsInspector } from './opentimestamps.ts';
import { readPdfSignatures } from './pdf-signatures.ts';
import { signedPdfInspector } from './signed-pdf.ts';
import { responseInspector, tokenInspector } from './timestamp.ts';
import { tlogProofInspector } from './tlog-proof.ts';

/** What lies in one file, is looked into as a whole and told by its first bytes. */
const HEAD_INSPECTORS: readonly HeadInspector[] = [
  opentimestampsInspector,
  tlogProofInspector,
  evidenceRecordInspector,
  responseInspector,
  tokenInspector,
  signedPdfInspector,
];

/** Documents of this project that are verified, strongest first: a package says more than the certificate inside it. */
export const OWN_KINDS = ['package', 'certificate', 'pdf', 'receipt'] as const;
export type OwnKind = (typeof OWN_KINDS)[number];
export type ThingKind = OwnKind | InspectedKind;

/** Bytes that lie where the reader is, read in pieces: the Blob of browsers and of Node. */
export interface ByteSource {
  readonly size: number;
  slice(start: number, end?: number): ByteSource;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * Tells by content, never by name, what a file is. Evidence may itself be a PDF or a ZIP; without a signature or a bag's declaration
 * it is no thing to verify but a file to hold against one.
 * @returns undefined for any file that is nothing a verifier can look into
 */
export async function recognise(source: ByteSource): Promise<ThingKind | 'policy' | undefined> {
  const head = await bytesOf(source.slice(0, HEAD_BYTES));
  if (/^\s*\{/.test(latin1(head))) return recogniseJson(source);
  if (latin1(head.subarray(0, 5)) === '%PDF-') return recognisePdf(source);
  if (latin1(head.subarray(0, 4)) === 'PK\u0003\u0004') return recogniseZip(source);
  return inspectorFor(source.size, head)?.kind;
}

/** Whether a file of this kind proves something of another one; signed PDFs and bags are evidence themselves. */
export function isProof(kind: ThingKind | 'policy' | undefined): boolean {
  return kind !== undefined && kind !== 'signed-pdf' && kind !== 'bag';
}

/** A bag is looked into by `inspectBag`. */
export function inspectorOf(kind: InspectedKind): Inspector | undefined {
  return [handOverInspector, ...HEAD_INSPECTORS].find((inspector) => inspector.kind === kind);
}

function inspectorFor(sizeBytes: number, head: Uint8Array): HeadInspector | undefined {
  return HEAD_INSPECTORS.find((inspector) => sizeBytes <= inspector.maxBytes && inspector.recognises(head));
}

async function recogniseJson(source: ByteSource): Promise<OwnKind | 'hand-over' | 'policy' | undefined> {
  const maxBytes = Math.max(MAX_CERTIFICATE_BYTES, MAX_SIGNED_POLICY_BYTES);
  if (source.size > maxBytes) return undefined;
  switch (typeOfJson(await bytesOf(source), maxBytes)) {
    case 'tiezheng/certificate/v1':
      return 'certificate';
    case 'tiezheng/receipt/v1':
      return 'receipt';
    case 'tiezheng/hand-over/v1':
      return 'hand-over';
    case 'tiezheng/policy/v1':
    case 'tiezheng/signed-policy/v1':
      return 'policy';
    default:
      return undefined;
  }
}

function typeOfJson(bytes: Uint8Array, maxBytes: number): string | undefined {
  let value: JsonValue;
  try {
    value = parseJson(bytes, { maxBytes, maxDepth: MAX_DEPTH });
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
  return typeOf(value);
}

async function recognisePdf(source: ByteSource): Promise<'pdf' | 'signed-pdf' | undefined> {
  if (source.size > MAX_PDF_BYTES) return undefined;
  const bytes = await bytesOf(source);
  try {
    await openPdf(bytes);
    return 'pdf';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return readPdfSignatures(bytes) === undefined ? undefined : 'signed-pdf';
  }
}

async function recogniseZip(source: ByteSource): Promise<'package' | 'bag' | undefined> {
  try {
    const paths = await listZip(readerOf(source));
    if (bagBase(paths) === undefined) return undefined;
    if (!paths.includes(PACKAGE.certificateJson)) return 'bag';
    if (paths.includes(PACKAGE.seal)) return 'package';
    const bytes = await readZipEntry(readerOf(source), PACKAGE.certificateJson, MAX_CERTIFICATE_BYTES);
    const type = bytes === undefined ? undefined : typeOfJson(bytes, MAX_CERTIFICATE_BYTES);
    return type === 'tiezheng/certificate/v1' ? 'package' : 'bag';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    // A damaged ZIP that was a bag: its reader says what is wrong with it.
    const tail = latin1(await bytesOf(source.slice(Math.max(0, source.size - TAIL_BYTES))));
    return /(?:^|[^\w])bagit\.txt/.test(tail) ? 'package' : undefined;
  }
}

const TAIL_BYTES = 1024 * 1024;

export function readerOf(source: ByteSource): BlobReader {
  return new BlobReader(source as never);
}

async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  return new Uint8Array(await source.arrayBuffer());
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
