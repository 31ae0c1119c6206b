import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { asHash32, parseHex } from '../../src/format/bytes.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { parseNoteKey, verifyNote } from '../../src/format/note.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';

describe('CheckpointSigner', () => {
  // RFC 8032 §7.1, test 1
  const seed = parseHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const publicKey = parseHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const body = { treeSize: 41n, rootHash: asHash32<'RootHash'>(new Uint8Array(32).fill(1)) };

  it('signs notes that verify under its own vkey, the same ones for a seed and for its key', () => {
    const signer = new CheckpointSigner('log.example.org', seed);
    const key = parseNoteKey(signer.vkey);
    expect(key.publicKey).to.deep.equal(publicKey);
    const note = signer.sign(body);
    expect(note).to.deep.equal(signer.sign(body));
    const checkpoint = parseCheckpoint(note);
    expect(checkpoint).to.deep.include({ origin: 'log.example.org', ...body });
    expect(verifyNote(checkpoint.note, key)).to.equal('valid');

    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const byKey = new CheckpointSigner(
      'log.example.org',
      createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    );
    expect(byKey.sign(body)).to.deep.equal(note);
  });

  it('refuses other keys', () => {
    const { publicKey: ofEd25519 } = generateKeyPairSync('ed25519');
    const { privateKey: ofP256 } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const key of [new Uint8Array(31), new Uint8Array(33), ofEd25519, ofP256]) {
      expect(() => new CheckpointSigner('log.example.org', key))
        .to.throw()
        .with.property('code', 'invalid-signing-key');
    }
  });
});
