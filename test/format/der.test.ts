import { expect } from 'chai';
import * as fc from 'fast-check';
import { FormatError } from '../../src/errors.ts';
import { encodeHex, parseHex } from '../../src/format/bytes.ts';
import {
  booleanOf,
  childrenOf,
  DerReader,
  derLength,
  encodeDer,
  encodeGeneralizedTime,
  encodeInteger,
  encodeOid,
  encodeSequence,
  integerOf,
  oidOf,
  parseDer,
  TAG,
  timeOf,
} from '../../src/format/der.ts';

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'accepted';
};
const parsed = (hex: string) => parseDer(parseHex(hex));

describe('parseDer', () => {
  it('reads what the encoder writes, whatever the length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (content) => {
        const value = parseDer(encodeDer(TAG.octetString, content));
        expect(encodeHex(value.content)).to.equal(encodeHex(content));
      }),
      {
        numRuns: 30,
        examples: [
          [new Uint8Array(127)],
          [new Uint8Array(128)],
          [new Uint8Array(255)],
          [new Uint8Array(256)],
          [new Uint8Array(65_536)],
        ],
      },
    );
  });

  const wrong: [what: string, hex: string][] = [
    ['nothing', ''],
    ['a tag alone', '30'],
    ['content that is cut off', '0403aabb'],
    ['a byte behind it', '050000'],
    ['indefinite length', '30800000'],
    ['a short length in two octets', '04810100'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a length in five octets', '04850000000001ff'],
    ['a tag of two bytes', '1f8101ff'],
    ['indefinite length further in', '3006300430800000'],
    ['a member that is cut off', '3003040201'],
    ['33 levels', nested(34)],
  ];
  for (const [what, hex] of wrong) {
    it(`refuses ${what}`, () => expect(refusal(() => parsed(hex))).to.equal('invalid-der'));
  }

  it('reads 32 levels', () => {
    expect(refusal(() => parsed(nested(32)))).to.equal('accepted');
  });

  it('throws nothing but FormatError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        refusal(() => parseDer(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('derLength', () => {
  it('is the length of the first element, or undefined if there is none', () => {
    expect(derLength(parseHex('0500ffff'))).to.equal(2);
    expect(derLength(parseHex('0405ff'))).to.equal(undefined);
    expect(derLength(new Uint8Array(0))).to.equal(undefined);
  });
});

describe('DerReader', () => {
  const value = parseDer(encodeSequence(encodeInteger(1), encodeDer(TAG.null)));

  it('reads members in order and insists on their tags', () => {
    const reader = new DerReader(value);
    expect(integerOf(reader.next(TAG.integer))).to.equal(1n);
    expect(reader.optional(TAG.integer)).to.equal(undefined);
    expect(reader.next().tag).to.equal(TAG.null);
    reader.end();
    expect(refusal(() => reader.next())).to.equal('invalid-der');
    expect(refusal(() => new DerReader(value).next(TAG.null))).to.equal('invalid-der');
    expect(refusal(() => new DerReader(value).end())).to.equal('invalid-der');
    expect(refusal(() => new DerReader(value, TAG.set))).to.equal('invalid-der');
    expect(childrenOf(value)).to.have.length(2);
  });
});

describe('values', () => {
  it('integers come back as they were', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 500n), max: 1n << 500n }), (integer) => {
        expect(integerOf(parseDer(encodeInteger(integer)))).to.equal(integer);
      }),
      { examples: [[0n], [127n], [128n], [-1n], [-128n], [-129n], [255n], [256n]] },
    );
  });

  it('integers have one spelling', () => {
    for (const hex of ['0200', '02020001', '0202ff80', '02020000', `0241${'01'.repeat(65)}`]) {
      expect(
        refusal(() => integerOf(parsed(hex))),
        hex,
      ).to.equal('invalid-der');
    }
  });

  it('object identifiers come back as they were', () => {
    for (const dotted of [
      '0.0',
      '1.2.840.113549.1.9.16.1.4',
      '2.5.29.37',
      '2.999.1',
      '2.25.340282366920938463463374607431768211455',
    ]) {
      expect(oidOf(parseDer(encodeOid(dotted)))).to.equal(dotted);
    }
  });

  it('object identifiers have one spelling', () => {
    for (const hex of ['0600', '060180', '06022a80', '0603802a03', '06032a8003']) {
      expect(
        refusal(() => oidOf(parsed(hex))),
        hex,
      ).to.equal('invalid-der');
    }
  });

  it('booleans are 00 or ff', () => {
    expect(booleanOf(parsed('0101ff'))).to.equal(true);
    expect(booleanOf(parsed('010100'))).to.equal(false);
    for (const hex of ['010101', '0100', '0102ffff'])
      expect(refusal(() => booleanOf(parsed(hex)))).to.equal('invalid-der');
  });

  const time = (tag: number, text: string) => timeOf(parseDer(encodeDer(tag, Buffer.from(text))));

  it('times come back as they were, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(9999, 0) }), (unixMs) => {
        const read = timeOf(parseDer(encodeGeneralizedTime(unixMs)));
        expect(read).to.deep.equal({ unixMs, unitMs: unixMs % 1000 === 0 ? 1000 : 1 });
      }),
    );
  });

  it('two digits of a year mean 1950 to 2049, and what is finer than milliseconds is rounded up', () => {
    expect(time(TAG.utcTime, '491231235959Z').unixMs).to.equal(Date.UTC(2049, 11, 31, 23, 59, 59));
    expect(time(TAG.utcTime, '500101000000Z').unixMs).to.equal(Date.UTC(1950, 0, 1));
    expect(time(TAG.generalizedTime, '20260101000000.0000001Z')).to.deep.equal({
      unixMs: Date.UTC(2026, 0) + 1,
      unitMs: 1,
    });
    expect(time(TAG.generalizedTime, '20260101000000.069Z').unixMs).to.equal(Date.UTC(2026, 0) + 69);
  });

  it('times are refused in other zones, without seconds, or where no such time is', () => {
    for (const text of [
      '20260101000000',
      '20260101000000+0800',
      '202601010000Z',
      '20260230000000Z',
      '20260101240000Z',
      '20260101000060Z',
      '20260101000000.Z',
      '00000101000000Z',
    ]) {
      expect(
        refusal(() => time(TAG.generalizedTime, text)),
        text,
      ).to.equal('invalid-der');
    }
  });
});

/** NULL inside so many SEQUENCEs. */
function nested(levels: number): string {
  let bytes = encodeDer(TAG.null);
  for (let i = 0; i < levels; i++) bytes = encodeSequence(bytes);
  return encodeHex(bytes);
}
