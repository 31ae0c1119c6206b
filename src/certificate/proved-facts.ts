import { FormatError } from '../errors.ts';
import { parseBlockHeader } from '../format/block-header.ts';
import { encodeHex, encodeUtf8, parseBase64, parseHex0x, sha256 } from '../format/bytes.ts';
import type { Attestation, Certificate, EvmAttestation } from '../format/certificate.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { sealedBytes } from '../format/seal.ts';
import { depositLeafData } from '../format/spine.ts';
import { parseTstInfo } from '../format/timestamp.ts';
import { leafHash } from '../merkle/hash.ts';
import { isNamedSigner, parseSignedData } from '../verify/signed-data.ts';
import { parseX509, subjectOf } from '../verify/x509-chain.ts';

type TimestampAttestation = Extract<Attestation, { type: 'rfc3161' }>;

/** A block as its own header tells it. */
export interface BlockFacts {
  chain: string;
  /** `0x`. */
  hash: string;
  number: bigint;
  unixMs: number;
}

export interface PublicationFacts {
  treeSize: bigint;
  /** Hex. */
  rootHash: string;
  proofLength: number;
  anchors: { attestation: EvmAttestation; block: BlockFacts }[];
  tokens: TokenFacts[];
  /** OpenTimestamps proofs. */
  calendarProofs: number;
}

/** A timestamp as its own token tells it; whether its authority is to be trusted is the reader's affair. */
export interface TokenFacts {
  /** Name in the signer's certificate; null if that is not at hand. */
  authority: string | null;
  unixMs: number;
  /** Null if none is stated. */
  accuracyMs: number | null;
  /** Lower-case hex. */
  serial: string;
}

/** What follows from the certificate's own bytes by arithmetic, with no word of the operator in it. */
export interface ProvedFacts {
  /** SHA-256 of the sealed bytes: the certificate's name everywhere. Hex. */
  digest: string;
  leafHash: string;
  publications: PublicationFacts[];
  /** T₀: the block that the record names. Null if there is none or its header is not at hand. */
  notBefore: BlockFacts | null;
  /** T₂: the earliest block that anchors a checkpoint over this deposit. */
  notAfter: BlockFacts;
}

/**
 * @throws FormatError if a checkpoint or header is malformed
 * @throws Error if no publication has an anchor: such a certificate is not printed
 */
export function provedFacts(certificate: Certificate): ProvedFacts {
  const publications = certificate.publications.map((publication): PublicationFacts => {
    const checkpoint = parseCheckpoint(encodeUtf8(publication.checkpoint));
    const anchors = publication.attestations.filter((a) => a.type === 'evm');
    return {
      treeSize: checkpoint.treeSize,
      rootHash: encodeHex(checkpoint.rootHash),
      proofLength: publication.inclusionProof.length,
      anchors: anchors.map((a) => ({ attestation: a, block: blockFacts(a.chain, a.blockHash, a.header) })),
      tokens: publication.attestations.flatMap((a) => (a.type === 'rfc3161' ? [tokenFacts(a)] : [])),
      calendarProofs: publication.attestations.filter((a) => a.type === 'opentimestamps').length,
    };
  });
  const blocks = publications.flatMap((p) => p.anchors.map((a) => a.block));
  const [first, ...others] = blocks;
  if (first === undefined) throw new Error(`certificate ${certificate.claims.certificateNo} has no anchor`);
  const { notBefore } = certificate.record;
  return {
    digest: encodeHex(sha256(sealedBytes(certificate))),
    leafHash: encodeHex(leafHash(depositLeafData(certificate.record))),
    publications,
    notBefore:
      notBefore === null || certificate.notBeforeHeader === null
        ? null
        : blockFacts(notBefore.chain, notBefore.blockHash, certificate.notBeforeHeader),
    notAfter: others.reduce((earliest, block) => (block.unixMs < earliest.unixMs ? block : earliest), first),
  };
}

/** @throws FormatError if the token is none, which the verification before issue rules out */
function tokenFacts({ token, certificates }: TimestampAttestation): TokenFacts {
  const signed = parseSignedData(parseBase64(token));
  if (typeof signed === 'string' || signed.content === undefined) {
    throw new FormatError('invalid-der', `timestamp token: ${typeof signed === 'string' ? signed : 'no content'}`);
  }
  const info = parseTstInfo(signed.content);
  const atHand = [...signed.certificates, ...certificates.map(parseBase64)].flatMap((der) => parseX509(der) ?? []);
  const signer = atHand.find((certificate) => isNamedSigner(signed.signer, certificate));
  return {
    authority: signer === undefined ? null : subjectOf(signer),
    unixMs: info.genTimeUnixMs,
    accuracyMs: info.accuracyMs ?? null,
    serial: info.serial.toString(16),
  };
}

function blockFacts(chain: string, hash: string, headerHex: string): BlockFacts {
  const header = parseBlockHeader(parseHex0x(headerHex));
  return { chain, hash, number: header.number, unixMs: Number(header.timestamp) * 1000 };
}
