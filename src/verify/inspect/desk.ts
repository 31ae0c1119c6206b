import { FormatError } from '../../errors.ts';
import type { InspectedKind, Inspection } from '../../format/inspection.ts';
import { PACKAGE } from '../../format/package.ts';
import type { Report } from '../../format/report.ts';
import type { PresentedFile } from '../deposit.ts';
import { type PackagedFile, verifyPackage } from '../package.ts';
import { openPdf, verifyPdf } from '../pdf.ts';
import type { Trust } from '../trust.ts';
import { verifyCertificate, verifyReceipt } from '../verify.ts';
import { materialAmong } from './aid.ts';
import { type BaggedFile, inspectBag } from './bag.ts';
import { concludeInspection } from './finding.ts';
import type { FileDigest, HeldFile } from './held-file.ts';
import { inspectorOf } from './recognise.ts';

/** What is verified, opened as far as needed by the place that it lies in. */
export type Thing =
  | { kind: 'certificate' | 'receipt' | 'pdf' | Exclude<InspectedKind, 'bag'>; bytes: Uint8Array }
  | { kind: 'package'; files: PackagedFile[] }
  | { kind: 'bag'; files: BaggedFile[] };

/** A report of a receipt or certificate of this project, an inspection of anything else. */
export type Verdict = Report | Inspection;

/**
 * Digests of the files beside a thing that its verification needs besides SHA-256 and SM3.
 * @throws CodedError if the thing cannot be read at all
 */
export function digestsAbout(thing: Thing): readonly FileDigest[] {
  if ('files' in thing) return [];
  return inspectorOf(thing.kind as InspectedKind)?.speaksOf(thing.bytes) ?? [];
}

/**
 * The one door to verification: whatever was recognised, under the reader's policy, against the files that he holds.
 * @param held with the digests that `digestsAbout` names
 * @param status tiezheng/status-proof/v1, for a certificate however it is carried; else the one among `held`
 * @param custody tiezheng/custody-file/v1, likewise
 * @throws CodedError if the thing is unusable; bad evidence is a verdict
 */
export async function verifyThing(
  thing: Thing,
  held: readonly HeldFile[],
  trust: Trust,
  status: Uint8Array | undefined = aidAmong(held, 'status'),
  custody: Uint8Array | undefined = aidAmong(held, 'custody'),
): Promise<Verdict> {
  const material = materialAmong(held.map(({ aid }) => aid));
  switch (thing.kind) {
    case 'certificate':
      return verifyCertificate(thing.bytes, filesFor(thing.bytes, held), trust, undefined, material, status, custody);
    case 'receipt':
      return verifyReceipt(thing.bytes, filesFor(thing.bytes, held), trust, custody);
    case 'pdf':
      return verifyPdf(
        thing.bytes,
        filesFor((await openPdf(thing.bytes)).certificate, held),
        trust,
        status,
        material,
        custody,
      );
    case 'package': {
      const certificate = thing.files.find(({ path }) => path === PACKAGE.certificateJson)?.bytes;
      return verifyPackage(thing.files, filesFor(certificate ?? new Uint8Array(), held), trust, status, custody);
    }
    case 'bag':
      return concludeInspection('bag', inspectBag(thing.files), trust);
    default: {
      const inspector = inspectorOf(thing.kind);
      if (inspector === undefined) throw new FormatError('unknown-type', `${thing.kind} cannot be inspected`);
      return concludeInspection(
        thing.kind,
        await inspector.inspect(thing.bytes, distinct(held), trust, custody),
        trust,
      );
    }
  }
}

export function isInspection(verdict: Verdict): verdict is Inspection {
  return verdict.type === 'tiezheng/inspection/v1';
}

function aidAmong(held: readonly HeldFile[], kind: 'status' | 'custody'): Uint8Array | undefined {
  for (const { aid } of held) if (aid?.kind === kind) return aid.bytes;
  return undefined;
}

/** The same bytes handed over twice are one file. */
function distinct(held: readonly HeldFile[]): HeldFile[] {
  return [...new Map(held.map((file) => [file.sha256, file])).values()];
}

/**
 * The files to hold against a certificate or receipt. A proof or an aid lying beside it may be evidence itself, if it is listed there; else it
 * is no stranger among the files but something to verify for itself.
 */
function filesFor(document: Uint8Array, held: readonly HeldFile[]): PresentedFile[] {
  const text = latin1(document);
  return held
    .filter(({ isProof, aid, sha256 }) => (!isProof && aid === undefined) || text.includes(sha256))
    .map(({ sizeBytes, sha256, sm3 }) => ({ sizeBytes, sha256, sm3 }));
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
