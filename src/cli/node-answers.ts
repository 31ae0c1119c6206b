import type { Certificate } from '../format/certificate.ts';
import { type BlockQuestion, blocksToConfirm } from '../verify/questions.ts';
import { blockKey, type NodeAnswer, type NodeAnswers } from '../verify/trust.ts';
import { jsonRpc } from './json-rpc.ts';

/**
 * Asks the reader's nodes about the blocks that the certificate names. What cannot be asked is left out, with a line to `warn`:
 * an outage never makes a block wrong.
 */
export async function askNodes(
  urls: readonly string[],
  certificate: Certificate,
  warn: (text: string) => void,
): Promise<NodeAnswers> {
  const blocks = new Map<string, NodeAnswer>();
  const questions = blocksToConfirm(certificate);
  for (const url of urls) {
    try {
      const chain = `eip155:${BigInt((await jsonRpc(url, 'eth_chainId', [])) as string)}`;
      const finalized = await finalizedNumber(url);
      for (const question of questions.filter((q) => q.chain === chain)) {
        blocks.set(blockKey(chain, question.blockHash), await askAbout(url, question, finalized));
      }
    } catch (error) {
      warn(`${url}: ${(error as Error).message}; its blocks stay unconfirmed`);
    }
  }
  return { node: urls.join(', '), blocks };
}

async function askAbout(url: string, question: BlockQuestion, finalized: bigint | undefined): Promise<NodeAnswer> {
  const at = `0x${question.blockNumber.toString(16)}`;
  const block = (await jsonRpc(url, 'eth_getBlockByNumber', [at, false])) as { hash: string } | null;
  if (block === null) return 'unknown';
  if (block.hash.toLowerCase() !== question.blockHash) return 'replaced';
  return finalized !== undefined && question.blockNumber <= finalized ? 'final' : 'canonical';
}

/** Undefined on chains that know no finalized block. */
async function finalizedNumber(url: string): Promise<bigint | undefined> {
  try {
    const block = (await jsonRpc(url, 'eth_getBlockByNumber', ['finalized', false])) as { number: string } | null;
    return block === null ? undefined : BigInt(block.number);
  } catch {
    return undefined;
  }
}
