import type { DepositorAnnex, StatementAnnex } from '../format/annex.ts';
import type { SignatureAnnex } from '../format/annex-signature.ts';
import { encodeHex, encodeHex0x, parseUtf8 } from '../format/bytes.ts';
import { type Attestation, type Certificate, certificateSchema, type PlatformProfile } from '../format/certificate.ts';
import type { DepositRecord, FileEntry, FileName } from '../format/deposit.ts';
import { checkObject, utcTimeOf } from '../format/fields.ts';
import type { ProvedRotation } from '../format/log-event.ts';
import { fileLeafData } from '../format/spine.ts';
import { keyHints } from '../log/key-schedule.ts';
import { leafHash } from '../merkle/hash.ts';
import { inclusionProof, nodesOver } from '../merkle/tree.ts';
import { limitationsFor } from './limitations.ts';

/** All that is known of one deposit and may go into its certificate. */
export interface DepositEvidence {
  record: DepositRecord;
  /** Every file, in the order of their indices. A name is null if it stays closed. */
  files: readonly { entry: FileEntry; name: FileName | null }[];
  annexes: { depositor?: DepositorAnnex; statement?: StatementAnnex; signature?: SignatureAnnex };
  origin: string;
  /** vkeys of the log, from its leaf 0. */
  keys: readonly string[];
  /** How the log went over to another key, as far as the publications go. */
  rotations?: readonly ProvedRotation[];
  leafIndex: bigint;
  /** RLP of the block that `record.notBefore` names; null if there is none, or if the chain's headers cannot be rebuilt. */
  notBeforeHeader: Uint8Array | null;
  publications: readonly {
    /** Signed note with the log's signature only, exact. */
    checkpoint: Uint8Array;
    /** 32 bytes each, leaf side first. */
    inclusionProof: readonly Uint8Array[];
    /** Signature lines of witnesses. */
    cosignatures: readonly string[];
    attestations: readonly Attestation[];
  }[];
  /** Indices of the files whose originals are in the store now. */
  originalsHeld: readonly number[];
}

export interface IssueTerms {
  certificateNo: string;
  /** Operator's clock, milliseconds since 1970. */
  issuedAtMs: number;
  evaluation: boolean;
  platform: PlatformProfile;
}

/**
 * The certificate without its seal. The same evidence and terms give the same bytes.
 * @throws FormatError if what it was given makes no certificate that a parser would read
 */
export async function assembleCertificate(evidence: DepositEvidence, terms: IssueTerms): Promise<Certificate> {
  const { record, files, annexes } = evidence;
  const readNode = nodesOver(files.map(({ entry }) => leafHash(fileLeafData(entry))));
  const paths = await Promise.all(files.map((_, i) => inclusionProof(BigInt(i), BigInt(files.length), readNode)));
  const certificate: Certificate = {
    type: 'tiezheng/certificate/v1',
    claims: {
      certificateNo: terms.certificateNo,
      issuedAt: utcTimeOf(terms.issuedAtMs),
      evaluation: terms.evaluation,
      platform: terms.platform,
      originalsHeld: [...evidence.originalsHeld],
      limitations: limitationsFor({
        evaluation: terms.evaluation,
        declaredOnly: files.some(({ entry }) => entry.digestSource === 'declared'),
      }),
    },
    record,
    files: files.map(({ entry, name }, i) => ({ entry, path: (paths[i] ?? []).map(encodeHex), name })),
    annexes,
    log: {
      origin: evidence.origin,
      leafIndex: Number(evidence.leafIndex),
      keys: keyHints(evidence.keys, evidence.rotations ?? []),
      ...(evidence.rotations && evidence.rotations.length > 0 && { rotations: [...evidence.rotations] }),
    },
    notBeforeHeader: evidence.notBeforeHeader === null ? null : encodeHex0x(evidence.notBeforeHeader),
    publications: evidence.publications.map((publication) => ({
      checkpoint: parseUtf8(publication.checkpoint),
      inclusionProof: publication.inclusionProof.map(encodeHex),
      cosignatures: [...publication.cosignatures],
      attestations: [...publication.attestations],
    })),
    seals: [],
  };
  return checkObject(certificateSchema, certificate.type, certificate);
}
