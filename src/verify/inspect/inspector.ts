import type { InspectedKind } from '../../format/inspection.ts';
import type { Trust } from '../trust.ts';
import type { Finding } from './finding.ts';
import type { FileDigest, HeldFile } from './held-file.ts';

/** How one kind of thing that lies in one file is looked into. */
export interface Inspector {
  kind: InspectedKind;
  /** Longer files are not of this kind. */
  maxBytes: number;
  /**
   * Digests of the file it speaks of, to be computed before `inspect`; none if it speaks of no other file.
   * @throws CodedError if it cannot be read at all
   */
  speaksOf(bytes: Uint8Array): readonly FileDigest[];
  /**
   * @param custody tiezheng/custody-file/v1, if the reader named one; others may be among `held`
   * @throws CodedError if it cannot be read at all; bad evidence is a finding
   */
  inspect(bytes: Uint8Array, held: readonly HeldFile[], trust: Trust, custody?: Uint8Array): Promise<Finding>;
}

/** Of a kind that is told by its first bytes. JSON is told by its `type`. */
export interface HeadInspector extends Inspector {
  /** By its first bytes (at most `HEAD_BYTES`), never by its name. A damaged thing is still one of its kind. */
  recognises(head: Uint8Array): boolean;
}

export const HEAD_BYTES = 4096;
