import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, encodeHex0x, encodeUtf8, parseHex0x } from '../format/bytes.ts';
import type { Certificate } from '../format/certificate.ts';
import {
  type BlockQuestion,
  blocksToConfirm,
  type ContractQuestion,
  combineAnswers,
  contractsToConfirm,
  judgeContract,
  keyOf,
  type OneNodeAnswers,
} from '../verify/questions.ts';
import type { AnchoredAnswer, ContractAnswer, NodeAnswer, NodeAnswers } from '../verify/trust.ts';
import { CliError } from './cli-error.ts';
import { jsonRpc } from './json-rpc.ts';

/** A node of the reader's choice. */
interface ReaderNode {
  url: string;
  /** As reports name it: without what may be an access key in the address. */
  name: string;
  /** Asked about this chain alone; undefined if the node is to say which chain it is of. */
  chain: string | undefined;
}

/**
 * Asks the reader's nodes about the blocks and contracts that the certificate names. What cannot be asked is left out, with a
 * line to `warn`: an outage never makes a block or contract wrong.
 * @param nodes addresses, `http://…`, or `eip155:1=http://…` for a node that is to be asked about one chain alone
 * @throws CliError `option-invalid`
 */
export async function askNodes(
  nodes: readonly string[],
  certificate: Certificate,
  warn: (text: string) => void,
): Promise<NodeAnswers> {
  const parsed = nodes.map(parseNode);
  return combineAnswers(await Promise.all(parsed.map((node) => askNode(node, certificate, warn))));
}

function parseNode(text: string): ReaderNode {
  const match = /^(?:(eip155:[1-9][0-9]{0,15})=)?(https?:\/\/.+)$/.exec(text);
  if (match === null || !URL.canParse(match[2] as string)) {
    throw new CliError('option-invalid', `--rpc ${text}: expected http(s)://… or eip155:1=http(s)://…`);
  }
  const url = match[2] as string;
  return { url, name: new URL(url).host, chain: match[1] };
}

async function askNode(
  { url, name, chain: only }: ReaderNode,
  certificate: Certificate,
  warn: (text: string) => void,
): Promise<OneNodeAnswers> {
  const blocks = new Map<string, NodeAnswer>();
  const contracts = new Map<string, ContractAnswer>();
  const anchored = new Map<string, AnchoredAnswer>();
  try {
    const chain = `eip155:${quantity(await jsonRpc(url, 'eth_chainId', []))}`;
    if (only !== undefined && only !== chain) {
      throw new CliError('service-refused', `it is a node of ${chain}, not of ${only}`);
    }
    const finalized = await finalizedNumber(url);
    for (const question of blocksToConfirm(certificate).filter((q) => q.chain === chain)) {
      blocks.set(keyOf.block(question), await askAboutBlock(url, question, finalized));
    }
    for (const question of contractsToConfirm(certificate).filter((q) => q.chain === chain)) {
      const hasBlock = (await blockHashAt(url, question.blockNumber)) !== undefined;
      if (!contracts.has(keyOf.contract(question))) {
        contracts.set(keyOf.contract(question), hasBlock ? await askAboutCode(url, question) : { answer: 'unknown' });
      }
      // Other code may answer anything, or nothing that can be read.
      if (hasBlock && contracts.get(keyOf.contract(question))?.answer === 'matches') {
        anchored.set(keyOf.anchored(question), await askAnchored(url, question));
      }
    }
  } catch (error) {
    // What has been answered before stays answered.
    warn(`${name}: ${(error as Error).message}; what it did not answer stays unconfirmed`);
  }
  return { node: name, blocks, contracts, anchored };
}

async function askAboutBlock(url: string, question: BlockQuestion, finalized: bigint | undefined): Promise<NodeAnswer> {
  const hash = await blockHashAt(url, question.blockNumber);
  if (hash === undefined) return 'unknown';
  if (hash !== question.blockHash) return 'replaced';
  return finalized !== undefined && question.blockNumber <= finalized ? 'final' : 'canonical';
}

/** Undefined if the node's chain is not that long. */
async function blockHashAt(url: string, number: bigint): Promise<string | undefined> {
  const block = await jsonRpc(url, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
  if (block === null) return undefined;
  const { hash } = block as { hash?: unknown };
  return encodeHex0x(bytes(hash, 32));
}

/** Undefined on chains that know no finalized block. */
async function finalizedNumber(url: string): Promise<bigint | undefined> {
  try {
    const block = await jsonRpc(url, 'eth_getBlockByNumber', ['finalized', false]);
    return block === null ? undefined : quantity((block as { number?: unknown }).number);
  } catch {
    return undefined;
  }
}

async function askAboutCode(url: string, question: ContractQuestion): Promise<ContractAnswer> {
  const code = bytes(await jsonRpc(url, 'eth_getCode', [question.contract, 'latest']));
  const answer = judgeContract(question, code, question.originHash);
  // Only the published code is sure to answer.
  if (answer.answer !== 'matches') return answer;
  return judgeContract(question, code, bytes(await call(url, question, 'originHash()'), 32));
}

async function askAnchored(url: string, question: ContractQuestion): Promise<AnchoredAnswer> {
  const answer = bytes(await call(url, question, 'anchored(bytes32)', parseHex0x(question.rootHash)), 64);
  const treeSize = BigInt(encodeHex0x(answer.subarray(0, 32)));
  return treeSize === 0n ? null : { treeSize, anchoredAt: BigInt(encodeHex0x(answer.subarray(32))) };
}

function call(url: string, { contract }: ContractQuestion, signature: string, ...args: Uint8Array[]): Promise<unknown> {
  const selector = keccak_256(encodeUtf8(signature)).subarray(0, 4);
  return jsonRpc(url, 'eth_call', [{ to: contract, data: encodeHex0x(concat(selector, ...args)) }, 'latest']);
}

/** @throws CliError `service-refused` */
function quantity(value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value);
  throw new CliError('service-refused', `the node answered ${JSON.stringify(value)?.slice(0, 80)} for a number`);
}

/** @throws CliError `service-refused` */
function bytes(value: unknown, length?: number): Uint8Array {
  const isHex = typeof value === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(value);
  if (isHex && (length === undefined || value.length === 2 + 2 * length)) return parseHex0x(value.toLowerCase());
  const expected = length === undefined ? 'bytes' : `${length} bytes`;
  throw new CliError('service-refused', `the node answered ${JSON.stringify(value)?.slice(0, 80)} for ${expected}`);
}
