import { createHash } from 'node:crypto';
import type { BaseContract, BigNumberish, BytesLike, ContractTransactionResponse } from 'ethers';
import hre from 'hardhat';
import { consistencyProof, inclusionProof } from '../../src/merkle/tree.ts';
import { makeLeaves, naiveRoot, nodesOf } from '../merkle/reference-tree.ts';

// A simulated chain (Hardhat's EVM) for each suite, and EvidenceLog on it as `contracts/` has it now.
await hre.tasks.getTask('build').run({ quiet: true });

export type EvidenceLog = BaseContract & {
  anchor(treeSize: BigNumberish, rootHash: BytesLike, proof: BytesLike[]): Promise<ContractTransactionResponse>;
  setAnchorer(anchorer: string): Promise<ContractTransactionResponse>;
  close(lastGoodTreeSize: BigNumberish, successor: string): Promise<ContractTransactionResponse>;
  head(): Promise<[bigint, string, bigint]>;
  anchored(rootHash: BytesLike): Promise<[bigint, bigint]>;
  verifyInclusion(leaf: BytesLike, index: BigNumberish, rootHash: BytesLike, proof: BytesLike[]): Promise<bigint>;
  closed(): Promise<[boolean, bigint, string]>;
  originHash(): Promise<string>;
  anchorer(): Promise<string>;
  guardian(): Promise<string>;
};

export type Chain = Awaited<ReturnType<typeof openChain>>;

export const ORIGIN_HASH = `0x${createHash('sha256').update('log.example.org/evidence').digest('hex')}`;

/** Opens a chain of its own under `hardfork` (the newest, unless told), and the accounts that play the parts. The caller closes it. */
export async function openChain(hardfork?: string) {
  const connection = await hre.network.connect(hardfork === undefined ? {} : { override: { hardfork } });
  const { ethers, networkHelpers } = connection;
  const [anchorer, guardian, stranger, successor] = await ethers.getSigners();
  if (!anchorer || !guardian || !stranger || !successor) throw new Error('the simulated chain has too few accounts');

  /** An open log without anchors; its default caller is the anchorer. */
  async function deployLog(): Promise<EvidenceLog> {
    const log = await ethers.deployContract('EvidenceLog', [anchorer, guardian, ORIGIN_HASH], anchorer);
    return log as BaseContract as EvidenceLog;
  }

  return {
    ethers,
    networkHelpers,
    anchorer,
    guardian,
    stranger,
    successor,
    deployLog,
    as: (signer: typeof anchorer, log: EvidenceLog) => log.connect(signer) as EvidenceLog,
    close: () => connection.close(),
  };
}

export const LEAVES = makeLeaves(40);
export const FORGED_LEAVES = makeLeaves(40, 'forged ');

export function rootOf(size: number, leaves = LEAVES): Uint8Array {
  return naiveRoot(leaves.slice(0, size));
}

export function growth(size1: number, size2: number, leaves = LEAVES): Promise<Uint8Array[]> {
  return consistencyProof(BigInt(size1), BigInt(size2), nodesOf(leaves.slice(0, size2)));
}

export function path(index: number, size: number, leaves = LEAVES): Promise<Uint8Array[]> {
  return inclusionProof(BigInt(index), BigInt(size), nodesOf(leaves.slice(0, size)));
}

export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

export function flipped(hash: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(hash);
  changed[31] = (changed[31] as number) ^ 1;
  return changed;
}
