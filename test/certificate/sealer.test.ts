import { verify, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { encodeBase64, parseBase64Url } from '../../src/format/bytes.ts';
import { parseSealHeader, type Seal, sealedBytes, sealSigningInput } from '../../src/format/seal.ts';

const NOW = Date.UTC(2026, 10, 22, 3, 4, 5, 678);

interface Note {
  type: string;
  text: string;
  seals: Seal[];
}
const note: Note = { type: 'note', text: '证据', seals: [] };

async function evaluationSealer(): Promise<Sealer> {
  const seal = await makeEvaluationSeal(NOW);
  return new Sealer(sealingKeyFromPem(seal.keyPem, seal.certificatePem));
}

function holds(object: Note, seal: Seal): boolean {
  const header = parseSealHeader(seal);
  const signer = new X509Certificate(Buffer.from(header.x5c[0] as string, 'base64'));
  const key = { key: signer.publicKey, dsaEncoding: 'ieee-p1363' as const };
  return verify('sha256', sealSigningInput(seal.protected, sealedBytes(object)), key, parseBase64Url(seal.signature));
}

describe('Sealer.seal', () => {
  it('adds a detached ES256 JWS over the canonical bytes without the seals', async () => {
    const sealed = await (await evaluationSealer()).seal(note);
    expect(sealed.seals).to.have.length(1);
    const [seal] = sealed.seals as [Seal];
    expect(seal.timestamp).to.equal(null);
    expect(parseBase64Url(seal.signature)).to.have.length(64);
    expect(holds(sealed, seal)).to.equal(true);
    expect(holds({ ...sealed, text: '证据。' }, seal)).to.equal(false);
  });

  it('puts nothing but the algorithm and the chain into the header, signer first', async () => {
    const sealer = await evaluationSealer();
    const [seal] = (await sealer.seal(note)).seals as [Seal];
    expect(parseSealHeader(seal)).to.deep.equal({ alg: 'ES256', x5c: sealer.certificateChain.map(encodeBase64) });
  });

  it('leaves the object that it was given as it was', async () => {
    await (await evaluationSealer()).seal(note);
    expect(note.seals).to.deep.equal([]);
  });

  it('keeps an earlier seal, and both hold', async () => {
    const twice = await (await evaluationSealer()).seal(await (await evaluationSealer()).seal(note));
    expect(twice.seals.map((seal) => holds(twice, seal))).to.deep.equal([true, true]);
  });
});

describe('makeEvaluationSeal', () => {
  it('makes a certificate whose subject says evaluation, for five years, that signs and is no authority', async () => {
    const { certificatePem } = await makeEvaluationSeal(NOW);
    const x509 = new X509Certificate(certificatePem);
    expect(x509.subject.split('\n')).to.deep.equal([
      'O=EVALUATION 评估用途',
      'CN=Tiezheng EVALUATION seal\\, vouched for by nobody 铁证评估用签章',
    ]);
    expect(x509.ca).to.equal(false);
    expect(x509.validFromDate.toISOString()).to.equal('2026-11-22T03:04:05.000Z');
    expect(x509.validToDate.toISOString()).to.equal('2031-11-22T03:04:05.000Z');
    expect(x509.verify(x509.publicKey)).to.equal(true);
  });

  it('makes another key and serial number each time', async () => {
    const [a, b] = [await makeEvaluationSeal(NOW), await makeEvaluationSeal(NOW)];
    expect(a.keyPem).not.to.equal(b.keyPem);
    expect(new X509Certificate(a.certificatePem).serialNumber).not.to.equal(
      new X509Certificate(b.certificatePem).serialNumber,
    );
  });
});
