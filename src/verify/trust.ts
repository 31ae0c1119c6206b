import { FormatError } from '../errors.ts';
import type { KnownBitcoinHeader } from '../format/bitcoin-header.ts';
import { encodeHex, parseBase64, sha256 } from '../format/bytes.ts';
import { parseCosignatureKey } from '../format/cosignature.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { type NoteKey, parseNoteKey } from '../format/note.ts';
import { type Policy, parsePolicy } from '../format/policy.ts';
import { parseX509 } from './x509-chain.ts';

/** How a block hash came to be confirmed, strongest first; `undefined` if nobody the reader trusts confirmed it. */
export type BlockConfirmation = 'policy' | 'reader' | 'node';

/** What a node of the reader's choice said about a block: part of its canonical chain and final, only canonical, or another block stands at that height. */
export type NodeAnswer = 'final' | 'canonical' | 'replaced' | 'unknown';

/** Why a contract is not what the service says it is. */
export type ContractDifference = 'contract-code-absent' | 'contract-code-differs' | 'contract-of-another-log';

/** What a node of the reader's choice has at a contract's address: the published build made for this log, or something else. */
export type ContractAnswer =
  | { answer: 'matches' }
  | { answer: 'differs'; reason: ContractDifference }
  | { answer: 'unknown' };

/** What the contract answers to `anchored(rootHash)`: null if it never took that root. */
export type AnchoredAnswer = { treeSize: bigint; anchoredAt: bigint } | null;

/** Answers that were fetched before verification; an outage leaves entries out. */
export interface NodeAnswers {
  /** By CAIP-2 chain and `0x` block hash, as `blockKey` joins them. */
  blocks: ReadonlyMap<string, NodeAnswer>;
  /** By CAIP-2 chain and `0x` address, as `contractKey` joins them. */
  contracts: ReadonlyMap<string, ContractAnswer>;
  /** By chain, address and root hash, as `anchoredKey` joins them. */
  anchored: ReadonlyMap<string, AnchoredAnswer>;
  /** Under the same keys, what the reader's nodes contradict each other about: who says what. No answer stands beside it. */
  disputes: ReadonlyMap<string, string>;
  /** By block key: those of the nodes, in the reader's words, that have the block in their chain. None that is away or lags behind. */
  confirmedBy: ReadonlyMap<string, string>;
}

export function blockKey(chain: string, blockHash: string): string {
  return `${chain}/${blockHash}`;
}

export function contractKey(chain: string, address: string): string {
  return `${chain}/${address}`;
}

/** @param rootHash `0x` and 64 hex digits */
export function anchoredKey(chain: string, address: string, rootHash: string): string {
  return `${chain}/${address}/${rootHash}`;
}

/** Whom the reader trusts, ready to be asked. Nothing of the thing verified ever enters here. */
export interface Trust {
  policy: Policy | undefined;
  /** SHA-256 of the policy's canonical bytes. */
  digest: string | null;
  /** `0x` hashes, or `chain/0x…` as `blockKey` joins them. */
  trustedBlocks: ReadonlySet<string>;
  node: NodeAnswers | undefined;
  /** Bitcoin headers of the policy and of the reader, hex, by height. */
  bitcoinHeaders: ReadonlyMap<number, readonly string[]>;
  /** The reader's clock, milliseconds since 1970. Only how old an answer about a certificate's status is depends on it. */
  nowMs?: number;
}

/**
 * @param policyBytes the reader's policy in any JSON spelling, or undefined
 * @param trustedBlocks block hashes that the reader himself vouches for, `0x…` or `eip155:1/0x…`. A bare hash confirms the block
 * but not on which chain it is, so its time never counts as independent
 * @param headers Bitcoin blocks that the reader himself vouches for; whether Bitcoin counts as independent is for the policy to say
 * @throws FormatError if the policy or one of its keys is malformed
 */
export function openTrust(
  policyBytes: Uint8Array | undefined,
  trustedBlocks: readonly string[],
  node: NodeAnswers | undefined,
  headers: readonly KnownBitcoinHeader[] = [],
): Trust {
  const policy = policyBytes === undefined ? undefined : parsePolicy(policyBytes);
  // A key that cannot be read must not silently count as "not trusted": the reader believes that he named it.
  for (const log of policy?.logs ?? []) log.keys.forEach(parseNoteKey);
  policy?.witnesses.keys.forEach(parseCosignatureKey);
  for (const [i, der] of policy?.seals.entries() ?? []) checkX509(der, `seals[${i}]`);
  for (const [i, { certificate }] of policy?.authorities.entries() ?? []) checkX509(certificate, `authorities[${i}]`);
  return {
    policy,
    digest: policy === undefined ? null : encodeHex(sha256(encodeJson(policy as unknown as JsonValue))),
    trustedBlocks: new Set(trustedBlocks),
    node,
    bitcoinHeaders: headersByHeight([...(policy?.bitcoin?.headers ?? []), ...headers]),
  };
}

function checkX509(base64: string, member: string): void {
  if (parseX509(parseBase64(base64)) !== undefined) return;
  throw new FormatError('not-a-certificate', `${member}: ${base64.slice(0, 24)}… is no X.509 certificate in DER`);
}

function headersByHeight(headers: readonly KnownBitcoinHeader[]): Map<number, string[]> {
  const byHeight = new Map<number, string[]>();
  for (const { height, header } of headers) byHeight.set(height, [...(byHeight.get(height) ?? []), header]);
  return byHeight;
}

/** Keys that the policy names for a log; undefined if the policy does not know the log. */
export function logKeys(trust: Trust, origin: string): NoteKey[] | undefined {
  const logs = trust.policy?.logs.filter((log) => log.origin === origin) ?? [];
  return logs.length === 0 ? undefined : logs.flatMap((log) => log.keys.map(parseNoteKey));
}

/** Contracts that the policy names for a log. */
export function logContracts(trust: Trust, origin: string): { chain: string; address: string }[] {
  return trust.policy?.logs.filter((log) => log.origin === origin).flatMap((log) => log.contracts) ?? [];
}

export function isIndependentChain(trust: Trust, chain: string): boolean {
  return trust.policy?.chains.some((c) => c.chain === chain && c.independent) ?? false;
}

/** Who stands behind a chain: the operator that the policy names, else the chain itself. */
export function chainOperator(trust: Trust, chain: string): string {
  return trust.policy?.chains.find((c) => c.chain === chain)?.operator ?? chain;
}

export interface BlockStanding {
  confirmed: BlockConfirmation | undefined;
  final: boolean;
  /** A node says that another block stands at this height. */
  replaced: boolean;
  /** False if only the thing verified says on which chain the block is. */
  chainKnown: boolean;
  /** Set if the reader's nodes contradict each other about this block: who says what. */
  disputed: string | undefined;
}

/** Who outside the thing verified confirms that this block is part of its chain. */
export function confirmBlock(trust: Trust, chain: string, blockHash: string): BlockStanding {
  const key = blockKey(chain, blockHash);
  const answer = trust.node?.blocks.get(key);
  const standing = (confirmed: BlockConfirmation | undefined, final: boolean, chainKnown = true): BlockStanding => ({
    confirmed,
    final,
    replaced: false,
    chainKnown,
    disputed: undefined,
  });
  // Before the policy: a reader who asked is told that there is something to find out.
  const disputed = trust.node?.disputes.get(key);
  if (disputed !== undefined) return { ...standing(undefined, false), disputed };
  if (answer === 'replaced') return { ...standing(undefined, false), replaced: true };
  if (trust.policy?.blocks.some((b) => b.chain === chain && b.hash === blockHash)) return standing('policy', true);
  if (trust.trustedBlocks.has(key)) return standing('reader', true);
  if (answer === 'final') return standing('node', true);
  if (trust.trustedBlocks.has(blockHash)) return standing('reader', true, answer === 'canonical');
  if (answer === 'canonical') return standing('node', false);
  return standing(undefined, false);
}
