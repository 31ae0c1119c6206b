import { CodedError } from '../errors.ts';
import { MAX_CERTIFICATE_BYTES } from '../format/certificate.ts';
import { typeOf } from '../format/fields.ts';
import { type JsonValue, MAX_DEPTH, parseJson } from '../format/json.ts';
import { MAX_POLICY_BYTES } from '../format/policy.ts';
import { MAX_PDF_BYTES, openPdf } from '../verify/pdf.ts';

/** The document that the reader wants verified. */
export type SubjectKind = 'certificate' | 'receipt' | 'pdf' | 'package';

export interface Subject {
  kind: SubjectKind;
  file: File;
}

/** What a heap of dropped files is, told by content and never by name. */
export interface SortedInput {
  /** Strongest first: a package says more than the certificate inside it. */
  subjects: Subject[];
  policies: File[];
  originals: File[];
}

export class InputError extends CodedError<'not-a-document' | 'file-unreadable'> {}

const STRENGTH: SubjectKind[] = ['package', 'certificate', 'pdf', 'receipt'];

export async function sortInput(files: readonly File[]): Promise<SortedInput> {
  const sorted: SortedInput = { subjects: [], policies: [], originals: [] };
  for (const file of files) {
    const kind = await kindOf(file);
    if (kind === 'policy') sorted.policies.push(file);
    else if (kind === undefined) sorted.originals.push(file);
    else sorted.subjects.push({ kind, file });
  }
  sorted.subjects.sort((a, b) => STRENGTH.indexOf(a.kind) - STRENGTH.indexOf(b.kind));
  return sorted;
}

/** @returns undefined for any file that is nothing of this project's own */
async function kindOf(file: File): Promise<SubjectKind | 'policy' | undefined> {
  const head = new TextDecoder('latin1').decode(await bytesOf(file.slice(0, 4096)));
  if (/^\s*\{/.test(head)) return jsonKindOf(file);
  if (head.startsWith('%PDF-')) return (await carriesCertificate(file)) ? 'pdf' : undefined;
  if (head.startsWith('PK\x03\x04')) return (await isBag(file)) ? 'package' : undefined;
  return undefined;
}

async function jsonKindOf(file: File): Promise<SubjectKind | 'policy' | undefined> {
  const maxBytes = Math.max(MAX_CERTIFICATE_BYTES, MAX_POLICY_BYTES);
  if (file.size > maxBytes) return undefined;
  let value: JsonValue;
  try {
    value = parseJson(await bytesOf(file), { maxBytes, maxDepth: MAX_DEPTH });
  } catch {
    return undefined;
  }
  switch (typeOf(value)) {
    case 'tiezheng/certificate/v1':
      return 'certificate';
    case 'tiezheng/receipt/v1':
      return 'receipt';
    case 'tiezheng/policy/v1':
      return 'policy';
    default:
      return undefined;
  }
}

/** Evidence may itself be a PDF, so the file's kind says nothing. */
async function carriesCertificate(file: File): Promise<boolean> {
  if (file.size > MAX_PDF_BYTES) return false;
  try {
    await openPdf(await bytesOf(file));
    return true;
  } catch {
    return false;
  }
}

/** Evidence may itself be a ZIP (office documents, apps). BagIt's declaration is stored in the central directory at the end. */
async function isBag(file: File): Promise<boolean> {
  const tail = new TextDecoder('latin1').decode(await bytesOf(file.slice(-1024 * 1024)));
  return /(?:^|[^\w])bagit\.txt/.test(tail);
}

/** @throws InputError `file-unreadable` if the file was moved or changed since it was chosen */
export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new InputError('file-unreadable', `the file could not be read: ${(cause as Error).message}`, { cause });
  }
}
