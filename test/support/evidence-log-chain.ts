import { createHash } from 'node:crypto';
import { Wallet } from 'ethers';
import { ChainClient, type ChainClientOptions, deployEvidenceLog } from '../../src/anchor/chain-client.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import type { EmbeddedAnvil } from '../../src/evaluation/anvil.ts';
import { useAnvil } from './anvil.ts';

export const EVALUATION_PROFILE: ChainProfile = {
  chain: 'eip155:31337',
  headerHash: 'ethereum',
  receipts: 'mpt',
  timeUnit: 'seconds',
  accuracySeconds: 15,
  finality: { rule: 'local-snapshot' },
  nodesRunBy: 'the operator, on this machine',
  independent: false,
};

export const ORIGIN_HASH = new Uint8Array(createHash('sha256').update('log.example/test').digest());

export interface EvidenceLogChain {
  anvil: EmbeddedAnvil;
  contract: string;
  anchorer: Wallet;
  client: ChainClient;
  /** A client of the same contract with other options. */
  open(options: Partial<ChainClientOptions>): ChainClient;
}

/** Inside a `describe`: a chain with the contract deployed on it, both new for the suite. */
export function useEvidenceLogChain(): () => EvidenceLogChain {
  const anvil = useAnvil();
  let chain: EvidenceLogChain | undefined;
  before(async () => {
    const { rpcUrl, anchorer, guardian, durableBlock } = anvil();
    const deployer = new Wallet(guardian.privateKey);
    const roles = { anchorer: anchorer.address, guardian: guardian.address };
    const { contract } = await deployEvidenceLog({
      ...{ rpcUrl, chain: 'eip155:31337', deployer, ...roles, originHash: ORIGIN_HASH },
    });
    const open = (options: Partial<ChainClientOptions>) =>
      new ChainClient({ rpcUrl, profile: EVALUATION_PROFILE, contract, durableBlock, ...options });
    chain = { anvil: anvil(), contract, anchorer: new Wallet(anchorer.privateKey), client: open({}), open };
  });
  return () => {
    if (chain === undefined) throw new Error('the chain exists only while the tests of its suite run');
    return chain;
  };
}
