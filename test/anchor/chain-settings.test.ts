import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, readProductionConfig } from '../../src/config.ts';
import { EVALUATION_PROFILE } from '../support/evidence-log-chain.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const PROFILE = { ...EVALUATION_PROFILE, finality: { rule: 'depth', depth: 3 } };
const CHAIN = {
  rpcUrls: ['https://one.example/key', 'https://two.example'],
  contract: `0x${'0a'.repeat(20)}`,
  anchorerKeyFile: '/etc/anchorer.key',
  profile: PROFILE,
};

describe('TIEZHENG_CHAINS_FILE', () => {
  const folder = useTemporaryFolder();

  async function read(chains: unknown, more: Record<string, string> = {}) {
    const file = async (name: string, content: unknown) => {
      await writeFile(join(folder(), name), JSON.stringify(content));
      return join(folder(), name);
    };
    return readProductionConfig({
      DATABASE_URL: 'postgres://localhost/x',
      TIEZHENG_PUBLIC_URL: 'https://evidence.example',
      TIEZHENG_OBJECTS: 'file:/srv/objects',
      TIEZHENG_REGISTER: 'file:/srv/register',
      TIEZHENG_MASTER_KEY_FILE: '/etc/master.key',
      TIEZHENG_LOG_ORIGIN: 'log.example/2026',
      TIEZHENG_LOG_KEY_FILE: '/etc/log.pem',
      TIEZHENG_SEAL_FILE: '/etc/seal.p12',
      TIEZHENG_SEAL_PASSPHRASE: 'x',
      TIEZHENG_CHAINS_FILE: await file('chains.json', chains),
      TIEZHENG_PLATFORM_FILE: await file('platform.json', {
        ...{ name: 'Example', operator: null, website: null, filingNo: null, interests: null },
      }),
      ...more,
    });
  }

  it('names several nodes, ceilings and a budget', async () => {
    const { chains, certificateWaitMs } = await read([
      { ...CHAIN, rpcAgreement: 2, maxGasPerAnchor: 300_000, maxFeePerGasGwei: 0.5, dailyBudgetGwei: 2_000_000.4 },
    ]);
    expect(chains[0]).to.deep.include({
      rpcUrls: CHAIN.rpcUrls,
      rpcAgreement: 2,
      maxGasPerAnchor: 300_000n,
      maxFeePerGas: 500_000_000n,
      dailyBudget: 2_000_000n * 10n ** 9n,
    });
    expect(certificateWaitMs).to.equal(1_800_000);
  });

  it('still reads one node under its old name, and leaves out what may be left out', async () => {
    const { rpcUrls: _, ...chain } = CHAIN;
    const { chains } = await read([{ ...chain, rpcUrl: 'http://127.0.0.1:8545' }]);
    expect(chains[0]).to.deep.include({
      rpcUrls: ['http://127.0.0.1:8545'],
      rpcAgreement: null,
      anchorIntervalMs: 600_000,
      maxGasPerAnchor: 1_000_000n,
      dailyBudget: null,
    });
  });

  it('takes several chains, each with its own profile', async () => {
    const other = {
      ...CHAIN,
      profile: { ...PROFILE, chain: 'eip155:10', finality: { rule: 'tag', tag: 'finalized' } },
    };
    const { chains, certificateWaitMs } = await read([CHAIN, other], { TIEZHENG_CERTIFICATE_WAIT_SECONDS: '0' });
    expect(chains.map(({ profile }) => [profile.chain, profile.finality.rule])).to.deep.equal([
      ['eip155:31337', 'depth'],
      ['eip155:10', 'tag'],
    ]);
    expect(certificateWaitMs).to.equal(0);
  });

  const { rpcUrls: _, ...withoutNode } = CHAIN;
  const refused: [string, unknown[], string][] = [
    ['no node', [withoutNode], 'rpcUrls'],
    ['both spellings', [{ ...CHAIN, rpcUrl: 'http://127.0.0.1' }], 'rpcUrls'],
    ['an empty list of nodes', [{ ...CHAIN, rpcUrls: [] }], 'rpcUrls'],
    ['nine nodes', [{ ...CHAIN, rpcUrls: Array.from({ length: 9 }, (_, i) => `http://${i}.example`) }], 'rpcUrls'],
    ['the same node twice', [{ ...CHAIN, rpcUrls: [CHAIN.rpcUrls[0], CHAIN.rpcUrls[0]] }], 'listed twice'],
    ['more nodes to agree than there are', [{ ...CHAIN, rpcAgreement: 3 }], 'rpcAgreement'],
    ['agreement of none', [{ ...CHAIN, rpcAgreement: 0 }], 'rpcAgreement'],
    ['a node that is no web address', [{ ...CHAIN, rpcUrls: ['ws://one.example'] }], 'rpcUrls'],
    ['a ceiling below any anchor', [{ ...CHAIN, maxGasPerAnchor: 21_000 }], 'maxGasPerAnchor'],
    ['a budget of nothing', [{ ...CHAIN, dailyBudgetGwei: 0 }], 'dailyBudgetGwei'],
    ['one chain twice', [CHAIN, { ...CHAIN, contract: `0x${'0b'.repeat(20)}` }], 'eip155:31337 is listed twice'],
    ['a profile that is none', [{ ...CHAIN, profile: { ...PROFILE, headerHash: 'guess' } }], 'headerHash'],
    ['a member that it does not know', [{ ...CHAIN, dailyBudget: 5 }], 'dailyBudget'],
    ['no chain', [], 'chains.json'],
  ];
  for (const [what, chains, named] of refused) {
    it(`refuses ${what}, naming it`, async () => {
      const error = await read(chains).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error).to.be.instanceOf(ConfigError);
      expect(error?.message).to.include(named);
    });
  }
});
