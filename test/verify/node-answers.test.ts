import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { makeAttestation } from '../../src/anchor/attestation.ts';
import { type ChainClient, deployEvidenceLog } from '../../src/anchor/chain-client.ts';
import { askNodes } from '../../src/cli/node-answers.ts';
import { encodeUtf8, parseHex0x, sha256 } from '../../src/format/bytes.ts';
import { type EvmAttestation, evmAttestationSchema } from '../../src/format/certificate.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import type { Check, Report } from '../../src/format/report.ts';
import { settlementOf } from '../../src/verify/ladder.ts';
import { combineAnswers, type OneNodeAnswers } from '../../src/verify/questions.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { rpc } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { useEvidenceLogChain } from '../support/evidence-log-chain.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';

const ORIGIN = 'log.example/test';

/** Anchors the checkpoint of a certificate as if it were the contract's first, and gives the certificate the real proof. */
async function anchorFor(world: EvidenceWorld, client: ChainClient, anchorer: Wallet): Promise<EvidenceWorld> {
  const { treeSize, rootHash } = parseCheckpoint(encodeUtf8(world.certificate.publications[0]!.checkpoint));
  const nonce = await client.nonce(anchorer.address, 'latest');
  const fee = await client.suggestFee();
  const call = { treeSize, rootHash, consistencyProof: [] };
  const { raw, hash } = client.signAnchor(anchorer, call, { nonce, gasLimit: 300_000n, fee });
  await client.sendRaw(raw);
  for (;;) {
    const receipt = await client.receipt(hash);
    if (receipt === undefined) {
      await delay(5);
      continue;
    }
    const anchor = { blockHash: parseHex0x(receipt.blockHash), transactionHash: parseHex0x(hash), rootHash, treeSize };
    const { attestation } = await makeAttestation(client, anchor);
    const evm = evmAttestationSchema.parse(JSON.parse(Buffer.from(attestation).toString('utf8')));
    const [publication] = world.certificate.publications;
    const certificate = await world.reseal({
      ...world.certificate,
      publications: [{ ...publication!, attestations: [evm] }],
    });
    return { ...world, certificate };
  }
}

const checkOf = (report: Report, name: string) => report.since.find((c) => c.name === name) as Check;

describe('askNodes', () => {
  const chain = useEvidenceLogChain();
  const first = useJsonRpcServer();
  const second = useJsonRpcServer();
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  let world: EvidenceWorld;
  let attestation: EvmAttestation;

  before(async () => {
    const { client, contract, anchorer, anvil } = chain();
    world = await makeWorld({ origin: ORIGIN, chain: 'eip155:31337', contract });
    world = await anchorFor(world, client, anchorer);
    attestation = world.certificate.publications[0]!.attestations[0] as EvmAttestation;
    // anvil calls a block finalized when 64 stand on it.
    await rpc(anvil.rpcUrl, 'anvil_mine', ['0x41']);
  });
  beforeEach(() => {
    warnings.length = 0;
    first.behave(throughTo(chain().anvil.rpcUrl, (_, answer) => answer));
    second.behave(throughTo(chain().anvil.rpcUrl, (_, answer) => answer));
  });

  /** The report of a reader whose policy names no block. */
  async function reportWith(nodes: string[], policy: object = { ...world.policy, blocks: [] }): Promise<Report> {
    const answers = await askNodes(nodes, world.certificate, warn);
    return verifyCertificate(encodeObject(world.certificate), [], openTrust(encodeObject(policy), [], answers));
  }
  /** What a node says, but for what `change` makes of the answers of one method. */
  // biome-ignore lint/suspicious/noExplicitAny: every method answers with a shape of its own
  const lie = (ofMethod: string, change: (result: any) => unknown) =>
    throughTo(chain().anvil.rpcUrl, (method, answer) =>
      method === ofMethod && answer.result ? { result: change(answer.result) } : answer,
    );

  it('confirms block, finality and contract, and tells what the contract has anchored', async () => {
    const report = await reportWith([chain().anvil.rpcUrl]);
    const { host } = new URL(chain().anvil.rpcUrl);
    expect(checkOf(report, 'evm.canonical')).to.deep.include({ status: 'passed' });
    expect(checkOf(report, 'evm.canonical').facts.confirmedBy).to.equal(`node ${host}`);
    expect(checkOf(report, 'evm.finality').status).to.equal('passed');
    expect(checkOf(report, 'evm.contract').status).to.equal('passed');
    expect(checkOf(report, 'evm.contract').facts).to.deep.include({ code: 'matches' });
    expect(checkOf(report, 'evm.contract').facts.anchored).to.match(/^1000 leaves, block time [0-9]+$/);
    expect(warnings).to.deep.equal([]);
  });

  it('asks a node that is named for one chain only if it is of that chain', async () => {
    expect(checkOf(await reportWith([`eip155:31337=${chain().anvil.rpcUrl}`]), 'evm.canonical').status).to.equal(
      'passed',
    );
    const wrong = await reportWith([`eip155:1=${chain().anvil.rpcUrl}`]);
    expect(checkOf(wrong, 'evm.canonical')).to.deep.include({ status: 'not-checked', because: 'offline' });
    expect(warnings[0]).to.include('it is a node of eip155:31337, not of eip155:1');
  });

  it('refuses what is no address', async () => {
    for (const node of ['127.0.0.1:8545', 'eip155:x=http://127.0.0.1', 'ftp://127.0.0.1', 'http://']) {
      await rejectionOf(askNodes([node], world.certificate, warn), 'option-invalid');
    }
  });

  it('does not let a node vouch for a contract that the policy does not name', async () => {
    const policy = { ...world.policy, blocks: [], logs: world.policy.logs.map((log) => ({ ...log, contracts: [] })) };
    const check = checkOf(await reportWith([chain().anvil.rpcUrl], policy), 'evm.contract');
    expect(check).to.deep.include({ status: 'not-checked', because: 'untrusted-key' });
    expect(check.facts.code).to.equal('matches');
  });

  it('fails a contract of the policy whose code is not the published one', async () => {
    first.behave(lie('eth_getCode', (code: string) => `${code.slice(0, -2)}34`));
    const report = await reportWith([first.url()]);
    expect(checkOf(report, 'evm.contract')).to.deep.include({ status: 'failed', reason: 'contract-code-differs' });
    expect(report.conclusion).to.equal('failed');
    first.behave(lie('eth_getCode', () => '0x'));
    expect(checkOf(await reportWith([first.url()]), 'evm.contract')).to.deep.include({
      ...{ status: 'failed', reason: 'contract-code-absent' },
    });
  });

  it('fails a contract of the policy that was made for another log', async () => {
    const { anvil } = chain();
    const { contract } = await deployEvidenceLog({
      rpcUrl: anvil.rpcUrl,
      chain: anvil.chain,
      deployer: new Wallet(anvil.guardian.privateKey),
      anchorer: anvil.anchorer.address,
      guardian: anvil.guardian.address,
      originHash: sha256(encodeUtf8('log.example/other')),
    });
    const code = await rpc(anvil.rpcUrl, 'eth_getCode', [contract, 'latest']);
    first.behave(lie('eth_getCode', () => code));
    expect(checkOf(await reportWith([first.url()]), 'evm.contract')).to.deep.include({
      ...{ status: 'failed', reason: 'contract-of-another-log' },
    });
    first.behave(lie('eth_call', () => `0x${'00'.repeat(32)}`));
    expect(checkOf(await reportWith([first.url()]), 'evm.contract')).to.deep.include({
      ...{ status: 'failed', reason: 'contract-of-another-log' },
    });
  });

  it('takes a node that has not reached the block for one that knows nothing', async () => {
    first.behave(
      throughTo(chain().anvil.rpcUrl, (method, answer) =>
        method === 'eth_getBlockByNumber' ? { result: null } : method === 'eth_getCode' ? { result: '0x' } : answer,
      ),
    );
    const alone = await reportWith([first.url()]);
    expect(checkOf(alone, 'evm.canonical')).to.deep.include({ status: 'not-checked', because: 'offline' });
    expect(checkOf(alone, 'evm.contract').status).to.equal('passed');
    expect(checkOf(alone, 'evm.contract').facts.code).to.equal('unknown');
    const both = await reportWith([first.url(), second.url()]);
    expect(checkOf(both, 'evm.canonical').status).to.equal('passed');
    expect(checkOf(both, 'evm.finality').status).to.equal('passed');
  });

  it('checks nothing about a block of which two nodes tell different things, and names both', async () => {
    first.behave(lie('eth_getBlockByNumber', (block) => ({ ...block, hash: `0x${'ab'.repeat(32)}` })));
    const report = await reportWith([first.url(), second.url()]);
    for (const name of ['evm.canonical', 'evm.finality']) {
      const check = checkOf(report, name);
      expect(check, name).to.deep.include({ status: 'not-checked', because: 'nodes-disagree' });
      expect(check.facts.disputed).to.equal(
        `${new URL(first.url()).host}: replaced; ${new URL(second.url()).host}: final`,
      );
    }
    expect(report.times.notAfter).to.equal(null);
    expect(report.conclusion).to.equal('incomplete');
    // The policy knows the block; the reader has asked, and is told that there is something to find out.
    const policy = { ...world.policy, blocks: [{ chain: 'eip155:31337', hash: attestation.blockHash }] };
    expect(checkOf(await reportWith([first.url(), second.url()], policy), 'evm.canonical').status).to.equal(
      'not-checked',
    );
  });

  it('checks nothing about a contract of which two nodes tell different things', async () => {
    first.behave(lie('eth_getCode', () => '0xfe'));
    const check = checkOf(await reportWith([first.url(), second.url()]), 'evm.contract');
    expect(check).to.deep.include({ status: 'not-checked', because: 'nodes-disagree' });
    expect(check.facts.disputed).to.include('contract-code-differs').and.to.include('matches');
    expect(settlementOf(check)?.en).to.include('which of your nodes is wrong');
  });

  it('tells of nodes that disagree on what was anchored, which no check rests on', async () => {
    first.behave(lie('eth_call', (result: string) => (result.length > 66 ? `0x${'00'.repeat(64)}` : result)));
    const check = checkOf(await reportWith([first.url(), second.url()]), 'evm.contract');
    expect(check.status).to.equal('passed');
    expect(check.facts.anchored).to.match(/^the nodes disagree: .*never; .*1000 leaves/);
    expect(checkOf(await reportWith([first.url()]), 'evm.contract').facts.anchored).to.equal('never');
  });

  const outages: [string, Parameters<typeof first.behave>[0]][] = [
    ['breaks the connection', (_, response) => void response.socket?.destroy()],
    ['refuses everything', () => ({ error: { code: -32000, message: 'no' } })],
    ['answers something else than JSON', (_, response) => void response.end('<html>')],
    ['answers numbers that are none', () => ({ result: 'many' })],
    ['answers objects for everything', () => ({ result: {} })],
  ];
  for (const [what, behaviour] of outages) {
    it(`goes on without a node that ${what}`, async () => {
      first.behave(behaviour);
      const alone = await reportWith([first.url()]);
      expect(checkOf(alone, 'evm.canonical')).to.deep.include({ status: 'not-checked', because: 'offline' });
      expect(checkOf(alone, 'evm.contract').status).to.equal('passed');
      expect(warnings[0]).to.include(new URL(first.url()).host);
      const both = await reportWith([first.url(), second.url()]);
      expect(checkOf(both, 'evm.canonical').status).to.equal('passed');
    });
  }

  it('keeps what a node answered before it went away', async () => {
    first.behave((request, response) =>
      request.method === 'eth_getCode'
        ? void response.socket?.destroy()
        : throughTo(chain().anvil.rpcUrl, (_, answer) => answer)(request, response),
    );
    const report = await reportWith([first.url()]);
    expect(checkOf(report, 'evm.canonical').status).to.equal('passed');
    expect(checkOf(report, 'evm.contract').facts).not.to.have.property('code');
    expect(warnings.length).to.equal(1);
  });
});

describe('combineAnswers', () => {
  const node = (name: string, block: 'final' | 'canonical' | 'replaced' | 'unknown'): OneNodeAnswers => ({
    node: name,
    blocks: new Map([['k', block]]),
    contracts: new Map(),
    anchored: new Map(),
  });

  it('takes the strongest of answers that only lag behind each other', () => {
    expect(combineAnswers([node('a', 'unknown'), node('b', 'final'), node('c', 'canonical')]).blocks.get('k')).to.equal(
      'final',
    );
    expect(combineAnswers([node('a', 'unknown'), node('b', 'replaced')]).blocks.get('k')).to.equal('replaced');
    expect(combineAnswers([node('a', 'unknown')]).blocks.get('k')).to.equal('unknown');
    expect(combineAnswers([]).blocks.size).to.equal(0);
  });

  it('takes no answer where two contradict each other, in whatever order', () => {
    for (const nodes of [
      [node('a', 'final'), node('b', 'replaced')],
      [node('a', 'replaced'), node('c', 'unknown'), node('b', 'canonical')],
    ]) {
      const { blocks, disputes } = combineAnswers(nodes);
      expect(blocks.has('k')).to.equal(false);
      expect(disputes.get('k')).to.include('a: ').and.to.include('b: ').and.not.to.include('c: ');
    }
  });
});
