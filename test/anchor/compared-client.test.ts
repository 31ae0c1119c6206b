import { expect } from 'chai';
import type { ChainError } from '../../src/anchor/chain-error.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { proveProfile } from '../../src/anchor/chain-profile.ts';
import { ComparedChainClient, type ComparedChainClientOptions } from '../../src/anchor/compared-client.ts';
import { clearAlarm } from '../../src/db/alarms.ts';
import { encodeHex0x } from '../../src/format/bytes.ts';
import { useAnvil } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { EVALUATION_PROFILE, ORIGIN_HASH, useEvidenceLogChain } from '../support/evidence-log-chain.ts';
import { type RpcBehaviour, throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';
import { AnchorWorld, AT_ONCE } from './anchor-world.ts';

type Answer = Parameters<Parameters<typeof throughTo>[1]>[1];

/** What the node says, but for what `change` makes of each result. */
function liar(realUrl: string, changes: Record<string, (result: Answer['result']) => unknown>): RpcBehaviour {
  return throughTo(realUrl, (method, answer) => {
    const change = changes[method];
    return change === undefined || answer.result === undefined ? answer : { result: change(answer.result) };
  });
}

/** A node that has not heard of the newest `blocks` blocks. */
function stale(realUrl: string, blocks: number): RpcBehaviour {
  return async ({ method, params }) => {
    const newest = Number((await ask(realUrl, 'eth_blockNumber', [])).result);
    const seen = newest - blocks;
    const hex = `0x${seen.toString(16)}`;
    if (method === 'eth_blockNumber') return { result: hex };
    const answer = await ask(
      realUrl,
      method,
      params.map((param) => (param === 'latest' ? hex : param)),
    );
    const block =
      answer.result?.blockNumber ?? (method.startsWith('eth_getBlockBy') ? answer.result?.number : undefined);
    return block !== undefined && Number(block) > seen ? { result: null } : answer;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: every method answers with a shape of its own
async function ask(url: string, method: string, params: unknown[]): Promise<{ result?: any; error?: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: unknown };
  return error === undefined ? { result } : { error };
}

const away: RpcBehaviour = (_, response) => void response.socket?.destroy();
const garbage: RpcBehaviour = (_, response) => void response.end('<html>');
const silent: RpcBehaviour = () => undefined;
const OTHER_HASH = `0x${'ab'.repeat(32)}`;

describe('ComparedChainClient', () => {
  const chain = useEvidenceLogChain();
  const second = useJsonRpcServer();
  const third = useJsonRpcServer();
  let monotonicMs = 0;

  beforeEach(() => {
    const { rpcUrl } = chain().anvil;
    for (const server of [second, third]) server.behave(throughTo(rpcUrl, (_, answer) => answer));
  });

  const open = (options: Partial<ComparedChainClientOptions> = {}, profile: ChainProfile = AT_ONCE) =>
    new ComparedChainClient({
      ...{ rpcUrls: [chain().anvil.rpcUrl, second.url()], profile, contract: chain().contract, timeoutMs: 2_000 },
      ...{ monotonicMs: () => monotonicMs, ...options },
    });
  const three = () => [chain().anvil.rpcUrl, second.url(), third.url()];
  const nameOf = (server: { url(): string }) => new URL(server.url()).host;
  const troubleOf = (client: ComparedChainClient, server: { url(): string }) =>
    client.providers().find(({ name }) => name === nameOf(server))?.trouble?.code;

  it('answers as one node does where all agree', async () => {
    const { client } = chain();
    const compared = open({ rpcUrls: three() });
    await compared.verifyChain();
    await compared.verifyContract(ORIGIN_HASH);
    expect(await proveProfile(compared)).to.deep.equal(await proveProfile(client));
    expect(await compared.head()).to.deep.equal(await client.head());
    expect(await compared.closed()).to.equal(undefined);
    expect(await compared.anchorer()).to.equal(await client.anchorer());
    expect(await compared.anchored(new Uint8Array(32))).to.equal(undefined);
    const block = (await client.blockByNumber('latest'))!;
    expect(await compared.blockByNumber('latest')).to.deep.equal(block);
    expect(await compared.blockByHash(block.hash)).to.deep.equal(block);
    expect(await compared.blockReceipts(block)).to.deep.equal(await client.blockReceipts(block));
    expect(await compared.finalBlockNumber()).to.equal(block.number);
    expect(await compared.suggestFee()).to.deep.equal(await client.suggestFee());
    const { anchorer } = chain();
    expect(await compared.nonce(anchorer.address, 'pending')).to.equal(await client.nonce(anchorer.address, 'latest'));
    expect(await compared.balance(anchorer.address)).to.equal(await client.balance(anchorer.address));
    expect(await compared.knowsTransaction(OTHER_HASH)).to.equal(false);
    expect(await compared.findAnchor(new Uint8Array(32), 0n)).to.equal(undefined);
    expect(compared.providers().map(({ trouble }) => trouble)).to.deep.equal([undefined, undefined, undefined]);
  });

  for (const [what, behaviour, code] of [
    ['down', away, 'rpc-unreachable'],
    ['answering garbage', garbage, 'rpc-malformed'],
    ['slow beyond the limit', silent, 'rpc-timeout'],
  ] as const) {
    it(`goes on without a node that is ${what}, names it, and asks it again after a while`, async () => {
      let asked = 0;
      second.behave((request, response) => {
        asked++;
        return behaviour(request, response);
      });
      const compared = open({ timeoutMs: 200 });
      const head = await compared.head();
      expect(head).to.deep.equal(await chain().client.head());
      expect(troubleOf(compared, second)).to.equal(code);
      const before = asked;
      await compared.head();
      await compared.verifyChain();
      expect(asked, 'left alone').to.equal(before);
      second.behave(throughTo(chain().anvil.rpcUrl, (_, answer) => answer));
      monotonicMs += 30_000;
      await compared.head();
      expect(troubleOf(compared, second)).to.equal(undefined);
    });
  }

  it('says so when fewer answer than must agree, and when none does', async () => {
    second.behave(away);
    const error = await rejectionOf(open({ agreement: 2 }).head(), 'rpc-unreachable');
    expect(error.message).to.include('1 of 2 nodes answer, 2 are required').and.to.include(nameOf(second));
    third.behave(garbage);
    const none = open({ rpcUrls: [second.url(), third.url()] });
    await rejectionOf(none.head(), 'rpc-unreachable');
    // All of them rest now, so all are asked.
    await rejectionOf(none.head(), 'rpc-unreachable');
  });

  it('takes no step where one node is of another chain, and none at all where all are', async () => {
    second.behave(liar(chain().anvil.rpcUrl, { eth_chainId: () => '0x1' }));
    const error = await rejectionOf(open().verifyChain(), 'providers-disagree');
    expect(error.message).to.include(`${nameOf(second)} says wrong-chain`);
    const profile = { ...AT_ONCE, chain: 'eip155:5' };
    await rejectionOf(open({}, profile).verifyChain(), 'wrong-chain');
  });

  const contradictions: [
    string,
    Record<string, (result: Answer['result']) => unknown>,
    (c: ComparedChainClient) => Promise<unknown>,
  ][] = [
    ['the head', { eth_call: (hex) => `${hex.slice(0, 65)}7${hex.slice(66)}` }, (c) => c.head()],
    [
      'what was anchored',
      { eth_call: () => `0x${'00'.repeat(31)}05${'00'.repeat(32)}` },
      (c) => c.anchored(new Uint8Array(32)),
    ],
    ['whether the log is closed', { eth_call: () => `0x${'00'.repeat(31)}01${'00'.repeat(64)}` }, (c) => c.closed()],
    ['the contract', { eth_getCode: () => '0x' }, (c) => c.verifyContract(ORIGIN_HASH)],
    ['the nonce', { eth_getTransactionCount: () => '0x99' }, (c) => c.nonce(chain().anchorer.address, 'latest')],
    ['the balance', { eth_getBalance: () => '0x99' }, (c) => c.balance(chain().anchorer.address)],
    [
      'a block by its number',
      { eth_getBlockByNumber: (block) => ({ ...block, hash: OTHER_HASH }) },
      (c) => c.blockByNumber(1n),
    ],
    [
      'a header field of a block',
      { eth_getBlockByNumber: (block) => ({ ...block, stateRoot: OTHER_HASH }) },
      (c) => c.blockByNumber(1n),
    ],
    [
      'the time of a block',
      { eth_getBlockByNumber: (block) => ({ ...block, timestamp: '0x1' }) },
      (c) => c.blockByNumber('latest'),
    ],
  ];
  for (const [what, changes, asking] of contradictions) {
    it(`throws providers-disagree when nodes differ in ${what}, naming both`, async () => {
      second.behave(liar(chain().anvil.rpcUrl, changes));
      const error = await rejectionOf(asking(open()), 'providers-disagree');
      expect(error.message).to.include(nameOf(second)).and.to.include(new URL(chain().anvil.rpcUrl).host);
    });
  }

  it('throws providers-disagree for a lying receipt, one by one and of a whole block', async () => {
    const { client } = chain();
    const block = (await proveProfile(client)).blockHash;
    const found = (await client.blockByHash(block))!;
    for (const change of [{ status: '0x0' }, { blockHash: OTHER_HASH }, { gasUsed: '0x1' }, { logs: [] }]) {
      second.behave(
        liar(chain().anvil.rpcUrl, {
          eth_getTransactionReceipt: (receipt) => ({ ...receipt, ...change }),
          eth_getBlockReceipts: (all) => all.map((receipt: object) => ({ ...receipt, ...change })),
        }),
      );
      await rejectionOf(open().receipt(found.transactions[0]!), 'providers-disagree');
      const whole = await open()
        .blockReceipts(found)
        .then(
          () => 'accepted',
          (error: ChainError) => error.code,
        );
      expect(whole).to.be.oneOf(['providers-disagree', 'block-not-found']);
    }
  });

  it('takes what only one node has for not there yet', async () => {
    const { client } = chain();
    const block = (await proveProfile(client)).blockHash;
    const found = (await client.blockByHash(block))!;
    second.behave(
      liar(chain().anvil.rpcUrl, {
        eth_getTransactionReceipt: () => null,
        eth_getBlockByHash: () => null,
        eth_getBlockReceipts: () => null,
      }),
    );
    expect(await open().receipt(found.transactions[0]!)).to.equal(undefined);
    expect(await open().blockByHash(block)).to.equal(undefined);
    await rejectionOf(open().blockReceipts(found), 'block-not-found');
    expect(await open().knowsTransaction(found.transactions[0]!)).to.equal(true);
  });

  it('lets most outvote one where the operator says how many must agree, and leaves that one alone', async () => {
    second.behave(liar(chain().anvil.rpcUrl, { eth_call: () => `0x${'11'.repeat(96)}` }));
    const compared = open({ rpcUrls: three(), agreement: 2 });
    expect(await compared.head()).to.deep.equal(await chain().client.head());
    expect(troubleOf(compared, second)).to.equal('providers-disagree');
    expect(troubleOf(compared, third)).to.equal(undefined);
    let asked = 0;
    second.behave(() => void asked++);
    await compared.head();
    expect(asked).to.equal(0);
    // Without a number, one that contradicts is enough.
    second.behave(liar(chain().anvil.rpcUrl, { eth_call: () => `0x${'11'.repeat(96)}` }));
    await rejectionOf(open({ rpcUrls: three() }).head(), 'providers-disagree');
  });

  it('takes two groups that are each large enough for a contradiction', async () => {
    second.behave(liar(chain().anvil.rpcUrl, { eth_call: () => `0x${'11'.repeat(96)}` }));
    await rejectionOf(open({ agreement: 1 }).head(), 'providers-disagree');
  });

  it('calls a block final when all that must agree do', async () => {
    const { anvil } = chain();
    await ask(anvil.rpcUrl, 'anvil_mine', ['0x50']);
    second.behave(stale(anvil.rpcUrl, 3));
    const newest = (await chain().client.blockByNumber('latest'))!.number;
    expect(await open().finalBlockNumber()).to.equal(newest - 3n);
    const profile = { ...EVALUATION_PROFILE, finality: { rule: 'tag', tag: 'finalized' } } as const;
    const finalized = await open({}, profile).finalBlockNumber();
    second.behave(
      throughTo(anvil.rpcUrl, (method, answer) =>
        method === 'eth_getBlockByNumber' && answer.result?.number === `0x${finalized!.toString(16)}`
          ? { result: { ...answer.result, hash: OTHER_HASH } }
          : answer,
      ),
    );
    await rejectionOf(open({}, profile).finalBlockNumber(), 'providers-disagree');
    second.behave(throughTo(anvil.rpcUrl, (_, answer) => answer));
    expect(await open({}, profile).finalBlockNumber()).to.equal(finalized);
  });

  it('refuses to compare nodes whose newest blocks are far apart', async () => {
    second.behave(stale(chain().anvil.rpcUrl, 65));
    const error = await rejectionOf(open().blockByNumber('latest'), 'providers-disagree');
    expect(error.message).to.include('by more than 64');
    // One from before the contract was made; what has not changed since is the same for all.
    expect(await open().head()).to.deep.equal(await chain().client.head());
    second.behave(({ method, params }) => {
      if (method === 'eth_blockNumber') return { result: '0x1' };
      return params.at(-1) === 'latest' ? { result: '0x' } : { error: { code: -32000, message: 'header not found' } };
    });
    await rejectionOf(open().head(), 'providers-disagree');
    const most = open({ rpcUrls: three(), agreement: 2 });
    expect(await most.head()).to.deep.equal(await chain().client.head());
    expect(troubleOf(most, second)).to.equal('rpc-refused');
    // One that runs ahead alone does not decide where the others agree.
    second.behave(liar(chain().anvil.rpcUrl, { eth_blockNumber: () => '0xffffff' }));
    const compared = open({ rpcUrls: three(), agreement: 2 });
    expect(await compared.newestBlockNumber()).to.equal(await chain().client.newestBlockNumber());
  });

  it('sends to all, and fails only if none has taken it', async () => {
    const { client, anchorer } = chain();
    const nonce = await client.nonce(anchorer.address, 'latest');
    const call = { treeSize: 1n, rootHash: new Uint8Array(32).fill(1), consistencyProof: [] };
    const fee = await client.suggestFee();
    const { raw, hash } = client.signAnchor(anchorer, call, { nonce, gasLimit: 200_000n, fee });
    const sent: unknown[] = [];
    const refuse =
      (message: string): RpcBehaviour =>
      ({ method, params }) => {
        if (method === 'eth_sendRawTransaction') sent.push(params[0]);
        return { error: { code: -32000, message } };
      };
    second.behave(refuse('no room'));
    await rejectionOf(
      open({ rpcUrls: [second.url(), second.url().replace('127.0.0.1', 'localhost')] }).sendRaw(raw),
      'transaction-refused',
    );
    expect(sent).to.deep.equal([raw, raw]);
    third.behave(away);
    await rejectionOf(open({ rpcUrls: [third.url(), second.url()] }).sendRaw(raw), 'transaction-refused');
    await open({ rpcUrls: three() }).sendRaw(raw);
    expect(await client.knowsTransaction(hash)).to.equal(true);
    await ask(chain().anvil.rpcUrl, 'anvil_mine', []);
  });
});

describe('AnchorWorker with several nodes', () => {
  const anvil = useAnvil();
  const second = useJsonRpcServer();
  let world: AnchorWorld;
  beforeEach(async () => {
    world = await AnchorWorld.open(anvil());
    second.behave(throughTo(anvil().rpcUrl, (_, answer) => answer));
  });
  afterEach(() => world.close());

  function workerOf(rpcUrls = [anvil().rpcUrl, second.url()], agreement?: number) {
    const client = new ComparedChainClient({
      ...{
        rpcUrls,
        agreement,
        profile: AT_ONCE,
        contract: world.contract,
        timeoutMs: 500,
        monotonicMs: () => world.nowMs,
      },
    });
    const worker = world.worker({ client });
    /** anvil mines a moment after it has taken a transaction. */
    const turns = async (until: () => Promise<boolean>) => {
      for (let i = 0; !(await until()); i++) {
        expect(
          i,
          `no end in sight: ${JSON.stringify(worker.status(), (_, v) => (typeof v === 'bigint' ? String(v) : v))}`,
        ).to.be.lessThan(50);
        await worker.turn();
      }
    };
    return { worker, turns };
  }
  const isFinal = async () =>
    (await world.states()).every(([, state]) => state === 'final') && (await world.rows()).length > 0;

  it('anchors as through one', async () => {
    await world.publish(4);
    const { worker, turns } = workerOf();
    await turns(isFinal);
    expect(worker.status().providers.map(({ trouble }) => trouble)).to.deep.equal([undefined, undefined]);
    await world.audit();
    expect(await world.openAlarms()).to.deep.equal([]);
  });

  it('anchors through the one that is left, and says which one is away', async () => {
    second.behave(away);
    await world.publish();
    const { worker, turns } = workerOf();
    await turns(isFinal);
    expect(worker.status().state).to.equal('ok');
    expect(worker.status().providers[1]?.trouble?.code).to.equal('rpc-unreachable');
    await worker.turn();
    expect(world.trouble.map((error) => (error as ChainError).message)).to.have.length(1);
    expect((world.trouble[0] as ChainError).message).to.include(`${new URL(second.url()).host} is left out`);
    await world.audit();
    expect(await world.openAlarms()).to.deep.equal([]);
  });

  it('signs nothing while two contradict each other, raises an alarm, and goes on when they agree', async () => {
    second.behave(liar(anvil().rpcUrl, { eth_getBlockByNumber: (block) => block && { ...block, hash: OTHER_HASH } }));
    await world.publish();
    const { worker, turns } = workerOf();
    for (let i = 0; i < 3; i++) await worker.turn();
    expect(await world.rows()).to.deep.equal([]);
    const status = worker.status();
    expect(status.state === 'waiting' && status.reason.code).to.equal('providers-disagree');
    expect(await world.openAlarms()).to.deep.equal(['providers-disagree']);
    second.behave(throughTo(anvil().rpcUrl, (_, answer) => answer));
    await turns(isFinal);
    expect(await world.openAlarms()).to.deep.equal([]);
    await world.audit();
  });

  it('does not take a lying node’s word that an anchor is in a block', async () => {
    await world.rpc('evm_setAutomine', [false]);
    await world.publish();
    const { worker } = workerOf();
    await worker.turn();
    expect((await world.states())[0]?.[1]).to.equal('sent');
    const [row] = await world.rows();
    const { transactionHash } = (await world.transactions(row!.anchorId))[0]!;
    const root = encodeHex0x(row!.rootHash).slice(2);
    const size = row!.treeSize.toString(16).padStart(64, '0');
    second.behave(
      liar(anvil().rpcUrl, {
        // head() and anchored() as if it had been mined.
        eth_call: (hex) => (hex.length === 194 ? `0x${size}${root}${'0'.repeat(63)}1` : `0x${size}${'0'.repeat(63)}1`),
        eth_getTransactionReceipt: () => ({ transactionHash: encodeHex0x(transactionHash), status: '0x1' }),
      }),
    );
    for (let i = 0; i < 3; i++) await worker.turn();
    expect((await world.states())[0]?.[1]).to.equal('sent');
    expect(await world.openAlarms()).to.deep.equal(['providers-disagree']);
    await world.rpc('evm_setAutomine', [true]);
    await world.rpc('anvil_dropAllTransactions');
  });

  it('is not stopped for good by one that says the log is closed', async () => {
    second.behave((request, response) =>
      request.method === 'eth_call' && String((request.params[0] as { data: string }).data).length > 200
        ? { error: { code: 3, message: 'execution reverted', data: '0x' } }
        : throughTo(anvil().rpcUrl, (_, answer) => answer)(request, response),
    );
    await world.publish();
    const { worker, turns } = workerOf();
    await worker.turn();
    expect(await world.openAlarms()).to.deep.equal(['providers-disagree']);
    second.behave(throughTo(anvil().rpcUrl, (_, answer) => answer));
    await turns(isFinal);
  });

  it('waits for a node that lags a little, and ends at the same anchors', async () => {
    await world.mine(3);
    second.behave(stale(anvil().rpcUrl, 2));
    await world.publish();
    const { worker, turns } = workerOf();
    for (let i = 0; i < 3; i++) await worker.turn();
    expect((await world.states())[0]?.[1]).to.be.oneOf(['intended', 'sent']);
    await world.mine(4);
    await turns(isFinal);
    await world.audit();
    expect(await world.openAlarms()).to.deep.equal([]);
  });

  it('goes on against one that is outvoted, and keeps an alarm open about it', async () => {
    second.behave(liar(anvil().rpcUrl, { eth_call: () => `0x${'11'.repeat(96)}` }));
    await world.publish();
    const rpcUrls = [anvil().rpcUrl, second.url(), anvil().rpcUrl.replace('127.0.0.1', 'localhost')];
    const { worker, turns } = workerOf(rpcUrls, 2);
    await turns(isFinal);
    expect(worker.status().providers[1]?.trouble?.code).to.equal('providers-disagree');
    expect(await world.openAlarms()).to.deep.equal(['providers-disagree']);
    second.behave(throughTo(anvil().rpcUrl, (_, answer) => answer));
    world.nowMs += 10 * 60_000;
    await worker.turn();
    await worker.turn();
    expect(await world.openAlarms()).to.deep.equal([]);
    await clearAlarm(world.db.pool, 'providers-disagree', new Date(world.nowMs), `eip155:31337 ${world.contract}`);
  });
});
