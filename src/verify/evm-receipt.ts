import { keccak_256 } from '@noble/hashes/sha3.js';
import { FormatError } from '../errors.ts';
import { type BlockHeader, parseBlockHeader, qbftBlockHash } from '../format/block-header.ts';
import { encodeUtf8, equalBytes } from '../format/bytes.ts';
import { encodeRlp, encodeRlpUint, parseRlp, type RlpItem } from '../format/rlp.ts';

/** Keccak-256 of the event's signature: first topic of the log that an anchor leaves. */
export const CHECKPOINT_ANCHORED_TOPIC = keccak_256(encodeUtf8('CheckpointAnchored(uint64,bytes32,uint64)'));

/** Evidence that a block holds an anchor: everything but `blockHash` proves itself against `blockHash`. */
export interface EvmReceiptEvidence {
  /** RLP of the block header. */
  header: Uint8Array;
  /** 32 bytes; whether the chain really has this block is another question (`evm.canonical`). */
  blockHash: Uint8Array;
  transactionIndex: number;
  /** Trie nodes from the root down to the leaf that holds the receipt. */
  receiptProof: readonly Uint8Array[];
  /** Position of the log among the logs of its own receipt, not of the block. */
  receiptLogIndex: number;
  /** 20 bytes: who must have emitted the log. */
  contract: Uint8Array;
  /** 32 bytes and a number of leaves, both from the signed checkpoint. */
  rootHash: Uint8Array;
  treeSize: bigint;
}

export type EvmReceiptFailure =
  | 'header-malformed'
  | 'header-hash-mismatch'
  | 'transaction-index-out-of-range'
  | 'receipt-proof-too-long'
  | 'receipt-proof-too-short'
  | 'receipt-proof-malformed'
  | 'receipt-proof-hash-mismatch'
  | 'receipt-absent'
  | 'receipt-malformed'
  | 'transaction-failed'
  | 'log-absent'
  | 'log-of-other-contract'
  | 'log-of-other-event'
  | 'root-hash-mismatch'
  | 'tree-size-mismatch';

export type EvmReceiptResult =
  | {
      ok: true;
      blockNumber: bigint;
      /** The header's timestamp: seconds since 1970 unless the chain's profile says milliseconds. */
      blockTime: bigint;
      /** Leaves of the checkpoint anchored before this one, as the contract had it; 0 for the first. */
      previousTreeSize: bigint;
    }
  | { ok: false; reason: EvmReceiptFailure };

/** Shows that the block named by `blockHash` holds the anchor of this checkpoint by this contract. Never throws for bad evidence. */
export function verifyEvmReceipt(evidence: EvmReceiptEvidence): EvmReceiptResult {
  let header: BlockHeader;
  try {
    header = parseBlockHeader(evidence.header);
    if (!hasHash(header, evidence)) return failed('header-hash-mismatch');
  } catch (error) {
    return refused(error, 'header-malformed');
  }

  const found = receiptFromProof(header.receiptsRoot, evidence.transactionIndex, evidence.receiptProof);
  if (!found.ok) return found;
  let receipt: Receipt;
  try {
    receipt = parseReceipt(found.receipt);
  } catch (error) {
    return refused(error, 'receipt-malformed');
  }
  if (!receipt.succeeded) return failed('transaction-failed');

  const log = receipt.logs[evidence.receiptLogIndex];
  if (log === undefined) return failed('log-absent');
  if (!equalBytes(log.address, evidence.contract)) return failed('log-of-other-contract');
  const anchored = parseCheckpointAnchored(log);
  if (anchored === undefined) return failed('log-of-other-event');
  if (!equalBytes(anchored.rootHash, evidence.rootHash)) return failed('root-hash-mismatch');
  if (anchored.treeSize !== evidence.treeSize) return failed('tree-size-mismatch');
  return {
    ok: true,
    blockNumber: header.number,
    blockTime: header.timestamp,
    previousTreeSize: anchored.previousTreeSize,
  };
}

/**
 * Both rules of hashing are tried, so the evidence need not say which one its chain has: they differ in `extraData` alone, and a
 * header that fits a hash by either rule has the receipts root, number and time which that hash stands for.
 */
function hasHash(header: BlockHeader, { header: rlp, blockHash }: EvmReceiptEvidence): boolean {
  if (equalBytes(header.hash, blockHash)) return true;
  const qbft = qbftBlockHash(rlp);
  return qbft !== undefined && equalBytes(qbft, blockHash);
}

/** Deepest way to a receipt: nine bytes of key are 18 nibbles, and a value of its own below the last. */
const MAX_PROOF_NODES = 20;
const BRANCH_WIDTH = 16;

export type ReceiptFromProof = { ok: true; receipt: Uint8Array } | { ok: false; reason: EvmReceiptFailure };

/**
 * Follows the key rlp(transactionIndex) through a Merkle-Patricia trie (Yellow Paper, appendix D). Every node given must lie on
 * the way and be named by the hash above it; `receipt` is the leaf's value, a typed or legacy receipt.
 */
export function receiptFromProof(
  receiptsRoot: Uint8Array,
  transactionIndex: number,
  nodes: readonly Uint8Array[],
): ReceiptFromProof {
  if (!Number.isSafeInteger(transactionIndex) || transactionIndex < 0) return failed('transaction-index-out-of-range');
  if (nodes.length > MAX_PROOF_NODES) return failed('receipt-proof-too-long');
  let rest = nibblesOf(encodeRlp(encodeRlpUint(BigInt(transactionIndex))));
  let reference: RlpItem = receiptsRoot;
  let next = 0;
  for (;;) {
    let node: RlpItem = reference;
    if (reference instanceof Uint8Array) {
      const bytes = nodes[next];
      if (bytes === undefined) return failed('receipt-proof-too-short');
      if (!equalBytes(keccak_256(bytes), reference)) return failed('receipt-proof-hash-mismatch');
      next++;
      try {
        node = parseRlp(bytes);
      } catch (error) {
        return refused(error, 'receipt-proof-malformed');
      }
    }
    const step = followNode(node, rest);
    if (step.kind === 'malformed') return failed('receipt-proof-malformed');
    if (step.kind === 'descend') {
      reference = step.reference;
      rest = step.rest;
      continue;
    }
    if (step.kind === 'absent') return failed('receipt-absent');
    return next === nodes.length ? { ok: true, receipt: step.value } : failed('receipt-proof-too-long');
  }
}

type Step =
  | { kind: 'descend'; reference: RlpItem; rest: number[] }
  | { kind: 'value'; value: Uint8Array }
  | { kind: 'absent' }
  | { kind: 'malformed' };

function followNode(node: RlpItem, rest: number[]): Step {
  if (node instanceof Uint8Array) return { kind: node.length === 0 ? 'absent' : 'malformed' };
  if (node.length === BRANCH_WIDTH + 1) {
    const nibble = rest[0];
    // No key of a receipt is the beginning of another, so no receipt lies in a branch itself.
    if (nibble === undefined) return { kind: 'absent' };
    return descend(node[nibble] as RlpItem, rest.slice(1));
  }
  if (node.length !== 2) return { kind: 'malformed' };
  const [encodedPath, target] = node as readonly [RlpItem, RlpItem];
  const path = parseHexPrefix(encodedPath);
  if (path === undefined) return { kind: 'malformed' };
  const onTheWay = path.nibbles.every((nibble, i) => nibble === rest[i]);
  if (!path.isLeaf) {
    if (path.nibbles.length === 0) return { kind: 'malformed' };
    return onTheWay ? descend(target, rest.slice(path.nibbles.length)) : { kind: 'absent' };
  }
  if (!onTheWay || path.nibbles.length !== rest.length) return { kind: 'absent' };
  return target instanceof Uint8Array && target.length > 0 ? { kind: 'value', value: target } : { kind: 'malformed' };
}

/** `reference` is a 32-byte hash, a node of less than 32 bytes in its parent, or empty. */
function descend(reference: RlpItem, rest: number[]): Step {
  if (reference instanceof Uint8Array) {
    if (reference.length === 0) return { kind: 'absent' };
    return reference.length === 32 ? { kind: 'descend', reference, rest } : { kind: 'malformed' };
  }
  return { kind: 'descend', reference, rest };
}

/** The hex-prefix encoding (appendix C): a flag nibble, a padding nibble if the path is even, the path. */
function parseHexPrefix(item: RlpItem): { isLeaf: boolean; nibbles: number[] } | undefined {
  if (!(item instanceof Uint8Array) || item.length === 0) return undefined;
  const nibbles = nibblesOf(item);
  const flag = nibbles[0] as number;
  if (flag > 3) return undefined;
  const isOdd = (flag & 1) === 1;
  if (!isOdd && nibbles[1] !== 0) return undefined;
  return { isLeaf: flag >= 2, nibbles: nibbles.slice(isOdd ? 1 : 2) };
}

function nibblesOf(bytes: Uint8Array): number[] {
  const nibbles: number[] = [];
  for (const byte of bytes) nibbles.push(byte >> 4, byte & 15);
  return nibbles;
}

interface Log {
  address: Uint8Array;
  topics: readonly Uint8Array[];
  data: Uint8Array;
}

interface Receipt {
  succeeded: boolean;
  logs: Log[];
}

const FIRST_LIST_PREFIX = 0xc0;
const LAST_TRANSACTION_TYPE = 0x7f;
const MAX_TOPICS = 4;

/** EIP-2718: an optional type byte, then rlp([status, gas, bloom, logs]). @throws FormatError */
function parseReceipt(bytes: Uint8Array): Receipt {
  const first = bytes[0] as number;
  const isTyped = first <= LAST_TRANSACTION_TYPE;
  if (!isTyped && first < FIRST_LIST_PREFIX) throw new FormatError('invalid-rlp', `no receipt begins with ${first}`);
  const fields = parseRlp(isTyped ? bytes.subarray(1) : bytes);
  // Receipts of other chains' own transaction types may carry fields after these four.
  if (fields instanceof Uint8Array || fields.length < 4)
    throw new FormatError('invalid-rlp', 'a receipt has four fields');
  const [status, , , logs] = fields;
  if (!(status instanceof Uint8Array) || logs === undefined || logs instanceof Uint8Array) {
    throw new FormatError('invalid-rlp', 'status or logs of the receipt are malformed');
  }
  // Before Byzantium this field was a state root and told nothing about success: not a 1, hence failed.
  return { succeeded: status.length === 1 && status[0] === 1, logs: logs.map(parseLog) };
}

function parseLog(item: RlpItem): Log {
  if (item instanceof Uint8Array || item.length !== 3) throw new FormatError('invalid-rlp', 'a log has three fields');
  const [address, topics, data] = item as readonly [RlpItem, RlpItem, RlpItem];
  if (!(address instanceof Uint8Array) || topics instanceof Uint8Array || !(data instanceof Uint8Array)) {
    throw new FormatError('invalid-rlp', 'a field of a log is malformed');
  }
  if (address.length !== 20) throw new FormatError('invalid-rlp', `an address of ${address.length} bytes`);
  if (topics.length > MAX_TOPICS) throw new FormatError('invalid-rlp', `a log with ${topics.length} topics`);
  return { address, topics: topics.map(parseTopic), data };
}

function parseTopic(item: RlpItem): Uint8Array {
  if (!(item instanceof Uint8Array) || item.length !== 32) throw new FormatError('invalid-rlp', 'a topic has 32 bytes');
  return item;
}

/** `CheckpointAnchored(uint64 indexed treeSize, bytes32 indexed rootHash, uint64 previousTreeSize)`, or undefined. */
function parseCheckpointAnchored({ topics, data }: Log) {
  const [event, treeSizeWord, rootHash] = topics;
  if (topics.length !== 3 || !equalBytes(event as Uint8Array, CHECKPOINT_ANCHORED_TOPIC)) return undefined;
  const treeSize = uint64FromWord(treeSizeWord as Uint8Array);
  const previousTreeSize = uint64FromWord(data);
  if (treeSize === undefined || previousTreeSize === undefined) return undefined;
  return { treeSize, rootHash: rootHash as Uint8Array, previousTreeSize };
}

function uint64FromWord(word: Uint8Array): bigint | undefined {
  if (word.length !== 32 || word.subarray(0, 24).some((byte) => byte !== 0)) return undefined;
  let value = 0n;
  for (const byte of word.subarray(24)) value = (value << 8n) | BigInt(byte);
  return value;
}

function failed(reason: EvmReceiptFailure): { ok: false; reason: EvmReceiptFailure } {
  return { ok: false, reason };
}

function refused(error: unknown, reason: EvmReceiptFailure): { ok: false; reason: EvmReceiptFailure } {
  if (error instanceof FormatError) return failed(reason);
  throw error;
}
