import { CodedError } from '../errors.ts';
import { parseBlockHeader } from '../format/block-header.ts';
import { encodeHex0x, encodeUtf8, equalBytes, parseHex0x, sha256 } from '../format/bytes.ts';
import type { Certificate } from '../format/certificate.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { recogniseContract } from './contract-code.ts';
import {
  type AnchoredAnswer,
  anchoredKey,
  blockKey,
  type ContractAnswer,
  contractKey,
  type NodeAnswer,
  type NodeAnswers,
} from './trust.ts';

/** A block that a node of the reader's choice can confirm. */
export interface BlockQuestion {
  chain: string;
  blockHash: string;
  /** From the header that came along; a node is asked which block it has there. */
  blockNumber: bigint;
}

/** A contract whose code a node of the reader's choice can show, and a root that it should have anchored. */
export interface ContractQuestion {
  chain: string;
  /** `0x` and 40 hex digits. */
  contract: string;
  /** SHA-256 of the log's origin. */
  originHash: Uint8Array;
  /** `0x` and 64 hex digits. */
  rootHash: string;
  /** A node that has not reached this block cannot know. */
  blockNumber: bigint;
}

/** What to ask a node before verification. Headers that cannot be read raise no question; the report fails them. */
export function blocksToConfirm(certificate: Certificate): BlockQuestion[] {
  const questions: BlockQuestion[] = [];
  const ask = (chain: string, blockHash: string, header: string) => {
    const blockNumber = readable(() => parseBlockHeader(parseHex0x(header)).number);
    if (blockNumber !== undefined) questions.push({ chain, blockHash, blockNumber });
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

/** As `blocksToConfirm`, about the contracts of the anchors. */
export function contractsToConfirm(certificate: Certificate): ContractQuestion[] {
  const originHash = sha256(encodeUtf8(certificate.log.origin));
  return certificate.publications.flatMap(({ checkpoint, attestations }) => {
    const rootHash = readable(() => encodeHex0x(parseCheckpoint(encodeUtf8(checkpoint)).rootHash));
    return attestations.flatMap((a): ContractQuestion[] => {
      if (a.type !== 'evm' || rootHash === undefined) return [];
      const blockNumber = readable(() => parseBlockHeader(parseHex0x(a.header)).number);
      if (blockNumber === undefined) return [];
      return [{ chain: a.chain, contract: a.contract, originHash, rootHash, blockNumber }];
    });
  });
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return undefined;
  }
}

/**
 * What the node's answers mean for a contract.
 * @param code as `eth_getCode` gave it
 * @param originHash as `originHash()` answered; undefined if it did not, as where there is no code
 */
export function judgeContract(
  question: ContractQuestion,
  code: Uint8Array,
  originHash: Uint8Array | undefined,
): ContractAnswer {
  const found = recogniseContract(code);
  if (found.kind === 'none') return { answer: 'differs', reason: 'contract-code-absent' };
  if (found.kind === 'other') return { answer: 'differs', reason: 'contract-code-differs' };
  const isOfThisLog = [found.originHash, originHash].every(
    (hash) => hash !== undefined && equalBytes(hash, question.originHash),
  );
  return isOfThisLog ? { answer: 'matches' } : { answer: 'differs', reason: 'contract-of-another-log' };
}

/** What one node answered. What it did not answer is left out. */
export interface OneNodeAnswers {
  /** The node in the reader's words. */
  node: string;
  blocks: ReadonlyMap<string, NodeAnswer>;
  contracts: ReadonlyMap<string, ContractAnswer>;
  anchored: ReadonlyMap<string, AnchoredAnswer>;
}

/**
 * Puts the answers of several nodes together. One that lags behind does not contradict the others: the strongest answer counts.
 * Where two contradict each other no answer counts, and the dispute names them.
 */
export function combineAnswers(nodes: readonly OneNodeAnswers[]): NodeAnswers {
  const disputes = new Map<string, string>();
  const merge = <T>(
    of: (node: OneNodeAnswers) => ReadonlyMap<string, T>,
    strength: (answer: T) => number,
    meaning: (answer: T) => string,
  ): Map<string, T> => {
    const merged = new Map<string, T>();
    for (const key of new Set(nodes.flatMap((node) => [...of(node).keys()]))) {
      const said = nodes.flatMap((node) => {
        const answer = of(node).get(key);
        return answer === undefined ? [] : [{ node: node.node, answer, strength: strength(answer) }];
      });
      const certain = said.filter((s) => s.strength > 0);
      if (new Set(certain.map((s) => (s.strength > 1 ? 'yes' : meaning(s.answer)))).size > 1) {
        disputes.set(key, certain.map((s) => `${s.node}: ${meaning(s.answer)}`).join('; '));
        continue;
      }
      merged.set(key, said.reduce((best, s) => (s.strength > best.strength ? s : best)).answer);
    }
    return merged;
  };
  // Above 1: agrees with all others above 1. Exactly 1: agrees with what means the same. 0: knows nothing.
  const blockStrength = { final: 3, canonical: 2, replaced: 1, unknown: 0 } as const;
  const blocks = merge(
    (node) => node.blocks,
    (answer) => blockStrength[answer],
    (answer) => answer,
  );
  const contracts = merge(
    (node) => node.contracts,
    (answer) => (answer.answer === 'unknown' ? 0 : 1),
    (answer) => (answer.answer === 'differs' ? answer.reason : answer.answer),
  );
  const anchored = merge(
    (node) => node.anchored,
    () => 1,
    (answer) => (answer === null ? 'never' : `${answer.treeSize} leaves, block time ${answer.anchoredAt}`),
  );
  const confirmedBy = new Map<string, string>();
  for (const [key, answer] of blocks) {
    if (blockStrength[answer] < blockStrength.canonical) continue;
    const confirming = nodes.filter(
      (node) => blockStrength[node.blocks.get(key) ?? 'unknown'] >= blockStrength.canonical,
    );
    confirmedBy.set(key, confirming.map(({ node }) => node).join(', '));
  }
  return { blocks, contracts, anchored, disputes, confirmedBy };
}

/** The keys under which the answers to these questions stand. */
export const keyOf = {
  block: (q: BlockQuestion) => blockKey(q.chain, q.blockHash),
  contract: (q: ContractQuestion) => contractKey(q.chain, q.contract),
  anchored: (q: ContractQuestion) => anchoredKey(q.chain, q.contract, q.rootHash),
};
