import { keccak_256 } from '@noble/hashes/sha3.js';
import { CodedError } from '../errors.ts';
import { type BlockHash, parseBlockHeader, qbftBlockHash } from '../format/block-header.ts';
import { concat, encodeHex0x, parseHex0x } from '../format/bytes.ts';
import { encodeRlp, encodeRlpUint, type RlpItem } from '../format/rlp.ts';
import { type EvmReceiptEvidence, verifyEvmReceipt } from '../verify/evm-receipt.ts';
import type { ChainClient, RpcBlock, RpcReceipt } from './chain-client.ts';
import { ChainError } from './chain-error.ts';

/** What of an attestation comes from the chain: enough to prove an anchor to someone who trusts the block hash. */
export interface AnchorProof {
  /** RLP of the block header. */
  header: Uint8Array;
  blockHash: BlockHash;
  transactionIndex: number;
  /** Trie nodes from the root to the receipt. */
  receiptProof: Uint8Array[];
  /** Position among the receipt's own logs. */
  receiptLogIndex: number;
  blockNumber: bigint;
  /** In the chain's unit. */
  blockTime: bigint;
}

export interface AnchorWanted {
  /** `0x` and 64 hex digits; the block that the anchoring transaction is in. */
  blockHash: string;
  /** `0x` and 64 hex digits. */
  transactionHash: string;
  rootHash: Uint8Array;
  treeSize: bigint;
}

/**
 * Collects the proof of an anchor and checks it as any reader would.
 * @throws ChainError `proofs-unsupported` if the chain's profile has none; `block-not-found`, `header-not-reproduced`,
 * `receipts-not-reproduced`, `anchor-not-in-block`; and those of the client.
 */
export async function collectAnchorProof(client: ChainClient, wanted: AnchorWanted): Promise<AnchorProof> {
  const { profile, contract } = client;
  if (profile.headerHash === 'none' || profile.receipts === 'none') {
    throw new ChainError('proofs-unsupported', `${profile.chain} has no proofs of receipts; only a node can be asked`);
  }
  const block = await client.blockByHash(wanted.blockHash);
  if (block === undefined) throw new ChainError('block-not-found', `no block ${wanted.blockHash} on ${profile.chain}`);
  const receipts = await client.blockReceipts(block);
  const header = encodeBlockHeader(block, profile.headerHash);
  const { proofFor } = rebuildReceiptsRoot(block, receipts);

  const transactionIndex = receipts.findIndex((receipt) => receipt.transactionHash === wanted.transactionHash);
  const receipt = receipts[transactionIndex];
  if (receipt === undefined) {
    throw new ChainError('anchor-not-in-block', `block ${block.hash} does not hold ${wanted.transactionHash}`);
  }
  const evidence: Omit<EvmReceiptEvidence, 'receiptLogIndex'> = {
    header,
    blockHash: parseHex0x(block.hash),
    transactionIndex,
    receiptProof: proofFor(transactionIndex),
    contract: parseHex0x(contract),
    rootHash: wanted.rootHash,
    treeSize: wanted.treeSize,
  };
  let reason = 'no log';
  for (let receiptLogIndex = 0; receiptLogIndex < receipt.logs.length; receiptLogIndex++) {
    const result = verifyEvmReceipt({ ...evidence, receiptLogIndex });
    if (result.ok) {
      return {
        header,
        blockHash: evidence.blockHash as BlockHash,
        transactionIndex,
        receiptProof: [...evidence.receiptProof],
        receiptLogIndex,
        blockNumber: result.blockNumber,
        blockTime: result.blockTime,
      };
    }
    reason = result.reason;
  }
  throw new ChainError('anchor-not-in-block', `${wanted.transactionHash} did not anchor this checkpoint: ${reason}`);
}

type HeaderFieldKind = 'data' | 'quantity';

const REQUIRED_FIELDS: [string, HeaderFieldKind][] = [
  ['parentHash', 'data'],
  ['sha3Uncles', 'data'],
  ['miner', 'data'],
  ['stateRoot', 'data'],
  ['transactionsRoot', 'data'],
  ['receiptsRoot', 'data'],
  ['logsBloom', 'data'],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'data'],
  ['mixHash', 'data'],
  ['nonce', 'data'],
];
/** In the order in which forks appended them: London, Shanghai, Cancun (three), Prague. */
const FORK_FIELDS: [string, HeaderFieldKind][] = [
  ['baseFeePerGas', 'quantity'],
  ['withdrawalsRoot', 'data'],
  ['blobGasUsed', 'quantity'],
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 'data'],
  ['requestsHash', 'data'],
];

/** Fields of the header, under their JSON-RPC names. */
export const HEADER_FIELDS: readonly string[] = [...REQUIRED_FIELDS, ...FORK_FIELDS].map(([name]) => name);

/**
 * RLP of the header that a node described field by field.
 * @throws ChainError `header-not-reproduced` unless it has the block's hash by the rule given.
 */
export function encodeBlockHeader(block: RpcBlock, headerHash: 'ethereum' | 'qbft'): Uint8Array {
  const present = FORK_FIELDS.filter(([name]) => block.fields[name] !== undefined);
  let header: Uint8Array;
  let hash: BlockHash | undefined;
  try {
    header = encodeRlp([...REQUIRED_FIELDS, ...present].map(([name, kind]) => encodeField(block.fields[name], kind)));
    hash = headerHash === 'qbft' ? qbftBlockHash(header) : parseBlockHeader(header).hash;
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause;
    throw new ChainError('header-not-reproduced', `block ${block.hash}: ${cause.message}`, { cause });
  }
  if (hash === undefined || encodeHex0x(hash) !== block.hash) {
    const got = hash === undefined ? 'no QBFT header' : encodeHex0x(hash);
    throw new ChainError(
      'header-not-reproduced',
      `the header of block ${block.hash} hashes to ${got} by rule ${headerHash}`,
    );
  }
  return header;
}

function encodeField(value: unknown, kind: HeaderFieldKind): Uint8Array {
  const hex = typeof value === 'string' ? value.toLowerCase() : '';
  return kind === 'data' ? parseHex0x(hex) : encodeQuantity(hex);
}

/** JSON-RPC writes numbers as `0x` and hex without leading zeros. */
function encodeQuantity(hex: string): Uint8Array {
  if (!/^0x[0-9a-f]{1,64}$/.test(hex)) throw new ChainError('rpc-malformed', `not a number: "${hex}"`);
  return encodeRlpUint(BigInt(hex));
}

/**
 * EIP-2718: the transaction's type unless it is 0, then rlp([status, cumulativeGasUsed, logsBloom, logs]). Deposits on the OP stack
 * have two more fields (specs.optimism.io, Canyon).
 */
function encodeReceipt(receipt: RpcReceipt): Uint8Array {
  const logs = receipt.logs.map(
    (log): RlpItem => [parseHex0x(log.address), log.topics.map((topic) => parseHex0x(topic)), parseHex0x(log.data)],
  );
  const body = encodeRlp([
    encodeRlpUint(receipt.status),
    encodeRlpUint(receipt.cumulativeGasUsed),
    parseHex0x(receipt.logsBloom),
    logs,
    ...(receipt.deposit === undefined
      ? []
      : [encodeRlpUint(receipt.deposit.nonce), encodeRlpUint(receipt.deposit.version)]),
  ]);
  return receipt.type === 0 ? body : concat(new Uint8Array([receipt.type]), body);
}

/**
 * Rebuilds the trie over a block's receipts.
 * @param receipts all of the block, in order.
 * @throws ChainError `receipts-not-reproduced` unless its root is the one in the header.
 */
export function rebuildReceiptsRoot(
  block: RpcBlock,
  receipts: readonly RpcReceipt[],
): { proofFor(transactionIndex: number): Uint8Array[] } {
  const trie = buildReceiptTrie(receipts.map(encodeReceipt));
  const expected = String(block.fields.receiptsRoot).toLowerCase();
  if (encodeHex0x(trie.root) !== expected) {
    const got = `${receipts.length} receipts with root ${encodeHex0x(trie.root)}`;
    throw new ChainError('receipts-not-reproduced', `block ${block.hash} should have ${expected}, got ${got}`);
  }
  return trie;
}

export interface ReceiptTrie {
  root: Uint8Array;
  /** Nodes that have a hash of their own on the way to a receipt, the root first. */
  proofFor(transactionIndex: number): Uint8Array[];
}

/** The Merkle-Patricia trie (Yellow Paper, appendix D) from rlp(index) to receipt. */
export function buildReceiptTrie(receipts: readonly Uint8Array[]): ReceiptTrie {
  const keys = receipts.map((_, index) => nibblesOf(encodeRlp(encodeRlpUint(BigInt(index)))));
  const top = buildNode(receipts.map((value, index) => ({ key: keys[index] as number[], value })));
  const rootNode = top === undefined ? encodeRlp(new Uint8Array(0)) : encodeRlp(top.item);
  return {
    root: keccak_256(rootNode),
    proofFor(transactionIndex) {
      const nodes: Uint8Array[] = [];
      let rest = keys[transactionIndex] ?? [];
      for (let node = top; node !== undefined; ) {
        const bytes = encodeRlp(node.item);
        if (node === top || bytes.length >= HASHED_FROM) nodes.push(bytes);
        const child: TrieNode | undefined = node.children.get(
          node.children.size === 1 ? ONLY_CHILD : (rest[0] as number),
        );
        rest = rest.slice(node.step);
        node = child;
      }
      return nodes;
    },
  };
}

/** Nodes with a shorter encoding stand in their parent as they are. */
const HASHED_FROM = 32;
const BRANCH_WIDTH = 16;
const ONLY_CHILD = -1;

interface TrieNode {
  item: RlpItem[];
  /** By nibble in a branch; under ONLY_CHILD in an extension; none in a leaf. */
  children: Map<number, TrieNode>;
  /** Nibbles of the key that lie between this node and its child. */
  step: number;
}

/** `entries` have keys of which none begins another, cut down to what follows above nodes. */
function buildNode(entries: readonly { key: number[]; value: Uint8Array }[]): TrieNode | undefined {
  const first = entries[0];
  if (first === undefined) return undefined;
  if (entries.length === 1) {
    return { item: [hexPrefix(first.key, true), first.value], children: new Map(), step: first.key.length };
  }
  const shared = sharedLength(entries.map(({ key }) => key));
  if (shared > 0) {
    const child = buildNode(entries.map(({ key, value }) => ({ key: key.slice(shared), value }))) as TrieNode;
    const item = [hexPrefix(first.key.slice(0, shared), false), referenceTo(child)];
    return { item, children: new Map([[ONLY_CHILD, child]]), step: shared };
  }
  const children = new Map<number, TrieNode>();
  const item: RlpItem[] = Array.from({ length: BRANCH_WIDTH + 1 }, () => new Uint8Array(0));
  for (let nibble = 0; nibble < BRANCH_WIDTH; nibble++) {
    const below = entries.filter(({ key }) => key[0] === nibble);
    const child = buildNode(below.map(({ key, value }) => ({ key: key.slice(1), value })));
    if (child === undefined) continue;
    children.set(nibble, child);
    item[nibble] = referenceTo(child);
  }
  return { item, children, step: 1 };
}

function referenceTo({ item }: TrieNode): RlpItem {
  const bytes = encodeRlp(item);
  return bytes.length < HASHED_FROM ? item : keccak_256(bytes);
}

function sharedLength(keys: readonly number[][]): number {
  const [first = []] = keys;
  const differs = first.findIndex((nibble, i) => keys.some((key) => key[i] !== nibble));
  return differs === -1 ? first.length : differs;
}

/** Yellow Paper, appendix C. */
function hexPrefix(nibbles: readonly number[], isLeaf: boolean): Uint8Array {
  const flag = isLeaf ? 2 : 0;
  const padded = nibbles.length % 2 === 1 ? [flag + 1, ...nibbles] : [flag, 0, ...nibbles];
  return Uint8Array.from(
    { length: padded.length / 2 },
    (_, i) => ((padded[2 * i] as number) << 4) | (padded[2 * i + 1] as number),
  );
}

function nibblesOf(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);
}
