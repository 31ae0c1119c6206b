import { expect } from 'chai';
import fc from 'fast-check';
import { encodeUtf8, parseUtf8 } from '../../src/format/bytes.ts';
import {
  encodeTlogProof,
  MAX_TLOG_PROOF_BYTES,
  parseTlogProof,
  withCosignatures,
} from '../../src/format/tlog-proof.ts';
import { codeOf } from '../support/coded-error.ts';

const NOTE =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n';
const COSIGNATURE =
  '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';
const HASH = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const PROOF = `c2sp.org/tlog-proof@v1\nextra aGVsbG8=\nindex 73894\n${HASH}\n${HASH}\n\n${NOTE}${COSIGNATURE}\n`;

const parse = (text: string) => parseTlogProof(encodeUtf8(text));

describe('a tlog-proof', () => {
  it('is read with its cosignatures', () => {
    const proof = parse(PROOF);
    expect(proof.leafIndex).to.equal(73894n);
    expect(parseUtf8(proof.extra as Uint8Array)).to.equal('hello');
    expect(proof.hashes.map((hash) => hash.length)).to.deep.equal([32, 32]);
    expect(proof.checkpoint.treeSize).to.equal(20852163n);
    expect(proof.checkpoint.note.signatures.map(({ name }) => name)).to.deep.equal([
      'example.com/behind-the-sofa',
      'witness.example.com/w1',
    ]);
  });

  it('is the same bytes when read and written again', () => {
    fc.assert(
      fc.property(
        fc.option(fc.uint8Array({ minLength: 1, maxLength: 100 })),
        fc.bigInt({ min: 0n, max: 2n ** 48n }),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
        fc.boolean(),
        (extra, leafIndex, hashes, cosigned) => {
          const checkpointBytes = withCosignatures(encodeUtf8(NOTE), cosigned ? [COSIGNATURE] : []);
          const bytes = encodeTlogProof({ extra, leafIndex, hashes, checkpointBytes });
          const { checkpoint: _, ...proof } = parseTlogProof(bytes);
          expect(proof).to.deep.equal({ extra, leafIndex, hashes, checkpointBytes });
          expect(encodeTlogProof(proof)).to.deep.equal(bytes);
        },
      ),
    );
  });

  it('needs no hash for a tree of one leaf', () => {
    expect(parse(PROOF.replaceAll(`${HASH}\n`, '').replace('20852163\n', `1\n${HASH}\n`)).hashes).to.deep.equal([]);
  });

  it('may prove an entry of a log whose checkpoints have extension lines', () => {
    const extended = PROOF.replace(`${HASH}\n\n— example`, `${HASH}\nanother line\n\n— example`);
    expect(parse(extended).checkpoint.note.text).to.match(/another line\n$/);
  });

  for (const [what, text, code] of [
    ['another first line', PROOF.replace('@v1', '@v2'), 'unknown-type'],
    ['no index', PROOF.replace('index 73894\n', ''), 'invalid-tlog-proof'],
    ['an index with a leading zero', PROOF.replace('73894', '073894'), 'invalid-tlog-proof'],
    [
      'extra data behind the index',
      PROOF.replace('extra aGVsbG8=\nindex 73894', 'index 73894\nextra aGVsbG8='),
      'invalid-base64',
    ],
    ['empty extra data', PROOF.replace('aGVsbG8=', ''), 'invalid-tlog-proof'],
    ['a hash of 31 bytes', PROOF.replace(HASH, 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw=='), 'invalid-tlog-proof'],
    ['a hash with unused bits', PROOF.replace(HASH, HASH.replace('2I=', '2J=')), 'invalid-base64'],
    ['64 hashes', PROOF.replace(`${HASH}\n`, `${HASH}\n`.repeat(63)), 'invalid-tlog-proof'],
    ['no empty line', PROOF.slice(0, PROOF.indexOf('\n\n') + 1), 'invalid-tlog-proof'],
    ['carriage returns', PROOF.replaceAll('\n', '\r\n'), 'invalid-tlog-proof'],
    ['a last line that does not end', PROOF.slice(0, -1), 'invalid-note'],
    ['something behind the signatures', `${PROOF}more\n`, 'invalid-note'],
    ['a checkpoint without signatures', PROOF.slice(0, PROOF.lastIndexOf('\n\n') + 1), 'invalid-note'],
    [
      'an empty extension line',
      PROOF.replace(`${HASH}\n\n— ex`, `${HASH}\nline\n\nline\n\n— ex`),
      'invalid-checkpoint',
    ],
  ] as const) {
    it(`is refused with ${what}`, () => {
      expect(codeOf(() => parse(text))).to.equal(code);
    });
  }

  it('is refused when it is too large, before it is looked at', () => {
    expect(codeOf(() => parseTlogProof(new Uint8Array(MAX_TLOG_PROOF_BYTES + 1)))).to.equal('too-large');
  });
});
