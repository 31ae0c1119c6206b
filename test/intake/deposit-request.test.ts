import { expect } from 'chai';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import { assembleDeposit } from '../../src/intake/assemble-deposit.ts';
import { assembleReceipt } from '../../src/intake/assemble-receipt.ts';
import { checkFileName, parseDigestDeposit, parseStatement } from '../../src/intake/deposit-request.ts';

const SHA = 'a'.repeat(64);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'taken';
};
const digests = (value: unknown) => codeOf(() => parseDigestDeposit(Buffer.from(JSON.stringify(value)), 1_000_000));
const withFile = (file: object) => ({ files: [{ name: 'a', sizeBytes: 1, sha256: SHA, ...file }] });

describe('checkFileName', () => {
  for (const name of [
    'a',
    '照片.jpg',
    '😀',
    'a b',
    '.hidden',
    '...',
    'a:b',
    '50%.txt',
    'é',
    'e\u0301',
    'שלום',
    '名'.repeat(255),
  ]) {
    it(`takes ${JSON.stringify(name.slice(0, 12))}`, () => {
      expect(() => checkFileName(name)).not.to.throw();
    });
  }
  for (const name of [
    '',
    '.',
    '..',
    'a/b',
    'a\\b',
    'a\0',
    'a\nb',
    'a\tb',
    'a\x7f',
    'a\x85',
    '\ud800',
    '\ufffd',
    'x'.repeat(256),
  ]) {
    it(`refuses ${JSON.stringify(name.slice(0, 12))} without repeating it`, () => {
      expect(() => checkFileName(name))
        .to.throw()
        .with.property('code', 'invalid-file-name');
      if (name.length > 2)
        expect(() => checkFileName(name))
          .to.throw()
          .with.property('message')
          .that.does.not.include(name);
    });
  }
  it('refuses every character that turns the writing direction', () => {
    for (const c of '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069') {
      expect(codeOf(() => checkFileName(`a${c}b`))).to.equal('invalid-file-name');
    }
  });
});

describe('parseDigestDeposit', () => {
  it('takes digests with and without SM3, media type and statement', () => {
    expect(digests(withFile({}))).to.equal('taken');
    expect(digests({ ...withFile({ sm3: SHA, mediaType: 'image/png' }), statement: { kind: 'photo' } })).to.equal(
      'taken',
    );
    expect(
      digests({ files: Array.from({ length: 1000 }, (_, i) => ({ name: `${i}`, sizeBytes: 1, sha256: SHA })) }),
    ).to.equal('taken');
  });
  const refused: [string, string, unknown][] = [
    ['no list', 'invalid-digest-deposit', {}],
    ['an empty list', 'no-files', { files: [] }],
    ['1,001 files', 'too-many-files', { files: Array.from({ length: 1001 }, () => withFile({}).files[0]) }],
    ['an empty file', 'empty-file', withFile({ sizeBytes: 0 })],
    ['a negative size', 'invalid-digest-deposit', withFile({ sizeBytes: -1 })],
    ['a size of 2^53', 'invalid-digest-deposit', withFile({ sizeBytes: 2 ** 53 })],
    ['a size that is text', 'invalid-digest-deposit', withFile({ sizeBytes: '1' })],
    ['upper-case hex', 'invalid-digest-deposit', withFile({ sha256: 'A'.repeat(64) })],
    ['a short digest', 'invalid-digest-deposit', withFile({ sha256: 'ab' })],
    ['a null digest', 'invalid-digest-deposit', withFile({ sm3: null })],
    ['a media type with parameters', 'invalid-digest-deposit', withFile({ mediaType: 'text/plain; charset=utf-8' })],
    ['an unknown member', 'invalid-digest-deposit', withFile({ md5: 'x' })],
    ['a name with ../', 'invalid-file-name', withFile({ name: '../a' })],
    ['a name with NUL', 'invalid-file-name', withFile({ name: 'a\0' })],
    [
      'an interval that runs backwards',
      'invalid-statement',
      {
        ...withFile({}),
        statement: { capturedFrom: '2026-01-02T00:00:00.000Z', capturedUntil: '2026-01-01T00:00:00.000Z' },
      },
    ],
    ['null', 'invalid-digest-deposit', null],
  ];
  for (const [what, code, value] of refused) {
    it(`refuses ${what}`, () => expect(digests(value)).to.equal(code));
  }
  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(() => parseDigestDeposit(Uint8Array.of(0x22, 0xff, 0x22), 100))).to.equal('invalid-digest-deposit');
  });
  it('refuses more bytes than allowed', () => {
    expect(codeOf(() => parseDigestDeposit(Buffer.from(JSON.stringify(withFile({}))), 50))).to.equal(
      'invalid-digest-deposit',
    );
  });
});

describe('parseStatement', () => {
  it('takes a statement without any field', () => {
    expect(parseStatement(Buffer.from('{}'))).to.deep.equal({});
  });
  it('takes an instant as an interval', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const statement = { capturedFrom: at, capturedUntil: at };
    expect(parseStatement(Buffer.from(JSON.stringify(statement)))).to.deep.equal(statement);
  });
});

describe('the largest deposit', () => {
  it('has a receipt that its own parser takes', () => {
    const deposit = assembleDeposit(
      {
        depositId: '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11',
        receivedAtMs: 0,
        notBefore: null,
        depositor: {
          name: '名'.repeat(200),
          kind: 'unknown',
          identityMethod: 'none',
          identityCheckedAt: null,
          identityCheckedBy: null,
        },
        statement: {
          title: '名'.repeat(200),
          source: '名'.repeat(2000),
          method: '名'.repeat(1000),
          tool: '名'.repeat(200),
          purpose: '名'.repeat(1000),
          captureOperator: '名'.repeat(200),
          rightHolder: '名'.repeat(200),
          rights: '名'.repeat(1000),
        },
        digestSource: 'declared',
        files: Array.from({ length: 1000 }, () => ({
          name: '名'.repeat(255),
          sizeBytes: Number.MAX_SAFE_INTEGER,
          mediaType: `a/${'b'.repeat(125)}`,
          sha256: SHA,
          sm3: SHA,
        })),
      },
      () => SHA,
    );
    const integration = {
      leafIndex: 2n ** 48n - 1n,
      treeSize: 2n ** 48n,
      note: Buffer.from('x'.repeat(60_000)),
      inclusionProof: Array.from({ length: 48 }, () => new Uint8Array(32)),
    };
    const receipt = assembleReceipt(deposit, integration, { evaluation: true, publishWithinMs: 0 });
    expect(() => parseReceipt(encodeJson(receipt as unknown as JsonValue))).not.to.throw();
  });
});
