import { parseBlockHeader } from '../format/block-header.ts';
import { parseHex0x } from '../format/bytes.ts';
import { parseCertificate } from '../format/certificate.ts';
import { utcTimeOf } from '../format/fields.ts';

/** Time and number of a block, as its header in the certificate says them; whether the block is real is for verification to ask. */
export interface BlockTime {
  at: string;
  chain: string;
  blockNumber: string;
}

/** The earliest block that the certificate names. @throws FormatError */
export function provedTime(certificateBytes: Uint8Array): BlockTime | undefined {
  const times = parseCertificate(certificateBytes)
    .publications.flatMap((publication) => publication.attestations)
    .flatMap((attestation) => {
      if (attestation.type !== 'evm') return [];
      const header = parseBlockHeader(parseHex0x(attestation.header));
      return [{ seconds: header.timestamp, chain: attestation.chain, blockNumber: String(header.number) }];
    })
    .sort((a, b) => (a.seconds < b.seconds ? -1 : 1));
  const [first] = times;
  return first && { at: utcTimeOf(Number(first.seconds) * 1000), chain: first.chain, blockNumber: first.blockNumber };
}
