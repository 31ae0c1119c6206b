import { parseBlockHeader } from '../format/block-header.ts';
import { parseHex0x } from '../format/bytes.ts';
import { type Certificate, type PlatformProfile, parseCertificate } from '../format/certificate.ts';
import { utcTimeOf } from '../format/fields.ts';

/** What the deposit's page takes from the certificate. */
export interface CertificateFacts {
  /** The earliest block that the certificate names; whether it is real is for verification to ask. */
  block: BlockTime | undefined;
  platform: PlatformProfile;
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
  return { block: earliestBlock(certificate), platform: certificate.claims.platform };
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
