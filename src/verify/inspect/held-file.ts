import type { Check } from '../../format/report.ts';
import { failed, notChecked, passed } from '../checks.ts';
import type { PresentedFile } from '../deposit.ts';
import type { Aid } from './aid.ts';

/**
 * Digests that proofs of others speak of, over a whole file. `leaf` is the leaf hash of RFC 6962 §2.1 with the file as the entry:
 * SHA-256(0x00 ‖ file).
 */
export type FileDigest = 'sha256' | 'sha384' | 'sha512' | 'leaf';

/** A file beside the thing that is verified, hashed where the reader is. */
export interface HeldFile extends PresentedFile {
  /** Those that the inspector asked for. */
  digests: Partial<Record<FileDigest, string>>;
  /** It proves something of another file: a proof that does not speak of it is not contradicted by it. */
  isProof: boolean;
  /** What it is if it helps to judge a thing. Such a file is evidence only where its digest is asked for. */
  aid: Aid | undefined;
}

/** The digest that a proof speaks of, lower-case hex. */
export interface SoughtDigest {
  algorithm: FileDigest;
  digest: string;
}

/**
 * Is the file that the proof speaks of among those held? One file alone that is another one contradicts the proof; among several
 * the right one may simply be missing.
 */
export function checkHeldFile(sought: SoughtDigest, held: readonly HeldFile[]): Check {
  const facts = { algorithm: sought.algorithm, digest: sought.digest };
  const match = held.find((file) => file.digests[sought.algorithm] === sought.digest);
  if (match !== undefined) return passed('file.digest', `presented ${match.sha256}`, facts);
  const files = held.filter(({ isProof, aid }) => !isProof && aid === undefined);
  if (files.length !== 1) {
    return notChecked('file.missing', null, 'absent', { ...facts, presented: String(files.length) });
  }
  const only = files[0] as HeldFile;
  const presented = only.digests[sought.algorithm] ?? '';
  return failed('file.digest', `presented ${only.sha256}`, 'not-the-file-of-this-proof', { ...facts, presented });
}
