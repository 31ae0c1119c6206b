import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import {
  type AnchorCall,
  ChainClient,
  type ChainError,
  deployEvidenceLog,
  type Fee,
} from '../../src/anchor/chain-client.ts';
import { sha256 } from '../../src/format/bytes.ts';
import { rpc } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { EVALUATION_PROFILE, ORIGIN_HASH, useEvidenceLogChain } from '../support/evidence-log-chain.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';

// A log of up to three leaves, whose consistency proofs are its own nodes (RFC 9162 §2.1.4.1).
const leaves = [1, 2, 3].map((n) => sha256(new Uint8Array([0, n])));
const node = (left: Uint8Array, right: Uint8Array) => sha256(new Uint8Array([1, ...left, ...right]));
const [leaf0, leaf1, leaf2] = leaves as [Uint8Array, Uint8Array, Uint8Array];
const root2 = node(leaf0, leaf1);
const root3 = node(root2, leaf2);
const SIZE_1: AnchorCall = { treeSize: 1n, rootHash: leaf0, consistencyProof: [] };
const SIZE_2: AnchorCall = { treeSize: 2n, rootHash: root2, consistencyProof: [leaf1] };
const SIZE_3: AnchorCall = { treeSize: 3n, rootHash: root3, consistencyProof: [leaf2] };

async function anchor(client: ChainClient, signer: Wallet, call: AnchorCall) {
  const gas = await client.simulateAnchor(signer.address, call);
  const nonce = await client.nonce(signer.address, 'pending');
  const signed = client.signAnchor(signer, call, { nonce, gasLimit: 2n * gas, fee: await client.suggestFee() });
  await client.sendRaw(signed.raw);
  for (;;) {
    const receipt = await client.receipt(signed.hash);
    if (receipt !== undefined) return { ...signed, receipt };
    await delay(5);
  }
}

describe('ChainClient on a real EVM', () => {
  const chain = useEvidenceLogChain();
  let saved: string;
  beforeEach(async () => {
    saved = await rpc(chain().anvil.rpcUrl, 'evm_snapshot');
  });
  afterEach(async () => {
    await rpc(chain().anvil.rpcUrl, 'evm_setAutomine', [true]);
    await rpc(chain().anvil.rpcUrl, 'evm_revert', [saved]);
  });

  it('knows its chain, its contract and the roles in it', async () => {
    const { client, anvil } = chain();
    await client.verifyChain();
    await client.verifyContract(ORIGIN_HASH);
    expect(await client.anchorer()).to.equal(anvil.anchorer.address.toLowerCase());
    expect(await client.closed()).to.equal(undefined);
  });

  it('tells another chain, an empty address and another log', async () => {
    const { client, open } = chain();
    await rejectionOf(open({ profile: { ...EVALUATION_PROFILE, chain: 'eip155:1' } }).verifyChain(), 'wrong-chain');
    const nobody = open({ contract: `0x${'77'.repeat(20)}` });
    await rejectionOf(nobody.verifyContract(ORIGIN_HASH), 'no-contract');
    await rejectionOf(nobody.head(), 'no-contract');
    await rejectionOf(client.verifyContract(new Uint8Array(32)), 'wrong-origin');
  });

  it('has an empty head before the first anchor', async () => {
    const { client } = chain();
    expect(await client.head()).to.deep.equal({ treeSize: 0n, rootHash: new Uint8Array(32), anchoredAt: 0n });
    expect(await client.anchored(leaf0)).to.equal(undefined);
    expect(await client.findAnchor(leaf0, 0n)).to.equal(undefined);
  });

  it('simulates, signs, sends and finds anchors', async () => {
    const { client, anchorer } = chain();
    await anchor(client, anchorer, SIZE_1);
    const { hash, receipt } = await anchor(client, anchorer, SIZE_3_FROM_1);
    expect(receipt.status).to.equal(1n);
    const block = (await client.blockByHash(receipt.blockHash))!;
    expect(await client.head()).to.deep.equal({ treeSize: 3n, rootHash: root3, anchoredAt: block.timestamp });
    expect(await client.anchored(root3)).to.deep.equal({ treeSize: 3n, anchoredAt: block.timestamp });
    expect(await client.knowsTransaction(hash)).to.equal(true);
    expect(await client.findAnchor(root3, 0n)).to.deep.equal({
      ...{ transactionHash: hash, blockHash: block.hash, blockNumber: block.number, treeSize: 3n },
    });
    expect(await client.findAnchor(root3, block.number)).not.to.equal(undefined);
    expect(await client.findAnchor(root3, block.number + 1n)).to.equal(undefined);
  });

  it('signs the same bytes for the same call, nonce and fee', () => {
    const { client, anchorer } = chain();
    const fee: Fee = { type: 'eip1559', maxFeePerGas: 7n, maxPriorityFeePerGas: 1n };
    const terms = { nonce: 3, gasLimit: 90_000n, fee };
    expect(client.signAnchor(anchorer, SIZE_1, terms)).to.deep.equal(client.signAnchor(anchorer, SIZE_1, terms));
    expect(client.signAnchor(anchorer, SIZE_1, { ...terms, nonce: 4 }).hash).not.to.equal(
      client.signAnchor(anchorer, SIZE_1, terms).hash,
    );
  });

  it('names the error and the values with which the contract refuses', async () => {
    const { client, anchorer, anvil } = chain();
    const stranger = await revertOf(client.simulateAnchor(anvil.guardian.address, SIZE_1));
    expect(stranger.name).to.equal('NotAnchorer');
    expect(stranger.args).to.deep.equal({
      caller: anvil.guardian.address.toLowerCase(),
      anchorer: anchorer.address.toLowerCase(),
    });
    await anchor(client, anchorer, SIZE_1);
    expect(await revertOf(client.simulateAnchor(anchorer.address, SIZE_1))).to.include({
      name: 'TreeSizeNotIncreasing',
    });
    const forked = { ...SIZE_2, rootHash: root3 };
    const refusal = await revertOf(client.simulateAnchor(anchorer.address, forked));
    expect(refusal).to.deep.include({ name: 'NotAnExtension', args: { headTreeSize: '1', treeSize: '2' } });
    expect(refusal.data).to.match(/^0x[0-9a-f]{136}$/);
  });

  it('may send the same bytes twice, and is told of a nonce already used', async () => {
    const { client, anchorer, anvil } = chain();
    await rpc(anvil.rpcUrl, 'evm_setAutomine', [false]);
    const nonce = await client.nonce(anchorer.address, 'latest');
    const fee = await client.suggestFee();
    const first = client.signAnchor(anchorer, SIZE_1, { nonce, gasLimit: 200_000n, fee });
    await client.sendRaw(first.raw);
    await client.sendRaw(first.raw);
    expect(await client.receipt(first.hash)).to.equal(undefined);
    expect(await client.knowsTransaction(first.hash)).to.equal(true);
    expect(await client.nonce(anchorer.address, 'latest')).to.equal(nonce);
    expect(await client.nonce(anchorer.address, 'pending')).to.equal(nonce + 1);

    const other = client.signAnchor(anchorer, { ...SIZE_1, treeSize: 2n }, { nonce, gasLimit: 200_000n, fee });
    await rejectionOf(client.sendRaw(other.raw), 'underpriced');
    await rpc(anvil.rpcUrl, 'evm_mine');
    expect((await client.receipt(first.hash))?.status).to.equal(1n);
    await rejectionOf(client.sendRaw(other.raw), 'nonce-conflict');
    await rejectionOf(client.sendRaw(first.raw), 'nonce-conflict');
    expect(await client.knowsTransaction(other.hash)).to.equal(false);
  });

  it('is told of a fee too low and of a purse too small', async () => {
    const { client, anchorer } = chain();
    const nonce = await client.nonce(anchorer.address, 'latest');
    const low: Fee = { type: 'eip1559', maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
    const cheap = client.signAnchor(anchorer, SIZE_1, { nonce, gasLimit: 200_000n, fee: low });
    await rejectionOf(client.sendRaw(cheap.raw), 'underpriced');
    const pauper = Wallet.createRandom();
    const signer = new Wallet(pauper.privateKey);
    const broke = client.signAnchor(signer, SIZE_1, { nonce: 0, gasLimit: 200_000n, fee: await client.suggestFee() });
    await rejectionOf(client.sendRaw(broke.raw), 'insufficient-funds');
    expect(await client.balance(signer.address)).to.equal(0n);
    await rejectionOf(client.sendRaw('0x02c0'), 'transaction-refused');
  });

  it('pays by gas price where the chain has no base fee', async () => {
    const { client, anchorer } = chain();
    const nonce = await client.nonce(anchorer.address, 'latest');
    const fee: Fee = { type: 'legacy', gasPrice: 4n * 10n ** 9n };
    await client.sendRaw(client.signAnchor(anchorer, SIZE_1, { nonce, gasLimit: 200_000n, fee }).raw);
    await delay(50);
    expect((await client.head()).treeSize).to.equal(1n);
  });

  it('suggests a fee with which the next block takes a transaction', async () => {
    const fee = await chain().client.suggestFee();
    if (fee.type !== 'eip1559') throw new Error('anvil has a base fee');
    const baseFee = (await chain().client.blockByNumber('latest'))!.baseFeePerGas!;
    expect(fee.maxFeePerGas).to.equal(2n * baseFee + fee.maxPriorityFeePerGas);
  });

  it('calls blocks final by depth, by tag and by what is on disk', async () => {
    const { client, open, anvil } = chain();
    for (let i = 0; i < 5; i++) await rpc(anvil.rpcUrl, 'evm_mine');
    const newest = (await client.blockByNumber('latest'))!.number;
    const byDepth = (depth: number) => open({ profile: { ...EVALUATION_PROFILE, finality: { rule: 'depth', depth } } });
    expect(await byDepth(0).finalBlockNumber()).to.equal(newest);
    expect(await byDepth(3).finalBlockNumber()).to.equal(newest - 3n);
    expect(await byDepth(1000).finalBlockNumber()).to.equal(undefined);
    const byTag = open({ profile: { ...EVALUATION_PROFILE, finality: { rule: 'tag', tag: 'finalized' } } });
    expect(await byTag.finalBlockNumber()).to.equal((await byTag.blockByNumber('finalized'))!.number);
    let durable = -1n;
    const local = open({ durableBlock: () => durable });
    expect(await local.finalBlockNumber()).to.equal(undefined);
    durable = 4n;
    expect(await local.finalBlockNumber()).to.equal(4n);
  });

  it('has no block beyond the newest and none of an unknown hash', async () => {
    const { client } = chain();
    expect(await client.blockByNumber(10n ** 6n)).to.equal(undefined);
    expect(await client.blockByHash(`0x${'ab'.repeat(32)}`)).to.equal(undefined);
    expect(await client.receipt(`0x${'ab'.repeat(32)}`)).to.equal(undefined);
  });
});

// From one leaf to three: the proof holds leaf 1 and leaf 2.
const SIZE_3_FROM_1: AnchorCall = { ...SIZE_3, consistencyProof: [leaf1, leaf2] };

async function revertOf(attempt: Promise<unknown>) {
  const error = (await rejectionOf(attempt, 'call-reverted')) as ChainError;
  return error.revert!;
}

describe('deployEvidenceLog', () => {
  const chain = useEvidenceLogChain();

  it('names the constructor’s error', async () => {
    const { anvil } = chain();
    const attempt = deployEvidenceLog({
      ...{ rpcUrl: anvil.rpcUrl, chain: 'eip155:31337', deployer: new Wallet(anvil.guardian.privateKey) },
      ...{ anchorer: anvil.anchorer.address, guardian: `0x${'00'.repeat(20)}`, originHash: ORIGIN_HASH },
    });
    expect(await revertOf(attempt)).to.include({ name: 'GuardianIsZero' });
  });

  it('sends nothing to another chain', async () => {
    const { anvil } = chain();
    const before = await rpc(anvil.rpcUrl, 'eth_blockNumber');
    const attempt = deployEvidenceLog({
      ...{ rpcUrl: anvil.rpcUrl, chain: 'eip155:1', deployer: new Wallet(anvil.guardian.privateKey) },
      ...{ anchorer: anvil.anchorer.address, guardian: anvil.guardian.address, originHash: ORIGIN_HASH },
    });
    await rejectionOf(attempt, 'wrong-chain');
    expect(await rpc(anvil.rpcUrl, 'eth_blockNumber')).to.equal(before);
  });
});

describe('ChainClient and a node that fails', () => {
  const chain = useEvidenceLogChain();
  const server = useJsonRpcServer();
  const open = (timeoutMs = 2000) => chain().open({ rpcUrl: server.url(), timeoutMs });

  it('says rpc-unreachable when nobody listens', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => {
      closed.listen(0, '127.0.0.1', resolve);
    });
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const client = chain().open({ rpcUrl: `http://user:secret@127.0.0.1:${port}/key-in-path` });
    const error = await rejectionOf(client.head(), 'rpc-unreachable');
    expect(error.message).to.include('ECONNREFUSED').and.not.include('secret').and.not.include('key-in-path');
  });

  it('says rpc-timeout when no answer comes, or only its beginning', async () => {
    server.behave(() => undefined);
    await rejectionOf(open(100).head(), 'rpc-timeout');
    server.behave((_, response) => {
      response.write('{"jsonrpc":');
    });
    await rejectionOf(open(100).head(), 'rpc-timeout');
  });

  it('says rpc-unreachable for a gateway’s error page and for a cut connection', async () => {
    server.behave((_, response) => {
      response.writeHead(502).end('<html>Bad Gateway</html>');
    });
    await rejectionOf(open().head(), 'rpc-unreachable');
    server.behave((_, response) => {
      response.socket?.destroy();
    });
    await rejectionOf(open().head(), 'rpc-unreachable');
  });

  it('does not follow a redirect to somebody else', async () => {
    server.behave((_, response) => {
      response.writeHead(307, { location: chain().anvil.rpcUrl }).end();
    });
    await rejectionOf(open().head(), 'rpc-unreachable');
  });

  const malformed: [string, unknown][] = [
    ['no JSON', (_: unknown, response: { end(text: string): void }) => void response.end('{"result": 0x1}')],
    ['an array', (_: unknown, response: { end(text: string): void }) => void response.end('[]')],
    ['no result', () => ({})],
    ['the answer to another call', ({ id }: { id: number }) => ({ result: '0x1', id: id + 1 })],
    ['a number of another kind', () => ({ result: 31337 })],
    ['a number that is no hex', () => ({ result: '0xzz' })],
    ['null for a number', () => ({ result: null })],
  ];
  for (const [what, behaviour] of malformed) {
    it(`says rpc-malformed for ${what}`, async () => {
      server.behave(behaviour as never);
      await rejectionOf(open().verifyChain(), 'rpc-malformed');
    });
  }

  it('says rpc-malformed for a block or receipt without its fields', async () => {
    server.behave(() => ({ result: { number: '0x1' } }));
    await rejectionOf(open().blockByNumber('latest'), 'rpc-malformed');
    await rejectionOf(open().receipt(`0x${'11'.repeat(32)}`), 'rpc-malformed');
  });

  const spoken: [string, string][] = [
    ['nonce too low: next nonce 5, tx nonce 4', 'nonce-conflict'], // geth, reth
    ['Nonce too low', 'nonce-conflict'], // Besu
    ['OldNonce, Current nonce: 5, nonce of rejected tx: 4', 'nonce-conflict'], // Nethermind
    ['replacement transaction underpriced', 'underpriced'],
    ['transaction underpriced: gas tip cap 1, minimum needed 25', 'underpriced'],
    ['max fee per gas less than block base fee: address 0x…', 'underpriced'],
    ['Gas price below configured minimum gas price', 'underpriced'],
    ['insufficient funds for gas * price + value: balance 0', 'insufficient-funds'],
    ['Upfront cost exceeds account balance', 'insufficient-funds'],
    ['intrinsic gas too low', 'transaction-refused'],
  ];
  for (const [message, code] of spoken) {
    it(`understands "${message}" as ${code}`, async () => {
      server.behave(() => ({ error: { code: -32000, message } }));
      await rejectionOf(open().sendRaw('0x02'), code);
    });
  }

  for (const message of [
    'already known',
    'Known transaction',
    'AlreadyKnown',
    'transaction already imported',
    'tx already in mempool',
  ]) {
    it(`takes "${message}" for success`, async () => {
      server.behave(() => ({ error: { code: -32000, message } }));
      await open().sendRaw('0x02');
    });
  }

  it('decodes a revert wherever the node puts its data', async () => {
    const { anvil, client } = chain();
    const { data } = await revertOf(client.simulateAnchor(anvil.guardian.address, SIZE_1));
    for (const said of [data, `Reverted ${data}`, { data }, { originalError: 1, data: { data } }]) {
      server.behave(() => ({ error: { code: 3, message: 'execution reverted', data: said } }));
      expect((await revertOf(open().simulateAnchor(anvil.guardian.address, SIZE_1))).name).to.equal('NotAnchorer');
    }
    server.behave(() => ({ error: { code: 3, message: 'execution reverted' } }));
    expect(await revertOf(open().simulateAnchor(anvil.guardian.address, SIZE_1))).to.deep.equal({
      ...{ name: undefined, args: {}, data: '0x' },
    });
    server.behave(() => ({ error: { code: 3, message: 'execution reverted', data: '0xdeadbeef00' } }));
    expect((await revertOf(open().head())).data).to.equal('0xdeadbeef00');
  });

  it('sends the credentials of the URL as basic authentication', async () => {
    let seen: string | undefined;
    server.behave(({ authorization }) => {
      seen = authorization;
      return { result: '0x7a69' };
    });
    const url = new URL(server.url());
    url.username = 'user';
    url.password = 'p%40ss';
    await chain().open({ rpcUrl: url.href }).verifyChain();
    expect(seen).to.equal(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  it('does without eth_getBlockReceipts and eth_maxPriorityFeePerGas', async () => {
    const { client, anvil, anchorer } = chain();
    const { receipt } = await anchor(client, anchorer, SIZE_1);
    const missing = { error: { code: -32601, message: 'the method does not exist' } };
    const absent = new Set(['eth_getBlockReceipts', 'eth_maxPriorityFeePerGas']);
    server.behave(throughTo(anvil.rpcUrl, (method, answer) => (absent.has(method) ? missing : answer)));
    const block = (await open().blockByHash(receipt.blockHash))!;
    expect(await open().blockReceipts(block)).to.deep.equal(await client.blockReceipts(block));
    expect((await open().suggestFee()).type).to.equal('eip1559');
  });

  it('does not take another block’s receipts', async () => {
    const { client, anvil } = chain();
    const block = (await client.blockByNumber('latest'))!;
    expect(block.transactions.length).to.equal(1);
    const change = (method: string, answer: { result?: object[] }) =>
      method === 'eth_getBlockReceipts'
        ? { result: answer.result?.map((receipt) => ({ ...receipt, blockHash: `0x${'99'.repeat(32)}` })) }
        : answer;
    server.behave(throughTo(anvil.rpcUrl, change));
    await rejectionOf(open().blockReceipts(block), 'block-not-found');
    server.behave(
      throughTo(anvil.rpcUrl, (method, answer) => (method === 'eth_getBlockReceipts' ? { result: null } : answer)),
    );
    await rejectionOf(open().blockReceipts(block), 'block-not-found');
  });

  it('says finality-unavailable where the tag is unknown, or the rule is the embedded chain’s', async () => {
    server.behave(() => ({ error: { code: -32602, message: 'invalid block tag' } }));
    const profile = { ...EVALUATION_PROFILE, finality: { rule: 'tag', tag: 'safe' } } as const;
    await rejectionOf(chain().open({ rpcUrl: server.url(), profile }).finalBlockNumber(), 'finality-unavailable');
    const { contract } = chain();
    const plain = new ChainClient({ rpcUrl: server.url(), profile: EVALUATION_PROFILE, contract });
    await rejectionOf(plain.finalBlockNumber(), 'finality-unavailable');
  });

  it('asks for logs in windows', async () => {
    const asked: [string, string][] = [];
    server.behave(({ method, params }) => {
      if (method === 'eth_blockNumber') return { result: '0x2ee0' };
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      asked.push([fromBlock, toBlock]);
      return { result: [] };
    });
    expect(await open().findAnchor(leaf0, 1000n)).to.equal(undefined);
    expect(asked.map((range) => range.map(Number))).to.deep.equal([
      [1000, 5999],
      [6000, 10999],
      [11000, 12000],
    ]);
  });
});
