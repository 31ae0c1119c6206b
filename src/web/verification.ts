import type { Report } from '../format/report.ts';
import type { PresentedFile } from '../verify/deposit.ts';
import { verifyPackage } from '../verify/package.ts';
import { verifyPdf } from '../verify/pdf.ts';
import { openTrust } from '../verify/trust.ts';
import { verifyCertificate, verifyReceipt } from '../verify/verify.ts';
import { runLocally } from './local-worker.ts';
import { bytesOf, type Subject } from './presented-input.ts';

export interface VerificationInput {
  subject: Subject;
  originals: readonly PresentedFile[];
  policy: File | undefined;
  /** Blocks that the reader confirmed himself, `0x…` or `eip155:1/0x…`. */
  trustedBlocks: readonly string[];
}

/**
 * The page's one door to the verification core.
 * @param onBytes called with the number of bytes of a package unpacked since the last call
 * @throws CodedError if the input is unusable; bad evidence is a report
 */
export async function verifyInput(
  { subject: { kind, file }, originals, policy, trustedBlocks }: VerificationInput,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Report> {
  const trust = openTrust(policy === undefined ? undefined : await bytesOf(policy), trustedBlocks, undefined);
  switch (kind) {
    case 'certificate':
      return verifyCertificate(await bytesOf(file), originals, trust);
    case 'receipt':
      return verifyReceipt(await bytesOf(file), originals, trust);
    case 'pdf':
      return verifyPdf(await bytesOf(file), originals, trust);
    case 'package':
      return verifyPackage(await runLocally({ kind, blob: file }, onBytes, signal), originals, trust);
  }
}
