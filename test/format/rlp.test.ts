import { RLP } from '@ethereumjs/rlp';
import { expect } from 'chai';
import fc from 'fast-check';
import { FormatError } from '../../src/errors.ts';
import { encodeHex, parseHex } from '../../src/format/bytes.ts';
import { encodeRlp, encodeRlpUint, parseRlp, parseRlpUint, type RlpItem } from '../../src/format/rlp.ts';
import { codeOf } from '../support/coded-error.ts';

const byteStrings = fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ minLength: 250, maxLength: 300 }));
const items: fc.Arbitrary<RlpItem> = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof({ maxDepth: 5, depthSize: 'small' }, byteStrings, fc.array(tie('item'), { maxLength: 6 })),
})).item;

describe('encodeRlp', () => {
  it('agrees with another implementation on any item', () => {
    fc.assert(
      fc.property(items, (item) => {
        expect(encodeHex(encodeRlp(item))).to.equal(encodeHex(RLP.encode(item as never)));
      }),
    );
  });

  it('gives back what it encoded', () => {
    fc.assert(
      fc.property(items, (item) => {
        expect(parseRlp(encodeRlp(item))).to.deep.equal(item);
      }),
    );
  });

  it('writes lengths beyond one byte', () => {
    const long = new Uint8Array(70_000).fill(7);
    expect(encodeHex(encodeRlp([long]).subarray(0, 8))).to.equal('fa011174ba011170');
    expect(parseRlp(encodeRlp([long]))).to.deep.equal([long]);
  });
});

describe('parseRlp', () => {
  const refused: [string, string][] = [
    ['nothing at all', ''],
    ['a string cut off', '83aabb'],
    ['a list cut off', 'c383aabb'],
    ['an item that leaves its list', 'c28301'],
    ['a second item behind the first', '0102'],
    ['a byte below 0x80 with a prefix', '8101'],
    ['a short string in the long form', 'b801ff'],
    ['a short list in the long form', 'f80101'],
    ['a length with a leading zero', `b90038${'11'.repeat(56)}`],
    ['a list length with a leading zero', `f90038${'11'.repeat(56)}`],
    ['a length cut off', 'b9ff'],
    ['a length of eight bytes', 'bfffffffffffffffff00'],
    ['a list length of eight bytes', 'ffffffffffffffffff00'],
  ];
  for (const [what, hex] of refused) {
    it(`refuses ${what}`, () => {
      expect(codeOf(() => parseRlp(parseHex(hex)))).to.equal('invalid-rlp');
    });
  }

  it('accepts the shortest long form', () => {
    expect(parseRlp(parseHex(`b838${'11'.repeat(56)}`))).to.deep.equal(new Uint8Array(56).fill(0x11));
  });

  it('reads nothing that it would write otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let item: RlpItem;
        try {
          item = parseRlp(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(FormatError);
          return;
        }
        expect(encodeHex(encodeRlp(item))).to.equal(encodeHex(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  const limits = { maxBytes: 64, maxDepth: 3, maxItems: 10 };
  it('accepts just the limits and refuses more bytes, depth or items', () => {
    expect(codeOf(() => parseRlp(encodeRlp(new Uint8Array(62)), limits))).to.equal('accepted');
    expect(codeOf(() => parseRlp(encodeRlp(new Uint8Array(63)), limits))).to.equal('too-large');
    expect(codeOf(() => parseRlp(encodeRlp([[[]]]), limits))).to.equal('accepted');
    expect(codeOf(() => parseRlp(encodeRlp([[[[]]]]), limits))).to.equal('too-deep');
    expect(codeOf(() => parseRlp(encodeRlp(Array(9).fill([])), limits))).to.equal('accepted');
    expect(codeOf(() => parseRlp(encodeRlp(Array(10).fill([])), limits))).to.equal('too-large');
  });

  it('refuses a thousand nested lists instead of exhausting the stack', () => {
    let nested: RlpItem = [];
    for (let i = 0; i < 1000; i++) nested = [nested];
    expect(codeOf(() => parseRlp(encodeRlp(nested)))).to.equal('too-deep');
  });
});

describe('numbers in RLP', () => {
  it('survive encoding and parsing', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(parseRlpUint(parseRlp(encodeRlp(encodeRlpUint(value))), 8)).to.equal(value);
      }),
    );
  });

  it('are refused with a leading zero, too long, as a list, or negative', () => {
    expect(codeOf(() => parseRlpUint(parseHex('00'), 8))).to.equal('invalid-rlp');
    expect(codeOf(() => parseRlpUint(parseHex('010000000000000000'), 8))).to.equal('invalid-rlp');
    expect(codeOf(() => parseRlpUint([], 8))).to.equal('invalid-rlp');
    expect(codeOf(() => parseRlpUint(undefined, 8))).to.equal('invalid-rlp');
    expect(codeOf(() => encodeRlpUint(-1n))).to.equal('invalid-number');
  });
});
