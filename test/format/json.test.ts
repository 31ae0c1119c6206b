import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { encodeJson, type JsonValue, parseCanonicalJson, parseJson } from '../../src/format/json.ts';
import { codeOf } from '../support/coded-error.ts';
import { thirdPartyVectors } from '../support/third-party-vectors.ts';

const BOUNDS = { maxBytes: 10_000, maxDepth: 16 };
const parse = (text: string) => parseCanonicalJson(encodeUtf8(text), BOUNDS);

describe('encodeJson', () => {
  it('gives the bytes of every third-party RFC 8785 vector', function () {
    const folder = thirdPartyVectors('rfc8785/testdata');
    if (folder === undefined) {
      console.log('      no third-party vectors beside this checkout: skipped');
      this.skip();
    }
    const names = readdirSync(join(folder, 'input'));
    expect(names).to.have.length.greaterThan(5);
    for (const name of names) {
      const input = new Uint8Array(readFileSync(join(folder, 'input', name)));
      const output = readFileSync(join(folder, 'output', name), 'utf8');
      const encoded = Buffer.from(encodeJson(parseJson(input, BOUNDS))).toString('utf8');
      expect(encoded, name).to.equal(output);
    }
  });

  it('refuses what has no JSON spelling', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(codeOf(() => encodeJson({ value }))).to.equal('invalid-number');
    }
    expect(codeOf(() => encodeJson('\ud800'))).to.equal('invalid-utf8');
    expect(codeOf(() => encodeJson({ '\udc00': 1 }))).to.equal('invalid-utf8');
  });

  it('is undone by parseCanonicalJson', () => {
    const value = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.nat(),
        fc.string({ unit: 'grapheme' }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.string({ unit: 'grapheme-ascii' }), tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (v) => {
        const bytes = encodeJson(v);
        expect(encodeJson(parseCanonicalJson(bytes, { maxBytes: 1 << 20, maxDepth: 32 }))).to.deep.equal(bytes);
      }),
    );
  });
});

describe('parseCanonicalJson', () => {
  it('refuses every second spelling of a value', () => {
    const spellings: [text: string, code: string][] = [
      ['{"a": 1}', 'not-canonical'],
      ['{"b":1,"a":2}', 'not-canonical'],
      ['{"a":1,"a":1}', 'not-canonical'],
      ['{"a":1}\n', 'not-canonical'],
      [' {"a":1}', 'not-canonical'],
      ['{"a":1.0}', 'not-canonical'],
      ['{"a":1e0}', 'not-canonical'],
      ['{"a":"\\u0041"}', 'not-canonical'],
      ['{"a":"\\/"}', 'not-canonical'],
      ['{"a":+5}', 'not-json'],
      ['{"a":05}', 'not-json'],
      ['{"a":1}{}', 'not-json'],
      ['{"a":1},', 'not-json'],
      ['\ufeff{"a":1}', 'not-json'],
      ['{"a":-1}', 'invalid-number'],
      ['{"a":-0}', 'invalid-number'],
      ['{"a":1.5}', 'invalid-number'],
      ['{"a":9007199254740992}', 'invalid-number'],
      ['{"é":1}', 'invalid-field'],
      ['{"a":"\\ud800"}', 'invalid-utf8'],
      ['', 'not-json'],
    ];
    for (const [text, code] of spellings)
      expect(
        codeOf(() => parse(text)),
        text,
      ).to.equal(code);
    expect(parse('{"a":9007199254740991,"b":"é"}')).to.deep.equal({ a: 9007199254740991, b: 'é' });
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(() => parseCanonicalJson(Uint8Array.of(0x22, 0xc0, 0x80, 0x22), BOUNDS))).to.equal('invalid-utf8');
  });

  it('refuses more bytes or deeper nesting than its bounds, and brackets in strings do not nest', () => {
    expect(codeOf(() => parse(`"${'x'.repeat(10_000)}"`))).to.equal('too-large');
    expect(codeOf(() => parse('['.repeat(17) + ']'.repeat(17)))).to.equal('too-deep');
    expect(codeOf(() => parse('['.repeat(16) + ']'.repeat(16)))).to.equal('accepted');
    expect(codeOf(() => parse(`"${'['.repeat(100)}\\"${'['.repeat(100)}"`))).to.equal('accepted');
    const hostile = encodeUtf8('['.repeat(1_000_000));
    expect(codeOf(() => parseCanonicalJson(hostile, { maxBytes: 1 << 20, maxDepth: 16 }))).to.equal('too-deep');
  });
});
