import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { evmChain, text } from '../format/fields.ts';
import type { ChainClient } from './chain-client.ts';
import { ChainError } from './chain-error.ts';
import { encodeBlockHeader, rebuildReceiptsRoot } from './receipt-proof.ts';

/** What is taken for granted about a chain. The first three are tried at each start: see `proveProfile`. */
export interface ChainProfile {
  /** CAIP-2: `eip155:` and the chain id. */
  chain: string;
  /** How a block's hash follows from its header; `none` if it cannot be recomputed. */
  headerHash: 'ethereum' | 'qbft' | 'none';
  /** Whether `receiptsRoot` is the root of a Merkle-Patricia trie over the receipts. */
  receipts: 'mpt' | 'none';
  /** Unit of `timestamp` in the header and of `block.timestamp` in contracts. */
  timeUnit: 'seconds' | 'milliseconds';
  /** How far a block's time may be from true time, by the chain's own rules. */
  accuracySeconds: number;
  finality: FinalityRule;
  /** Who runs the nodes, in the operator's words; printed on certificates. */
  nodesRunBy: string;
  /** Whether the nodes are run by others than the operator and its affiliates. */
  independent: boolean;
}

export type FinalityRule =
  /** The consensus itself says what is final (Ethereum after the merge). */
  | { rule: 'tag'; tag: 'finalized' | 'safe' }
  /** A block is final with this many blocks on top; 0 where a block, once there, stays (QBFT, IBFT). */
  | { rule: 'depth'; depth: number }
  /** The embedded chain of the evaluation profile: a block is final once the chain's state is on disk with it. */
  | { rule: 'local-snapshot' };

const profileSchema = z
  .strictObject({
    chain: evmChain,
    headerHash: z.enum(['ethereum', 'qbft', 'none']),
    receipts: z.enum(['mpt', 'none']),
    timeUnit: z.enum(['seconds', 'milliseconds']),
    accuracySeconds: z.number().int().min(0).max(86_400),
    finality: z.discriminatedUnion('rule', [
      z.strictObject({ rule: z.literal('tag'), tag: z.enum(['finalized', 'safe']) }),
      z.strictObject({ rule: z.literal('depth'), depth: z.number().int().min(0).max(100_000) }),
      z.strictObject({ rule: z.literal('local-snapshot') }),
    ]),
    nodesRunBy: text(200),
    independent: z.boolean(),
  })
  .refine((profile) => profile.receipts === 'none' || profile.headerHash !== 'none', {
    path: ['receipts'],
    message: 'a receipts root proves nothing where the header does not prove itself',
  })
  .refine((profile) => profile.finality.rule !== 'local-snapshot' || !profile.independent, {
    path: ['independent'],
    message: 'a chain that this service runs itself is not independent',
  });

/** @throws FormatError `invalid-field` naming the field. */
export function parseChainProfile(value: unknown): ChainProfile {
  const parsed = profileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FormatError('invalid-field', `chain profile, ${issue?.path.join('.') || 'whole'}: ${issue?.message}`);
}

/** The finality rule as it is printed: one line of English. */
export function describeFinality({ finality }: ChainProfile): string {
  switch (finality.rule) {
    case 'tag':
      return `the chain's own tag "${finality.tag}"`;
    case 'depth':
      return `${finality.depth} blocks on top`;
    case 'local-snapshot':
      return 'state of the local evaluation chain written to disk';
  }
}

/** Seconds since 1970 pass 10¹¹ in the year 5138; milliseconds did in 1973. */
const FIRST_MILLISECONDS = 10n ** 11n;
/** How many blocks back a block with transactions is looked for. */
const BLOCKS_TRIED = 32n;

/**
 * Tries the profile on the chain: its id, and hash, receipts root and time unit of the newest block that holds a transaction (of
 * the newest at all if there is none among the last 32). To be called at each start, before anything is sent.
 * @throws ChainError `wrong-chain`, `profile-not-reproduced`, and those of the client.
 */
export async function proveProfile(client: ChainClient): Promise<{ blockNumber: bigint; blockHash: string }> {
  const { profile } = client;
  await client.verifyChain();
  const block = await recentBlock(client);
  const name = `block ${block.number} of ${profile.chain}`;
  const inMilliseconds = block.timestamp >= FIRST_MILLISECONDS;
  // Block 0 of some chains has time 0, which tells nothing.
  if (block.timestamp > 0n && inMilliseconds !== (profile.timeUnit === 'milliseconds')) {
    throw new ChainError('profile-not-reproduced', `${name} has time ${block.timestamp}: not in ${profile.timeUnit}`);
  }
  try {
    if (profile.headerHash !== 'none') encodeBlockHeader(block, profile.headerHash);
    if (profile.receipts === 'mpt') rebuildReceiptsRoot(block, await client.blockReceipts(block));
  } catch (cause) {
    if (!(cause instanceof ChainError) || !cause.code.endsWith('-not-reproduced')) throw cause;
    throw new ChainError('profile-not-reproduced', `${name} does not fit its profile: ${cause.message}`, { cause });
  }
  return { blockNumber: block.number, blockHash: block.hash };
}

async function recentBlock(client: ChainClient) {
  const newest = await client.blockByNumber('latest');
  if (newest === undefined) throw new ChainError('block-not-found', `${client.profile.chain} has no newest block`);
  let block = newest;
  for (let back = 1n; block.transactions.length === 0 && back < BLOCKS_TRIED && back <= newest.number; back++) {
    const older = await client.blockByNumber(newest.number - back);
    if (older === undefined) break;
    block = older;
  }
  return block.transactions.length === 0 ? newest : block;
}
