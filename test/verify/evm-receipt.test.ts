import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseBlockHeader } from '../../src/format/block-header.ts';
import { concat, encodeHex } from '../../src/format/bytes.ts';
import { encodeRlp, encodeRlpUint, type RlpItem } from '../../src/format/rlp.ts';
import {
  CHECKPOINT_ANCHORED_TOPIC,
  type EvmReceiptEvidence,
  receiptFromProof,
  verifyEvmReceipt,
} from '../../src/verify/evm-receipt.ts';

const CONTRACT = new Uint8Array(20).fill(0xc0);
const ROOT_HASH = new Uint8Array(32).fill(0xab);
const TREE_SIZE = 41n;

const word = (value: bigint) => {
  const bytes = encodeRlpUint(value);
  return concat(new Uint8Array(32 - bytes.length), bytes);
};
const log = (address: Uint8Array, topics: Uint8Array[], data: Uint8Array): RlpItem => [address, topics, data];
const anchorLog = log(CONTRACT, [CHECKPOINT_ANCHORED_TOPIC, word(TREE_SIZE), ROOT_HASH], word(17n));
const otherLog = log(new Uint8Array(20).fill(1), [], new Uint8Array(3));

interface ReceiptShape {
  /** Undefined for a legacy receipt. */
  type?: number;
  status?: Uint8Array;
  logs: RlpItem[];
}
function receiptOf({ type, status = new Uint8Array([1]), logs }: ReceiptShape): Uint8Array {
  const body = encodeRlp([status, encodeRlpUint(21_000n), new Uint8Array(256), logs]);
  return type === undefined ? body : concat(new Uint8Array([type]), body);
}

const keyOf = (index: number) => encodeRlp(encodeRlpUint(BigInt(index)));

/** The nodes that have a hash of their own; the other implementation also lists those that lie inside their parents. */
async function proofOf(trie: Awaited<ReturnType<typeof trieOver>>, index: number): Promise<Uint8Array[]> {
  return (await createMerkleProof(trie, keyOf(index))).filter((node, i) => i === 0 || node.length >= 32);
}

/** A trie over receipts by another implementation. */
async function trieOver(receipts: readonly Uint8Array[]) {
  const trie = await createMPT();
  for (const [index, receipt] of receipts.entries()) await trie.put(keyOf(index), receipt);
  return trie;
}

function headerOver(receiptsRoot: Uint8Array): Uint8Array {
  const zeros = (length: number) => new Uint8Array(length);
  const numbers = { number: encodeRlpUint(1_234_567n), timestamp: encodeRlpUint(1_795_316_645n) };
  return encodeRlp([
    ...[zeros(32), zeros(32), zeros(20), zeros(32), zeros(32), receiptsRoot, zeros(256), zeros(0)],
    ...[numbers.number, zeros(0), zeros(0), numbers.timestamp, zeros(0), zeros(32), zeros(8), encodeRlpUint(7n)],
  ]);
}

async function evidenceFor(
  receipts: readonly Uint8Array[],
  index: number,
  logIndex: number,
): Promise<EvmReceiptEvidence> {
  const trie = await trieOver(receipts);
  const header = headerOver(trie.root());
  return {
    header,
    blockHash: parseBlockHeader(header).hash,
    transactionIndex: index,
    receiptProof: await proofOf(trie, index),
    receiptLogIndex: logIndex,
    contract: CONTRACT,
    rootHash: ROOT_HASH,
    treeSize: TREE_SIZE,
  };
}

const PROVED = { ok: true, blockNumber: 1_234_567n, blockTime: 1_795_316_645n, previousTreeSize: 17n };
const failed = (reason: string) => ({ ok: false, reason });

describe('CHECKPOINT_ANCHORED_TOPIC', () => {
  it('is the topic that Solidity computes', () => {
    // ethers.id('CheckpointAnchored(uint64,bytes32,uint64)')
    expect(encodeHex(CHECKPOINT_ANCHORED_TOPIC)).to.equal(
      '031af2ea7f6de84bdca3583762e907ac3bb3b1092e7b71ca4fa616a2eae67303',
    );
  });
});

describe('receiptFromProof over random blocks', () => {
  const blocks = fc.array(
    fc.record({
      type: fc.constantFrom(undefined, 1, 2, 3, 4),
      logs: fc.array(fc.constantFrom(otherLog, anchorLog), { maxLength: 3 }),
    }),
    { maxLength: 300, size: 'max' },
  );

  it('finds every receipt and shows the absence of the next', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(blocks, async (shapes) => {
        const receipts = shapes.map((shape) => receiptOf(shape as ReceiptShape));
        const trie = await trieOver(receipts);
        for (const [index, receipt] of receipts.entries()) {
          const proof = await proofOf(trie, index);
          const found = receiptFromProof(trie.root(), index, proof);
          expect(found.ok && encodeHex(found.receipt)).to.equal(encodeHex(receipt));
        }
        if (receipts.length > 0) {
          const past = await proofOf(trie, receipts.length);
          expect(receiptFromProof(trie.root(), receipts.length, past)).to.deep.equal(failed('receipt-absent'));
        }
      }),
      { numRuns: 12 },
    );
  });

  it('handles values so short that nodes lie inside their parents', async () => {
    const values = Array.from({ length: 200 }, (_, i) => new Uint8Array([0xc1, i & 0x7f]));
    const trie = await trieOver(values);
    for (const [index, value] of values.entries()) {
      const found = receiptFromProof(trie.root(), index, await proofOf(trie, index));
      expect(found.ok && encodeHex(found.receipt)).to.equal(encodeHex(value));
    }
  });

  it('refuses a proof for another index, with a node too few, and with one too many', async () => {
    const receipts = Array.from({ length: 150 }, (_, i) => receiptOf({ logs: Array(i % 3).fill(otherLog) }));
    const trie = await trieOver(receipts);
    const proof = await proofOf(trie, 70);
    expect(proof.length).to.be.greaterThan(2);
    expect(receiptFromProof(trie.root(), 70, proof).ok).to.equal(true);
    expect(receiptFromProof(trie.root(), 71, proof).ok).to.equal(false);
    expect(receiptFromProof(trie.root(), 70, proof.slice(0, -1))).to.deep.equal(failed('receipt-proof-too-short'));
    expect(receiptFromProof(trie.root(), 70, [...proof, proof[0]!])).to.deep.equal(failed('receipt-proof-too-long'));
    expect(receiptFromProof(trie.root(), 70, proof.slice(1))).to.deep.equal(failed('receipt-proof-hash-mismatch'));
    expect(receiptFromProof(trie.root(), 70, [])).to.deep.equal(failed('receipt-proof-too-short'));
    expect(receiptFromProof(trie.root(), 70, Array(21).fill(proof[0]))).to.deep.equal(failed('receipt-proof-too-long'));
  });

  for (const index of [-1, 0.5, Number.NaN, 2 ** 53]) {
    it(`refuses ${index} as a transaction index`, () => {
      expect(receiptFromProof(new Uint8Array(32), index, [])).to.deep.equal(failed('transaction-index-out-of-range'));
    });
  }
});

describe('verifyEvmReceipt', () => {
  const filler = (count: number) => Array.from({ length: count }, () => receiptOf({ type: 2, logs: [otherLog] }));

  it('proves an anchor and reads number, time and the size before from the evidence', async () => {
    const receipts = [...filler(5), receiptOf({ type: 2, logs: [otherLog, anchorLog] }), ...filler(3)];
    expect(verifyEvmReceipt(await evidenceFor(receipts, 5, 1))).to.deep.equal(PROVED);
  });

  it('proves an anchor alone in its block, in a legacy receipt', async () => {
    expect(verifyEvmReceipt(await evidenceFor([receiptOf({ logs: [anchorLog] })], 0, 0))).to.deep.equal(PROVED);
  });

  const changedReceipts: [string, Uint8Array, string][] = [
    ['a transaction that reverted', receiptOf({ status: new Uint8Array(0), logs: [anchorLog] }), 'transaction-failed'],
    ['a status of 2', receiptOf({ status: new Uint8Array([2]), logs: [anchorLog] }), 'transaction-failed'],
    ['a state root for a status', receiptOf({ status: new Uint8Array(32), logs: [anchorLog] }), 'transaction-failed'],
    ['no log', receiptOf({ logs: [] }), 'log-absent'],
    ['a log of another contract', receiptOf({ logs: [otherLog] }), 'log-of-other-contract'],
    ['a log without topics', receiptOf({ logs: [log(CONTRACT, [], word(0n))] }), 'log-of-other-event'],
    [
      'a log of another event',
      receiptOf({ logs: [log(CONTRACT, [ROOT_HASH, word(TREE_SIZE), ROOT_HASH], word(17n))] }),
      'log-of-other-event',
    ],
    [
      'a fourth topic',
      receiptOf({
        logs: [log(CONTRACT, [CHECKPOINT_ANCHORED_TOPIC, word(TREE_SIZE), ROOT_HASH, ROOT_HASH], word(17n))],
      }),
      'log-of-other-event',
    ],
    [
      'two words of data',
      receiptOf({ logs: [log(CONTRACT, [CHECKPOINT_ANCHORED_TOPIC, word(TREE_SIZE), ROOT_HASH], new Uint8Array(64))] }),
      'log-of-other-event',
    ],
    [
      'a tree size beyond 64 bits',
      receiptOf({
        logs: [log(CONTRACT, [CHECKPOINT_ANCHORED_TOPIC, word(TREE_SIZE + 2n ** 64n), ROOT_HASH], word(17n))],
      }),
      'log-of-other-event',
    ],
    [
      'another root hash',
      receiptOf({ logs: [log(CONTRACT, [CHECKPOINT_ANCHORED_TOPIC, word(TREE_SIZE), word(1n)], word(17n))] }),
      'root-hash-mismatch',
    ],
    [
      'another tree size',
      receiptOf({ logs: [log(CONTRACT, [CHECKPOINT_ANCHORED_TOPIC, word(42n), ROOT_HASH], word(17n))] }),
      'tree-size-mismatch',
    ],
    ['a topic of 31 bytes', receiptOf({ logs: [log(CONTRACT, [new Uint8Array(31)], word(0n))] }), 'receipt-malformed'],
    ['an address of 21 bytes', receiptOf({ logs: [log(new Uint8Array(21), [], word(0n))] }), 'receipt-malformed'],
    ['five topics', receiptOf({ logs: [log(CONTRACT, Array(5).fill(ROOT_HASH), word(0n))] }), 'receipt-malformed'],
    ['a receipt of three fields', encodeRlp([new Uint8Array([1]), new Uint8Array(0), []]), 'receipt-malformed'],
    ['a receipt that is no list', encodeRlp(new Uint8Array(99)), 'receipt-malformed'],
    ['trailing bytes in the receipt', concat(receiptOf({ logs: [anchorLog] }), new Uint8Array(1)), 'receipt-malformed'],
    ['two type bytes', concat(new Uint8Array([2]), receiptOf({ type: 2, logs: [anchorLog] })), 'receipt-malformed'],
  ];
  for (const [what, receipt, reason] of changedReceipts) {
    it(`says ${reason} for ${what}`, async () => {
      expect(verifyEvmReceipt(await evidenceFor([...filler(2), receipt], 2, 0))).to.deep.equal(failed(reason));
    });
  }

  it('names what differs when the evidence is changed', async () => {
    const good = await evidenceFor([...filler(2), receiptOf({ logs: [anchorLog] })], 2, 0);
    expect(verifyEvmReceipt(good)).to.deep.equal(PROVED);
    const other = await evidenceFor([receiptOf({ logs: [anchorLog, anchorLog] })], 0, 0);
    const changes: [Partial<EvmReceiptEvidence>, string][] = [
      [{ header: new Uint8Array(0) }, 'header-malformed'],
      [{ header: other.header }, 'header-hash-mismatch'],
      [{ blockHash: other.blockHash }, 'header-hash-mismatch'],
      [{ blockHash: good.blockHash.subarray(0, 31) }, 'header-hash-mismatch'],
      [{ header: other.header, blockHash: other.blockHash }, 'receipt-proof-hash-mismatch'],
      [{ transactionIndex: 1 }, 'receipt-proof-hash-mismatch'],
      [{ transactionIndex: 3 }, 'receipt-absent'],
      [{ receiptLogIndex: 1 }, 'log-absent'],
      [{ receiptLogIndex: -1 }, 'log-absent'],
      [{ receiptLogIndex: 0.5 }, 'log-absent'],
      [{ contract: new Uint8Array(20) }, 'log-of-other-contract'],
      [{ rootHash: new Uint8Array(32) }, 'root-hash-mismatch'],
      [{ treeSize: 40n }, 'tree-size-mismatch'],
    ];
    for (const [change, reason] of changes) {
      const result = verifyEvmReceipt({ ...good, ...change });
      expect(result, JSON.stringify(Object.keys(change))).to.deep.equal(failed(reason));
    }
  });

  it('never proves evidence with a byte changed, and never throws', async () => {
    const good = await evidenceFor([...filler(40), receiptOf({ type: 2, logs: [otherLog, anchorLog] })], 40, 1);
    const pieces = [good.header, good.blockHash, ...good.receiptProof];
    const mutation = fc.record({
      piece: fc.nat(pieces.length - 1),
      at: fc.nat(),
      how: fc.constantFrom('flip', 'drop', 'insert', 'truncate'),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const changed = pieces.map((bytes) => [...bytes]);
        for (const { piece, at, how, byte } of mutations) {
          const bytes = changed[piece]!;
          const position = bytes.length === 0 ? 0 : at % bytes.length;
          if (how === 'flip' && bytes.length > 0) bytes[position]! ^= byte;
          else if (how === 'drop') bytes.splice(position, 1);
          else if (how === 'insert') bytes.splice(position, 0, byte);
          else bytes.length = position;
        }
        const [header, blockHash, ...receiptProof] = changed.map((bytes) => new Uint8Array(bytes));
        fc.pre(changed.some((bytes, i) => encodeHex(new Uint8Array(bytes)) !== encodeHex(pieces[i]!)));
        const result = verifyEvmReceipt({ ...good, header: header!, blockHash: blockHash!, receiptProof });
        expect(result.ok).to.equal(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws for a trie that vouches for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), async (receipt) => {
        const result = verifyEvmReceipt(await evidenceFor([receipt], 0, 0));
        expect(result.ok).to.equal(false);
      }),
    );
  });

  it('never throws for nodes of any shape', () => {
    const items = fc.letrec<{ item: RlpItem }>((tie) => ({
      item: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.uint8Array({ maxLength: 40 }),
        fc.array(tie('item'), { minLength: 2, maxLength: 2 }),
        fc.array(tie('item'), { minLength: 17, maxLength: 17 }),
      ),
    })).item;
    fc.assert(
      fc.property(items, fc.nat(300), (item, index) => {
        const node = encodeRlp(item);
        const rootHash = keccak_256(node);
        expect(receiptFromProof(rootHash, index, [node])).to.have.property('ok');
      }),
      { numRuns: 500 },
    );
  });
});
