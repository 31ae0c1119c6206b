import { CodedError } from '../errors.ts';
import { parseBlockHeader } from '../format/block-header.ts';
import { parseHex0x } from '../format/bytes.ts';
import type { Certificate } from '../format/certificate.ts';

/** A block that a node of the reader's choice can confirm. */
export interface BlockQuestion {
  chain: string;
  blockHash: string;
  /** From the header that came along; a node is asked which block it has there. */
  blockNumber: bigint;
}

/** What to ask a node before verification. Headers that cannot be read raise no question; the report fails them. */
export function blocksToConfirm(certificate: Certificate): BlockQuestion[] {
  const questions: BlockQuestion[] = [];
  const ask = (chain: string, blockHash: string, header: string) => {
    try {
      questions.push({ chain, blockHash, blockNumber: parseBlockHeader(parseHex0x(header)).number });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  };
  const { notBefore } = certificate.record;
  if (notBefore !== null && certificate.notBeforeHeader !== null) {
    ask(notBefore.chain, notBefore.blockHash, certificate.notBeforeHeader);
  }
  for (const { attestations } of certificate.publications) {
    for (const a of attestations) if (a.type === 'evm') ask(a.chain, a.blockHash, a.header);
  }
  return questions;
}
