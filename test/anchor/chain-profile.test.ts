import { expect } from 'chai';
import { describeFinality, parseChainProfile, proveProfile } from '../../src/anchor/chain-profile.ts';
import { FormatError } from '../../src/errors.ts';
import { rpc } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { EVALUATION_PROFILE, useEvidenceLogChain } from '../support/evidence-log-chain.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';

const MAINNET = {
  ...{ chain: 'eip155:1', headerHash: 'ethereum', receipts: 'mpt', timeUnit: 'seconds', accuracySeconds: 12 },
  ...{ finality: { rule: 'tag', tag: 'finalized' }, nodesRunBy: 'some 10,000 unrelated operators', independent: true },
};

describe('parseChainProfile', () => {
  it('accepts a public chain, a consortium chain and the embedded one', () => {
    expect(parseChainProfile(MAINNET)).to.deep.equal(MAINNET);
    const consortium = { ...MAINNET, chain: 'eip155:2018', headerHash: 'qbft', finality: { rule: 'depth', depth: 0 } };
    expect(parseChainProfile(consortium)).to.deep.equal(consortium);
    const proofless = { ...MAINNET, headerHash: 'none', receipts: 'none', timeUnit: 'milliseconds' };
    expect(parseChainProfile(proofless)).to.deep.equal(proofless);
    expect(parseChainProfile(EVALUATION_PROFILE)).to.deep.equal(EVALUATION_PROFILE);
  });

  const refused: [string, unknown, string][] = [
    ['nothing', undefined, 'whole'],
    ['a name instead of an id', { ...MAINNET, chain: 'mainnet' }, 'chain'],
    ['a field that it does not know', { ...MAINNET, color: 'blue' }, 'whole'],
    ['an unknown rule of hashing', { ...MAINNET, headerHash: 'clique' }, 'headerHash'],
    ['no finality rule', { ...MAINNET, finality: undefined }, 'finality'],
    ['a rule without its depth', { ...MAINNET, finality: { rule: 'depth' } }, 'finality.depth'],
    ['a negative depth', { ...MAINNET, finality: { rule: 'depth', depth: -1 } }, 'finality.depth'],
    ['"latest" for final', { ...MAINNET, finality: { rule: 'tag', tag: 'latest' } }, 'finality.tag'],
    ['an accuracy in words', { ...MAINNET, accuracySeconds: '12' }, 'accuracySeconds'],
    ['receipts proved by a header that is not', { ...MAINNET, headerHash: 'none' }, 'receipts'],
    ['independence of the embedded chain', { ...EVALUATION_PROFILE, independent: true }, 'independent'],
  ];
  for (const [what, value, field] of refused) {
    it(`refuses ${what}, naming ${field}`, () => {
      expect(() => parseChainProfile(value))
        .to.throw(FormatError, `chain profile, ${field}:`)
        .with.property('code', 'invalid-field');
    });
  }
});

describe('describeFinality', () => {
  it('says each rule in a line', () => {
    const of = (finality: unknown) => describeFinality(parseChainProfile({ ...EVALUATION_PROFILE, finality }));
    expect(of({ rule: 'tag', tag: 'finalized' })).to.equal('the chain\'s own tag "finalized"');
    expect(of({ rule: 'depth', depth: 12 })).to.equal('12 blocks on top');
    expect(of({ rule: 'local-snapshot' })).to.equal('state of the local evaluation chain written to disk');
  });
});

describe('proveProfile', () => {
  const chain = useEvidenceLogChain();
  const server = useJsonRpcServer();
  const through = (field: string, value: unknown, ofMethod = 'eth_getBlockByNumber') => {
    server.behave(
      throughTo(chain().anvil.rpcUrl, (method, answer) =>
        method === ofMethod && answer.result !== null ? { result: { ...answer.result, [field]: value } } : answer,
      ),
    );
    return chain().open({ rpcUrl: server.url() });
  };

  it('reproduces hash and receipts root of a block that holds a transaction', async () => {
    const { client } = chain();
    const proved = await proveProfile(client);
    const block = (await client.blockByHash(proved.blockHash))!;
    expect(block.number).to.equal(proved.blockNumber);
    expect(block.transactions.length).to.be.greaterThan(0);
  });

  it('goes back to such a block past empty ones', async () => {
    const { client, anvil } = chain();
    const before = await proveProfile(client);
    for (let i = 0; i < 3; i++) await rpc(anvil.rpcUrl, 'evm_mine');
    expect(await proveProfile(client)).to.deep.equal(before);
  });

  it('refuses another chain', async () => {
    const profile = { ...EVALUATION_PROFILE, chain: 'eip155:5' };
    await rejectionOf(proveProfile(chain().open({ profile })), 'wrong-chain');
  });

  it('refuses another rule of hashing and another unit of time', async () => {
    const qbft = { ...EVALUATION_PROFILE, headerHash: 'qbft' } as const;
    await rejectionOf(proveProfile(chain().open({ profile: qbft })), 'profile-not-reproduced');
    const fast = { ...EVALUATION_PROFILE, timeUnit: 'milliseconds' } as const;
    await rejectionOf(proveProfile(chain().open({ profile: fast })), 'profile-not-reproduced');
  });

  it('refuses a node whose blocks do not hash to their hash', async () => {
    await rejectionOf(proveProfile(through('gasUsed', '0x5209')), 'profile-not-reproduced');
    await rejectionOf(proveProfile(through('mixHash', undefined)), 'profile-not-reproduced');
    await rejectionOf(proveProfile(through('withdrawalsRoot', undefined)), 'profile-not-reproduced');
    await rejectionOf(proveProfile(through('extraData', 'none')), 'profile-not-reproduced');
    await rejectionOf(proveProfile(through('difficulty', -1)), 'profile-not-reproduced');
  });

  it('refuses a node whose receipts do not make the root', async () => {
    server.behave(
      throughTo(chain().anvil.rpcUrl, (method, answer) =>
        method === 'eth_getBlockReceipts'
          ? { result: answer.result.map((receipt: object) => ({ ...receipt, cumulativeGasUsed: '0x1' })) }
          : answer,
      ),
    );
    await rejectionOf(proveProfile(chain().open({ rpcUrl: server.url() })), 'profile-not-reproduced');
  });

  it('takes the word of a chain whose profile claims no proofs', async () => {
    const profile = { ...EVALUATION_PROFILE, headerHash: 'none', receipts: 'none' } as const;
    const { blockHash } = await proveProfile(chain().open({ profile }));
    expect(blockHash).to.match(/^0x[0-9a-f]{64}$/);
  });

  it('passes on that the node is away', async () => {
    server.behave((_, response) => {
      response.socket?.destroy();
    });
    await rejectionOf(proveProfile(chain().open({ rpcUrl: server.url() })), 'rpc-unreachable');
  });
});
