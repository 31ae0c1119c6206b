import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { SealingKeyError, sealingKeyFromPem, sealingKeyFromPkcs12 } from '../../src/certificate/sealing-key.ts';

/** Made by OpenSSL 3.0: a P-256 key whose certificate a small root has signed, as PEM and as PKCS#12. */
const vector = (name: string) => readFileSync(new URL(`vectors/${name}`, import.meta.url));
const keyPem = vector('seal.key.pem').toString();
const sealPem = vector('seal.pem').toString();
const rootPem = vector('seal-root.pem').toString();
const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SealingKeyError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('sealingKeyFromPem', () => {
  it('puts the own certificate first and its issuer after it, whatever order they came in', () => {
    expect(sealingKeyFromPem(keyPem, rootPem + sealPem).certificateChain).to.deep.equal([der(sealPem), der(rootPem)]);
  });

  it('leaves out a certificate that is no part of the chain', async () => {
    const stranger = (await makeEvaluationSeal(Date.UTC(2026, 0, 1))).certificatePem;
    expect(sealingKeyFromPem(keyPem, stranger + sealPem).certificateChain).to.deep.equal([der(sealPem)]);
  });

  it('opens an encrypted key with its passphrase and refuses it with another', async () => {
    const encrypted = createPrivateKey(keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
      .toString();
    expect(sealingKeyFromPem(encrypted, sealPem, 'open').certificateChain).to.have.length(1);
    expect(await codeOf(() => sealingKeyFromPem(encrypted, sealPem, 'shut'))).to.equal('sealing-key-unreadable');
    expect(await codeOf(() => sealingKeyFromPem(encrypted, sealPem))).to.equal('sealing-key-unreadable');
  });

  it('refuses a key that is not P-256', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(await codeOf(() => sealingKeyFromPem(pem, sealPem))).to.equal('sealing-key-not-p256');
  });

  it('refuses a key without certificate, and one that is not its own', async () => {
    expect(await codeOf(() => sealingKeyFromPem(keyPem, ''))).to.equal('sealing-certificate-missing');
    expect(await codeOf(() => sealingKeyFromPem(keyPem, rootPem))).to.equal('sealing-key-mismatch');
  });

  it('refuses what is no key and no certificate', async () => {
    expect(await codeOf(() => sealingKeyFromPem('key', sealPem))).to.equal('sealing-key-unreadable');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(await codeOf(() => sealingKeyFromPem(keyPem, broken))).to.equal('sealing-key-unreadable');
  });
});

describe('sealingKeyFromPkcs12', () => {
  it('reads what OpenSSL 3 writes, with a passphrase that is not ASCII', async () => {
    const key = await sealingKeyFromPkcs12(vector('seal.p12'), '正确的口令');
    expect(key.certificateChain).to.deep.equal([der(sealPem), der(rootPem)]);
    expect(key.privateKey.equals(createPrivateKey(keyPem))).to.equal(true);
  });

  it('refuses another passphrase', async () => {
    expect(await codeOf(() => sealingKeyFromPkcs12(vector('seal.p12'), 'wrong'))).to.equal('sealing-key-unreadable');
  });

  it('refuses a file encrypted with RC2 or triple DES', async () => {
    const work = () => sealingKeyFromPkcs12(vector('seal-legacy.p12'), 'old');
    expect(await codeOf(work)).to.equal('sealing-key-unreadable');
  });

  it('refuses every truncation and what is no PKCS#12', async () => {
    const file = vector('seal.p12');
    for (const length of [0, 1, 100, file.length - 1]) {
      const work = () => sealingKeyFromPkcs12(file.subarray(0, length), '正确的口令');
      expect(await codeOf(work), `${length} bytes`).to.equal('sealing-key-unreadable');
    }
  });
});
