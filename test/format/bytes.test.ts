import { expect } from 'chai';
import fc from 'fast-check';
import { FormatError } from '../../src/errors.ts';
import {
  compareBytes,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
  parseBase64,
  parseBase64Url,
  parseHex,
  parseHex0x,
  parseUtf8,
  sha256,
} from '../../src/format/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const refuses = (work: () => unknown, code: string) => {
  expect(work).to.throw(FormatError).with.property('code', code);
};

describe('hex and base64', () => {
  it("agree with Node's own for all bytes, both ways", () => {
    fc.assert(
      fc.property(bytes, (b) => {
        const node = Buffer.from(b);
        expect(encodeHex(b)).to.equal(node.toString('hex'));
        expect(encodeBase64(b)).to.equal(node.toString('base64'));
        expect(encodeBase64Url(b)).to.equal(node.toString('base64url'));
        expect(parseHex(encodeHex(b))).to.deep.equal(b);
        expect(parseBase64(encodeBase64(b))).to.deep.equal(b);
        expect(parseBase64Url(encodeBase64Url(b))).to.deep.equal(b);
      }),
    );
  });

  it('have one spelling each', () => {
    for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'AA==AA==', 'AA ==', 'AA-_', '=AAA', 'AAA\n']) {
      refuses(() => parseBase64(text), 'invalid-base64');
    }
    for (const text of ['A', 'AB', 'AA==', 'AA+/']) refuses(() => parseBase64Url(text), 'invalid-base64');
    for (const text of ['0', '0g', 'AB', '0x00']) refuses(() => parseHex(text), 'invalid-hex');
    for (const text of ['00', '0X00', '0xAB']) refuses(() => parseHex0x(text), 'invalid-hex');
  });
});

describe('UTF-8', () => {
  it('is strict: overlong forms, surrogates and lone surrogates are refused', () => {
    for (const bad of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe4, 0xb8], [0xff]]) {
      refuses(() => parseUtf8(Uint8Array.from(bad)), 'invalid-utf8');
    }
    refuses(() => encodeUtf8('a\ud800'), 'invalid-utf8');
    expect(parseUtf8(encodeUtf8('铁证 𠮷 \ufeff'))).to.equal('铁证 𠮷 \ufeff');
  });
});

describe('compareBytes', () => {
  it("orders as Node's Buffer.compare", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).to.equal(Buffer.compare(a, b));
      }),
    );
  });
});

describe('sha256', () => {
  it('gives the FIPS 180-4 example', () => {
    expect(encodeHex(sha256(encodeUtf8('abc')))).to.equal(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
