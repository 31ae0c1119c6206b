import { keccak_256 } from '@noble/hashes/sha3.js';
import { expect } from 'chai';
import { parseBlockHeader, qbftBlockHash } from '../../src/format/block-header.ts';
import { encodeHex, encodeHex0x, parseHex, parseHex0x } from '../../src/format/bytes.ts';
import { encodeRlp, encodeRlpUint, type RlpItem } from '../../src/format/rlp.ts';
import { codeOf } from '../support/coded-error.ts';

/** Fields of a header as of Frontier: all zero, but for number 18 and timestamp 1795316645. */
function frontierFields(): RlpItem[] {
  const zeros = (length: number) => new Uint8Array(length);
  const none = zeros(0);
  return [
    new Uint8Array(32).fill(1),
    zeros(32),
    zeros(20),
    zeros(32),
    zeros(32),
    new Uint8Array(32).fill(5),
    zeros(256),
    none,
    encodeRlpUint(18n),
    none,
    none,
    encodeRlpUint(1795316645n),
    none,
    zeros(32),
    zeros(8),
  ];
}

describe('parseBlockHeader', () => {
  it('reads hash, parent, receipts root, number and time', () => {
    const rlp = encodeRlp(frontierFields());
    const header = parseBlockHeader(rlp);
    expect(encodeHex(header.hash)).to.equal(encodeHex(keccak_256(rlp)));
    expect(encodeHex(header.parentHash)).to.equal('01'.repeat(32));
    expect(encodeHex(header.receiptsRoot)).to.equal('05'.repeat(32));
    expect(header.number).to.equal(18n);
    expect(header.timestamp).to.equal(1795316645n);
  });

  it('accepts fields of later forks, known or not', () => {
    const prague = [...frontierFields(), encodeRlpUint(7n), new Uint8Array(32), new Uint8Array(0), new Uint8Array(0)];
    for (const fields of [
      prague,
      [...prague, new Uint8Array(32), new Uint8Array(32)],
      [...prague, [], new Uint8Array(99)],
    ]) {
      expect(parseBlockHeader(encodeRlp(fields)).number).to.equal(18n);
    }
  });

  const malformed: [string, (fields: RlpItem[]) => RlpItem][] = [
    ['a byte string', () => new Uint8Array(600)],
    ['fourteen fields', (fields) => fields.slice(0, 14)],
    ['a short parent hash', (fields) => fields.with(0, new Uint8Array(31))],
    ['a long receipts root', (fields) => fields.with(5, new Uint8Array(33))],
    ['a bloom of 255 bytes', (fields) => fields.with(6, new Uint8Array(255))],
    ['a list for a number', (fields) => fields.with(8, [])],
    ['a number of nine bytes', (fields) => fields.with(8, new Uint8Array(9).fill(1))],
    ['a time with a leading zero', (fields) => fields.with(11, parseHex('0001'))],
    ['a list for extraData', (fields) => fields.with(12, [])],
    ['a nonce of seven bytes', (fields) => fields.with(14, new Uint8Array(7))],
  ];
  for (const [what, change] of malformed) {
    it(`refuses ${what}`, () => {
      expect(codeOf(() => parseBlockHeader(encodeRlp(change(frontierFields()))))).to.equal('invalid-header');
    });
  }

  it('refuses bytes behind the header, and more than 64 KiB', () => {
    const rlp = encodeRlp(frontierFields());
    expect(codeOf(() => parseBlockHeader(new Uint8Array([...rlp, 0])))).to.equal('invalid-rlp');
    expect(codeOf(() => parseBlockHeader(encodeRlp(frontierFields().with(12, new Uint8Array(1 << 16)))))).to.equal(
      'too-large',
    );
  });
});

// Block 0xe5f2 of a Hyperledger Besu network with QBFT, as its node answered eth_getBlockByHash; published as the
// sample of hyperledger/firefly-signer's JSON-RPC tests.
const BESU_HASH = '0xd33367228e0a0e3667c910c7d92d3f6e724e2b6e2f671b28823a22f82597d023';
const BESU_EXTRA_DATA =
  '0xf87ea00000000000000000000000000000000000000000000000000000000000000000d594ef5880ec6b859b6949d88ddbd6ec18e96d0f14aac080' +
  'f843b8410469b43f8d873e7b3c54c0d2a606a37af533994653f077b234a563f00723641a7ad56e6ba07d56fb38ec68bc9b6234d54fe62730f41118658a12c886fb783c3100';
const BESU_FIELDS: RlpItem[] = [
  '0x78ec31452f053f75665033d4957b8b33283c55e1c7239dc5facbb684a866492e',
  '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  '0xef5880ec6b859b6949d88ddbd6ec18e96d0f14aa',
  '0xaebe1ab7b242b261b1aced1a1ed729c3d6436634ff656efecad4609b38ee63a3',
  '0x77c428651debcc42d181d9067386d807b204235ebb3e45dfa5f1e6e71c0b67de',
  '0x0946e4baf57a46888aa1a78dc974a01a56bb221ae8d6ee381942695596f976ec',
  '0x00000000000000000000000000000000000000000000000000000080000100002000000000000000000000000000000000000000000000000000000000000000000000000000000000000008000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000010008000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020200000000000000204000000000000000000000000000002000000000000040000000000000000000000000000000000000000000000000000000000000000000000000000000000000000404000000000000000',
  '0x01',
  '0xe5f2',
  '0x2fefd800',
  '0x0197b8',
  '0x6849f937',
  BESU_EXTRA_DATA,
  '0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365',
  '0x0000000000000000',
  '0x',
].map(parseHex0x);
const EXTRA_DATA = 12;

describe('qbftBlockHash', () => {
  it('is the hash that a Besu node gives its block', () => {
    const rlp = encodeRlp(BESU_FIELDS);
    expect(encodeHex0x(qbftBlockHash(rlp)!)).to.equal(BESU_HASH);
    expect(encodeHex0x(parseBlockHeader(rlp).hash)).not.to.equal(BESU_HASH);
  });

  it('does not depend on round and seals, which differ from node to node', () => {
    // Round 0 and its one seal at the end become round 3 and two other seals.
    const extraData = parseHex0x(BESU_EXTRA_DATA);
    const [vanity, validators] = [new Uint8Array(32), [extraData.subarray(37, 57)]];
    const seals = [new Uint8Array(65).fill(1), new Uint8Array(65).fill(2)];
    const other = encodeRlp([vanity, validators, [], encodeRlpUint(3n), seals]);
    expect(encodeHex0x(qbftBlockHash(encodeRlp(BESU_FIELDS.with(EXTRA_DATA, other)))!)).to.equal(BESU_HASH);
  });

  it('depends on validators, vote and every other field', () => {
    const extraData = parseHex0x(BESU_EXTRA_DATA);
    const voted = encodeRlp([
      new Uint8Array(32),
      [extraData.subarray(37, 57)],
      [new Uint8Array(20), parseHex('ff')],
      new Uint8Array(0),
      [],
    ]);
    for (const fields of [
      BESU_FIELDS.with(EXTRA_DATA, voted),
      BESU_FIELDS.with(EXTRA_DATA, encodeRlp([new Uint8Array(32), [], [], new Uint8Array(0), []])),
      BESU_FIELDS.with(5, new Uint8Array(32)),
    ]) {
      expect(encodeHex0x(qbftBlockHash(encodeRlp(fields))!)).not.to.equal(BESU_HASH);
    }
  });

  it('is undefined for a header of another engine', () => {
    expect(qbftBlockHash(encodeRlp(frontierFields()))).to.equal(undefined);
    expect(qbftBlockHash(encodeRlp(BESU_FIELDS.with(EXTRA_DATA, new Uint8Array(32))))).to.equal(undefined);
    expect(qbftBlockHash(encodeRlp(BESU_FIELDS.with(EXTRA_DATA, encodeRlp([[], [], [], [], []]))))).to.equal(undefined);
  });
});
