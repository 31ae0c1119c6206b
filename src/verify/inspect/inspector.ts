import type { InspectedKind } from '../../format/inspection.ts';
import type { Trust } from '../trust.ts';
import type { Finding } from './finding.ts';
import type { FileDigest, HeldFile } from './held-file.ts';

/** How one kind of thing that lies in one file is told and looked into. */
export interface Inspector {
  kind: InspectedKind;
  /** Longer files are not of this kind. */
  maxBytes: number;
  /** Told by its first bytes (at most `HEAD_BYTES`), never by its name. A damaged thing is still one of its kind. */
  recognises(head: Uint8Array): boolean;
  /**
   * Digests of the file it speaks of, to be computed before `inspect`; none if it speaks of no other file.
   * @throws CodedError if it cannot be read at all
   */
  speaksOf(bytes: Uint8Array): readonly FileDigest[];
  /** @throws CodedError if it cannot be read at all; bad evidence is a finding */
  inspect(bytes: Uint8Array, held: readonly HeldFile[], trust: Trust): Promise<Finding>;
}

export const HEAD_BYTES = 4096;
