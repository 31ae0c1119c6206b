import { CodedError } from '../../errors.ts';
import { parseCertificate } from '../../format/certificate.ts';
import { PACKAGE } from '../../format/package.ts';
import { parseReceipt } from '../../format/receipt.ts';
import type { Thing } from '../../verify/inspect/desk.ts';
import { openPdf } from '../../verify/pdf.ts';

/** A file as a document lists it; whether anything fits it is for the report to say. */
export interface NamedFile {
  /** From 0. */
  index: number;
  /** Undefined where the document does not open the name. */
  name: string | undefined;
  sizeBytes: number;
  sha256: string;
  /** The service has not seen the file. */
  isDeclared: boolean;
}

/** Files listed in a document of this project; none in anything else. */
export async function filesNamedIn(thing: Thing): Promise<NamedFile[]> {
  try {
    return (await listed(thing)).map(({ entry, name }) => ({
      index: entry.index,
      name: name?.name,
      sizeBytes: entry.sizeBytes,
      sha256: entry.digests.sha256,
      isDeclared: entry.digestSource === 'declared',
    }));
  } catch (error) {
    // The report tells what is wrong with the document.
    if (error instanceof CodedError) return [];
    throw error;
  }
}

async function listed(thing: Thing) {
  switch (thing.kind) {
    case 'certificate':
      return parseCertificate(thing.bytes).files;
    case 'receipt':
      return parseReceipt(thing.bytes).files;
    case 'pdf':
      return parseCertificate((await openPdf(thing.bytes)).certificate).files;
    case 'package': {
      const certificate = thing.files.find(({ path }) => path === PACKAGE.certificateJson)?.bytes;
      return certificate === undefined ? [] : parseCertificate(certificate).files;
    }
    default:
      return [];
  }
}
