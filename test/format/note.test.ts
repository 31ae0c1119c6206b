import { generateKeyPairSync, sign } from 'node:crypto';
import { expect } from 'chai';
import { encodeUtf8, parseBase64 } from '../../src/format/bytes.ts';
import { encodeCheckpointBody, parseCheckpoint, parseCheckpointBody } from '../../src/format/checkpoint.ts';
import {
  encodeNote,
  encodeNoteKey,
  parseNote,
  parseNoteKey,
  parseSignatureLine,
  verifyNote,
} from '../../src/format/note.ts';
import { codeOf } from '../support/coded-error.ts';

/** The example key of c2sp.org/signed-note: name, hash and base64 agree. */
const GO_EXAMPLE = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_NOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

function signedNote(text: string, name = 'log.example.org') {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url'));
  const key = parseNoteKey(encodeNoteKey(name, raw));
  const signature = new Uint8Array(sign(null, encodeUtf8(text), privateKey));
  return { key, note: { text, signatures: [{ name, keyId: key.keyId, signature }] } };
}

describe('signed notes', () => {
  it("verifies the example of Go's note package, signed by somebody else's code", () => {
    const note = parseNote(encodeUtf8(GO_NOTE));
    expect(verifyNote(note, parseNoteKey(GO_EXAMPLE))).to.equal('valid');
    expect(Buffer.from(encodeNote(note)).toString()).to.equal(GO_NOTE);
  });

  it('tells a missing line from a wrong one', () => {
    const { key, note } = signedNote('text\n');
    const stranger = signedNote('text\n').key;
    expect(verifyNote(note, key)).to.equal('valid');
    expect(verifyNote({ ...note, text: 'texd\n' }, key)).to.equal('invalid');
    expect(verifyNote(note, stranger)).to.equal('absent');
    const [line] = note.signatures;
    expect(verifyNote({ ...note, signatures: [line!, { ...line!, signature: new Uint8Array(64) }] }, key)).to.equal(
      'invalid',
    );
  });

  it('refuses malformed notes', () => {
    const good = Buffer.from(encodeNote(signedNote('text\n').note)).toString();
    const bad: [string, string][] = [
      ['text\n', 'invalid-note'],
      [good.slice(0, -1), 'invalid-note'],
      [`${good}\n`, 'invalid-note'],
      [good.replace('— ', '- '), 'invalid-note'],
      [good.replace('text', 'te\txt'), 'invalid-note'],
      [good.replace('text', 'te\rxt'), 'invalid-note'],
      [`${good}— name AAAA\n`, 'invalid-note'],
      [`${good}— name !!!!\n`, 'invalid-base64'],
    ];
    for (const [text, code] of bad)
      expect(
        codeOf(() => parseNote(encodeUtf8(text))),
        JSON.stringify(text),
      ).to.equal(code);
    expect(codeOf(() => parseNote(new Uint8Array(70_000)))).to.equal('too-large');
  });

  it('refuses keys whose hash or spelling is another', () => {
    expect(codeOf(() => parseNoteKey(GO_EXAMPLE.replace('c74f20a3', 'c74f20a4')))).to.equal('invalid-key');
    expect(codeOf(() => parseNoteKey(GO_EXAMPLE.replace('+c74f20a3', '')))).to.equal('invalid-key');
    expect(codeOf(() => parseNoteKey(`${GO_EXAMPLE}=`))).to.not.equal('accepted');
    expect(parseSignatureLine('— a AAAAAAA=').signature).to.deep.equal(Uint8Array.of(0));
  });
});

describe('checkpoints', () => {
  const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';

  it('are three lines and nothing else', () => {
    const body = { origin: 'log.example.org', treeSize: 15368405n, rootHash: parseBase64(root) as never };
    const text = encodeCheckpointBody(body);
    expect(text).to.equal(`log.example.org\n15368405\n${root}\n`);
    expect(parseCheckpointBody(text)).to.deep.equal(body);
    const { note } = signedNote(text);
    expect(parseCheckpoint(encodeNote(note)).treeSize).to.equal(15368405n);
  });

  it('refuses other spellings of the size, extension lines and roots that are not 32 bytes', () => {
    const bad: [string, string][] = [
      [`o\n05\n${root}\n`, 'invalid-checkpoint'],
      [`o\n+5\n${root}\n`, 'invalid-checkpoint'],
      [`o\n-5\n${root}\n`, 'invalid-checkpoint'],
      [`o\n5 \n${root}\n`, 'invalid-checkpoint'],
      [`o\n0x5\n${root}\n`, 'invalid-checkpoint'],
      [`o\n281474976710657\n${root}\n`, 'invalid-checkpoint'],
      [`o\n${'9'.repeat(400)}\n${root}\n`, 'invalid-checkpoint'],
      [`o\n5\n${root}\nextension\n`, 'invalid-checkpoint'],
      [`o\n5\n${root}`, 'invalid-checkpoint'],
      [`\n5\n${root}\n`, 'invalid-checkpoint'],
      ['o\n5\nAAAA\n', 'invalid-field'],
      [`o\n5\n${root.slice(0, -1)}\n`, 'invalid-base64'],
    ];
    for (const [text, code] of bad)
      expect(
        codeOf(() => parseCheckpointBody(text)),
        JSON.stringify(text),
      ).to.equal(code);
    expect(parseCheckpointBody(`o\n281474976710656\n${root}\n`).treeSize).to.equal(2n ** 48n);
  });
});
