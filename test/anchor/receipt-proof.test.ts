import { setTimeout as delay } from 'node:timers/promises';
import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import fc from 'fast-check';
import type { AnchorCall } from '../../src/anchor/chain-client.ts';
import {
  buildReceiptTrie,
  collectAnchorProof,
  encodeBlockHeader,
  rebuildReceiptsRoot,
} from '../../src/anchor/receipt-proof.ts';
import { encodeHex, encodeHex0x, parseHex0x, sha256 } from '../../src/format/bytes.ts';
import { encodeRlp, encodeRlpUint } from '../../src/format/rlp.ts';
import { receiptFromProof, verifyEvmReceipt } from '../../src/verify/evm-receipt.ts';
import { rpc } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { EVALUATION_PROFILE, useEvidenceLogChain } from '../support/evidence-log-chain.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';

const keyOf = (index: number) => encodeRlp(encodeRlpUint(BigInt(index)));

describe('buildReceiptTrie', () => {
  const receipts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 300, size: 'max' });

  it('agrees with another implementation on root and proofs', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(receipts, async (values) => {
        const ours = buildReceiptTrie(values);
        const theirs = await createMPT();
        for (const [index, value] of values.entries()) await theirs.put(keyOf(index), value);
        expect(encodeHex(ours.root)).to.equal(encodeHex(theirs.root()));
        for (const [index, value] of values.entries()) {
          const proof = ours.proofFor(index);
          const found = receiptFromProof(ours.root, index, proof);
          expect(found.ok && encodeHex(found.receipt)).to.equal(encodeHex(value));
          // The other one also lists nodes that lie inside their parents.
          const other = await createMerkleProof(theirs, keyOf(index));
          const hashed = other.filter((node, i) => i === 0 || node.length >= 32);
          expect(proof.map(encodeHex)).to.deep.equal(hashed.map(encodeHex));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('has the well-known root of a block without transactions', () => {
    const { root, proofFor } = buildReceiptTrie([]);
    expect(encodeHex(root)).to.equal('56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
    expect(proofFor(0)).to.deep.equal([]);
  });
});

describe('collectAnchorProof', () => {
  const chain = useEvidenceLogChain();
  const server = useJsonRpcServer();
  const first: AnchorCall = { treeSize: 5n, rootHash: sha256(new Uint8Array([5])), consistencyProof: [] };
  let wanted: { blockHash: string; transactionHash: string; rootHash: Uint8Array; treeSize: bigint };

  // One block with the anchor amid 150 other transactions, legacy and of type 1 and 2, so that the trie has all kinds of nodes.
  before(async function () {
    this.timeout(60_000);
    const { anvil, client, anchorer } = chain();
    const other = new Wallet(anvil.guardian.privateKey);
    await rpc(anvil.rpcUrl, 'evm_setAutomine', [false]);
    const fee = await client.suggestFee();
    if (fee.type !== 'eip1559') throw new Error('anvil has a base fee');
    const start = await client.nonce(other.address, 'pending');
    for (let i = 0; i < 150; i++) {
      const call = { chainId: 31337, nonce: start + i, to: other.address, value: BigInt(i), gasLimit: 40_000n };
      const price =
        i % 3 === 2 ? { maxFeePerGas: fee.maxFeePerGas, maxPriorityFeePerGas: 1n } : { gasPrice: fee.maxFeePerGas };
      await client.sendRaw(await other.signTransaction({ ...call, ...price, type: i % 3 }));
    }
    const nonce = await client.nonce(anchorer.address, 'pending');
    const signed = client.signAnchor(anchorer, first, { nonce, gasLimit: 200_000n, fee });
    await client.sendRaw(signed.raw);
    await rpc(anvil.rpcUrl, 'evm_mine');
    await rpc(anvil.rpcUrl, 'evm_setAutomine', [true]);
    for (;;) {
      const receipt = await client.receipt(signed.hash);
      if (receipt !== undefined) {
        wanted = { blockHash: receipt.blockHash, transactionHash: signed.hash, rootHash: first.rootHash, treeSize: 5n };
        break;
      }
      await delay(10);
    }
  });

  it('gives what a verifier without a node needs', async () => {
    const proof = await collectAnchorProof(chain().client, wanted);
    const block = (await chain().client.blockByHash(wanted.blockHash))!;
    expect(block.transactions.length).to.equal(151);
    expect(encodeHex0x(proof.blockHash)).to.equal(wanted.blockHash);
    const evidence = { ...proof, contract: parseHex0x(chain().contract), rootHash: first.rootHash, treeSize: 5n };
    expect(verifyEvmReceipt(evidence)).to.deep.equal({
      ...{ ok: true, blockNumber: block.number, blockTime: block.timestamp, previousTreeSize: 0n },
    });
    expect(proof).to.include({ blockNumber: block.number, blockTime: block.timestamp });
    expect(verifyEvmReceipt({ ...evidence, treeSize: 6n })).to.deep.equal({ ok: false, reason: 'tree-size-mismatch' });
  });

  it('proves every transaction of a real block with typed receipts', async () => {
    const { client } = chain();
    const block = (await client.blockByHash(wanted.blockHash))!;
    const receipts = await client.blockReceipts(block);
    expect(new Set(receipts.map(({ type }) => type))).to.deep.equal(new Set([0, 1, 2]));
    const { proofFor } = rebuildReceiptsRoot(block, receipts);
    const root = parseHex0x(String(block.fields.receiptsRoot));
    for (let index = 0; index < receipts.length; index++) {
      expect(receiptFromProof(root, index, proofFor(index)).ok, `receipt ${index}`).to.equal(true);
    }
  });

  it('rebuilds the header of every block so far', async () => {
    const { client } = chain();
    const newest = (await client.blockByNumber('latest'))!;
    for (let number = 0n; number <= newest.number; number++) {
      const block = (await client.blockByNumber(number))!;
      expect(encodeBlockHeader(block, 'ethereum').length).to.be.greaterThan(500);
    }
  });

  it('refuses a block that the chain does not have', async () => {
    const attempt = collectAnchorProof(chain().client, { ...wanted, blockHash: `0x${'12'.repeat(32)}` });
    await rejectionOf(attempt, 'block-not-found');
  });

  it('refuses a transaction that is in another block', async () => {
    const attempt = collectAnchorProof(chain().client, { ...wanted, transactionHash: `0x${'12'.repeat(32)}` });
    await rejectionOf(attempt, 'anchor-not-in-block');
  });

  it('refuses a transaction that anchored something else', async () => {
    const { client } = chain();
    const size = await rejectionOf(collectAnchorProof(client, { ...wanted, treeSize: 6n }), 'anchor-not-in-block');
    expect(size.message).to.include('tree-size-mismatch');
    const [other] = (await client.blockByHash(wanted.blockHash))!.transactions.filter(
      (hash) => hash !== wanted.transactionHash,
    );
    await rejectionOf(collectAnchorProof(client, { ...wanted, transactionHash: other! }), 'anchor-not-in-block');
  });

  // biome-ignore lint/suspicious/noExplicitAny: every method answers with a shape of its own
  const lie = (ofMethod: string, change: (result: any) => unknown) => {
    server.behave(
      throughTo(chain().anvil.rpcUrl, (method, answer) =>
        method === ofMethod ? { result: change(answer.result) } : answer,
      ),
    );
    return collectAnchorProof(chain().open({ rpcUrl: server.url() }), wanted);
  };

  it('refuses a node that changes a header field', async () => {
    for (const [field, value] of [
      ['timestamp', '0x1'],
      ['number', '0x1'],
      ['receiptsRoot', `0x${'00'.repeat(32)}`],
      ['requestsHash', undefined],
      ['baseFeePerGas', '0x1'],
      ['miner', '0x12'],
    ] as const) {
      await rejectionOf(
        lie('eth_getBlockByHash', (block) => ({ ...block, [field]: value })),
        'header-not-reproduced',
      );
    }
  });

  it('refuses a node that changes a receipt', async () => {
    for (const change of [
      { status: '0x0' },
      { cumulativeGasUsed: '0x5' },
      { type: '0x3' },
      { logsBloom: `0x${'00'.repeat(256)}` },
      { logs: [] },
    ]) {
      await rejectionOf(
        lie('eth_getBlockReceipts', (receipts) =>
          receipts.map((receipt: { transactionHash: string }) =>
            receipt.transactionHash === wanted.transactionHash ? { ...receipt, ...change } : receipt,
          ),
        ),
        'receipts-not-reproduced',
      );
    }
  });

  it('refuses a node that hides or swaps receipts', async () => {
    await rejectionOf(
      lie('eth_getBlockReceipts', (receipts) => receipts.slice(1)),
      'block-not-found',
    );
    await rejectionOf(
      lie('eth_getBlockReceipts', (receipts) => receipts.toReversed()),
      'block-not-found',
    );
  });

  it('says that a chain without proofs has none', async () => {
    const profile = { ...EVALUATION_PROFILE, headerHash: 'none', receipts: 'none' } as const;
    await rejectionOf(collectAnchorProof(chain().open({ profile }), wanted), 'proofs-unsupported');
  });
});
