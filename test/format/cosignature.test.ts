import { generateKeyPairSync, sign } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeBase64, encodeUtf8, parseBase64Url } from '../../src/format/bytes.ts';
import {
  encodeCosignatureKey,
  encodeCosignatureLine,
  encodeCosignedMessage,
  isCosignatureBy,
  MAX_COSIGNATURE_UNIX_S,
  parseCosignature,
  parseCosignatureKey,
  verifyCosignature,
} from '../../src/format/cosignature.ts';
import { encodeNoteKey } from '../../src/format/note.ts';
import { codeOf } from '../support/coded-error.ts';

const TEXT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
/** The line that c2sp.org/tlog-cosignature shows. */
const EXAMPLE =
  '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';

const pair = generateKeyPairSync('ed25519');
const publicKey = parseBase64Url(pair.publicKey.export({ format: 'jwk' }).x as string);
const witness = { name: 'witness.example.org', publicKey };
const key = parseCosignatureKey(encodeCosignatureKey(witness.name, publicKey));

function cosign(text: string, unixS: number, as = witness): string {
  const signature = new Uint8Array(sign(null, encodeCosignedMessage(text, unixS), pair.privateKey));
  return encodeCosignatureLine(as, unixS, signature).slice(0, -1);
}

describe('a cosignature', () => {
  it('is read as the specification shows one', () => {
    const { name, timestampUnixS, signature } = parseCosignature(EXAMPLE);
    expect({ name, timestampUnixS, length: signature.length }).to.deep.equal({
      name: 'witness.example.com/w1',
      timestampUnixS: 1679315147,
      length: 64,
    });
  });

  it('signs the message that the specification shows', () => {
    expect(encodeCosignedMessage(TEXT, 1679315147)).to.deep.equal(
      encodeUtf8(`cosignature/v1\ntime 1679315147\n${TEXT}`),
    );
  });

  it('verifies at the time it states, whatever that is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_COSIGNATURE_UNIX_S }), (unixS) => {
        expect(verifyCosignature(TEXT, cosign(TEXT, unixS), key)).to.deep.equal({ timestampUnixS: unixS });
      }),
      { numRuns: 50 },
    );
  });

  it('does not verify over another text, at another time or under another name', () => {
    const line = cosign(TEXT, 1679315147);
    expect(verifyCosignature(TEXT.replace('20852163', '20852164'), line, key)).to.equal(undefined);
    const otherTime = encodeCosignatureLine(witness, 1679315148, parseCosignature(line).signature).slice(0, -1);
    expect(verifyCosignature(TEXT, otherTime, key)).to.equal(undefined);
    const otherName = cosign(TEXT, 1679315147, { name: 'another.example.org', publicKey });
    expect(verifyCosignature(TEXT, otherName, key)).to.equal(undefined);
    expect(isCosignatureBy(otherName, key)).to.equal(false);
  });

  it('does not verify when one bit of the signature differs', () => {
    const { signature } = parseCosignature(cosign(TEXT, 1679315147));
    for (let bit = 0; bit < 512; bit += 37) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const line = encodeCosignatureLine(witness, 1679315147, flipped).slice(0, -1);
      expect(isCosignatureBy(line, key)).to.equal(true);
      expect(verifyCosignature(TEXT, line, key), `bit ${bit}`).to.equal(undefined);
    }
  });

  it('is refused without a time, with one beyond the year 9999, and with another length', () => {
    const of = (unixS: number) => encodeCosignatureLine(witness, unixS, new Uint8Array(64)).slice(0, -1);
    expect(codeOf(() => parseCosignature(of(0)))).to.equal('invalid-note');
    expect(codeOf(() => parseCosignature(of(MAX_COSIGNATURE_UNIX_S + 1)))).to.equal('invalid-note');
    const short = encodeCosignatureLine(witness, 5, new Uint8Array(63)).slice(0, -1);
    expect(codeOf(() => parseCosignature(short))).to.equal('invalid-note');
    expect(verifyCosignature(TEXT, short, key)).to.equal(undefined);
  });
});

describe('the key of a witness', () => {
  it('is refused if it signs notes instead of cosigning', () => {
    expect(codeOf(() => parseCosignatureKey(encodeNoteKey(witness.name, publicKey)))).to.equal('invalid-key');
  });

  it('is refused if its id belongs to another algorithm', () => {
    // Not by every plus sign: base64 has some of its own.
    const [, name, encoded] = /^([^+]+)\+[^+]+\+(.+)$/.exec(encodeCosignatureKey(witness.name, publicKey)) ?? [];
    const noteId = encodeNoteKey(witness.name, publicKey).split('+')[1];
    expect(codeOf(() => parseCosignatureKey(`${name}+${noteId}+${encoded}`))).to.equal('invalid-key');
    expect(codeOf(() => parseCosignatureKey(`${name}+00000000+${encodeBase64(publicKey)}`))).to.equal('invalid-key');
  });
});
