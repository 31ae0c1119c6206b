import { expect } from 'chai';
import { parseBitcoinHeader, parseBitcoinHeaderLines } from '../../src/format/bitcoin-header.ts';
import { encodeHex, parseHex } from '../../src/format/bytes.ts';
import { mineHeader } from '../support/bitcoin-chain.ts';
import { codeOf } from '../support/coded-error.ts';

/** Bitcoin's first block. */
const GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c';

describe('parseBitcoinHeader', () => {
  it("reads Bitcoin's first block", () => {
    const { hash, merkleRoot, time, hasWork } = parseBitcoinHeader(parseHex(GENESIS));
    expect(hash).to.equal('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
    expect(encodeHex(merkleRoot.reverse())).to.equal(
      '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    );
    expect(time).to.equal(Date.UTC(2009, 0, 3, 18, 15, 5) / 1000);
    expect(hasWork).to.equal(true);
  });

  it('finds no work in it once any bit before the target is changed', () => {
    for (let bit = 0; bit < 72 * 8; bit += 7) {
      const changed = parseHex(GENESIS);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(parseBitcoinHeader(changed).hasWork, `bit ${bit}`).to.equal(false);
    }
  });

  it('takes no target that is zero, negative or larger than any hash', () => {
    const header = mineHeader(new Uint8Array(32), new Uint8Array(32), 1_700_000_000);
    expect(parseBitcoinHeader(header).hasWork).to.equal(true);
    for (const bits of [0x00000000, 0x20000000, 0x20ffffff, 0xff7fffff, 0x227fffff]) {
      const changed = mineHeader(new Uint8Array(32), new Uint8Array(32), 1_700_000_000, bits);
      expect(parseBitcoinHeader(changed).hasWork, bits.toString(16)).to.equal(false);
    }
  });

  it('refuses another length', () => {
    expect(codeOf(() => parseBitcoinHeader(parseHex(`${GENESIS}00`)))).to.equal('invalid-header');
  });
});

describe('parseBitcoinHeaderLines', () => {
  it('reads heights with their headers, skipping empty lines and remarks', () => {
    expect(parseBitcoinHeaderLines(`# first\n\n0 ${GENESIS}\r\n`)).to.deep.equal([{ height: 0, header: GENESIS }]);
  });

  it('names the line that it cannot read, or whose header has no work', () => {
    const wrong = GENESIS.replace('0100', '0200');
    for (const line of [`x ${GENESIS}`, `0 ${GENESIS.slice(2)}`, `00 ${GENESIS}`, GENESIS, `0 ${wrong}`]) {
      expect(() => parseBitcoinHeaderLines(`0 ${GENESIS}\n${line}`)).to.throw(/line 2/);
    }
  });
});
