import { CodedError } from '../../errors.ts';
import { parseBlockHeader } from '../../format/block-header.ts';
import { parseBase64, parseHex0x } from '../../format/bytes.ts';
import { type Certificate, type PlatformProfile, parseCertificate } from '../../format/certificate.ts';
import { utcTimeOf } from '../../format/fields.ts';
import { parseTstInfo } from '../../format/timestamp.ts';
import { isNamedSigner, parseSignedData } from '../../verify/signed-data.ts';
import { parseX509, subjectOf } from '../../verify/x509-chain.ts';

/** What the deposit's page takes from the certificate. */
export interface CertificateFacts {
  /** The earliest block that the certificate names; whether it is real is for verification to ask. */
  block: BlockTime | undefined;
  platform: PlatformProfile;
  /** As the tokens say themselves. */
  tokens: Token[];
  /** Names of the witnesses whose cosignatures it carries; whether they are valid is for verification to ask. */
  witnesses: string[];
}

/** A timestamp token that the certificate carries. */
export interface Token {
  /** Subject of the signer's X.509 certificate, if the token holds it. */
  authority: string | null;
  /** UTC; null if the token cannot be read. */
  at: string | null;
  der: Uint8Array<ArrayBuffer>;
}

/** Time and number as the block's header says them. */
export interface BlockTime {
  at: string;
  chain: string;
  blockNumber: string;
}

/** @throws FormatError */
export function certificateFacts(bytes: Uint8Array): CertificateFacts {
  const certificate = parseCertificate(bytes);
  return {
    block: earliestBlock(certificate),
    platform: certificate.claims.platform,
    tokens: tokensOf(certificate),
    witnesses: [...new Set(certificate.publications.flatMap((p) => p.cosignatures.map(witnessName)))],
  };
}

function tokensOf({ publications }: Certificate): Token[] {
  return publications
    .flatMap((publication) => publication.attestations)
    .flatMap((attestation) => {
      if (attestation.type !== 'rfc3161') return [];
      const der = new Uint8Array(parseBase64(attestation.token));
      return [{ ...toldBy(der), der }];
    });
}

/** What cannot be read is for the report to refuse; here it is only not told. */
function toldBy(der: Uint8Array): Pick<Token, 'authority' | 'at'> {
  try {
    const signed = parseSignedData(der);
    if (typeof signed === 'string' || signed.content === undefined) return { authority: null, at: null };
    const { genTimeUnixMs } = parseTstInfo(signed.content);
    const embedded = signed.certificates.map(parseX509).filter((x509) => x509 !== undefined);
    const signer = embedded.find((x509) => isNamedSigner(signed.signer, x509));
    return { authority: signer === undefined ? null : subjectOf(signer), at: utcTimeOf(genTimeUnixMs) };
  } catch (error) {
    if (error instanceof CodedError) return { authority: null, at: null };
    throw error;
  }
}

/** `— witness.example.org/w1 base64` → the name. */
function witnessName(line: string): string {
  return line.split(' ')[1] ?? line;
}

function earliestBlock({ publications }: Certificate): BlockTime | undefined {
  const blocks = publications
    .flatMap((publication) => publication.attestations)
    .flatMap((attestation) => {
      if (attestation.type !== 'evm') return [];
      const { timestamp, number } = parseBlockHeader(parseHex0x(attestation.header));
      return [{ seconds: timestamp, chain: attestation.chain, blockNumber: String(number) }];
    })
    .sort((a, b) => (a.seconds < b.seconds ? -1 : 1));
  const [first] = blocks;
  return first && { at: utcTimeOf(Number(first.seconds) * 1000), chain: first.chain, blockNumber: first.blockNumber };
}
