import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { assembleCertificate } from '../../src/certificate/assemble.ts';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { provedFacts } from '../../src/certificate/proved-facts.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { type SealingKey, sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { signPdf } from '../../src/certificate/sign-pdf.ts';
import { SIGNATURE_BYTES } from '../../src/certificate/signature-field.ts';
import { encodeBase64, parseBase64, parseBase64Url } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { BuiltInAuthority } from '../../src/timestamp/authority.ts';
import { AuthorityClient } from '../../src/timestamp/authority-client.ts';
import { EVALUATION_POLICY, makeEvaluationAuthority } from '../../src/timestamp/evaluation-authority.ts';
import { type StampSignature, stampByFirst } from '../../src/timestamp/signature-stamper.ts';
import { encodePem } from '../../src/timestamp/x509-maker.ts';
import { openPdf } from '../../src/verify/pdf.ts';
import { NO_MATERIAL, openTimestampToken } from '../../src/verify/timestamp.ts';
import { depositEvidence, PLATFORM } from '../certificate/evidence-fixture.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const OPTIONS = { verificationUrl: 'https://tiezheng.example.org/verify' };

describe('seals and PDFs with a token', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  let key: SealingKey;
  let stamp: StampSignature;
  let rootPem: string;
  let certificate: Certificate;
  let unsigned: Uint8Array;

  before(async () => {
    const seal = await makeEvaluationSeal(Date.now() - 60_000);
    key = sealingKeyFromPem(seal.keyPem, seal.certificatePem);
    const pem = await makeEvaluationAuthority(Date.now() - 60_000);
    const authorityKey = sealingKeyFromPem(pem, pem);
    rootPem = encodePem('CERTIFICATE', authorityKey.certificateChain.at(-1) as Uint8Array);
    const authority = new BuiltInAuthority({
      key: authorityKey,
      policy: EVALUATION_POLICY,
      nowMs: Date.now,
      accuracyMs: 1000,
      isClockRight: () => true,
    });
    const client = new AuthorityClient(
      {
        name: 'own',
        operator: 'own',
        url: '/tsa',
        certificates: authorityKey.certificateChain.slice(1),
        policy: EVALUATION_POLICY,
        independent: false,
        hash: 'sha256',
        timeoutMs: 1000,
        maxAccuracyMs: undefined,
      },
      { nowMs: Date.now, answer: (request) => authority.reply(request) },
    );
    stamp = stampByFirst([{ client, condition: () => ({ state: 'ok' }) }], 2000, Date.now, () => {});
    const terms = {
      certificateNo: 'TZ-20261122-4K7Q2M9X',
      issuedAtMs: Date.now(),
      evaluation: true,
      platform: PLATFORM,
    };
    certificate = await new Sealer(key, stamp).seal(await assembleCertificate(await depositEvidence(), terms));
    unsigned = await renderCertificatePdf(encodeJson(certificate as unknown as JsonValue), OPTIONS);
  });

  it('puts a token over the bytes of the signature into a seal', async () => {
    const [seal] = certificate.seals;
    const token = parseBase64(seal?.timestamp ?? '');
    const opened = await openTimestampToken(token, parseBase64Url(seal?.signature ?? ''), NO_MATERIAL);
    expect(opened).to.include({ ok: true, policy: EVALUATION_POLICY });
  });

  it('prints authority, time, accuracy and serial number of every timestamp from the token itself', async () => {
    const [publication] = certificate.publications;
    if (publication === undefined) throw new Error('the fixture has a publication');
    const token = await stamp(Buffer.from(publication.checkpoint));
    const opened = await openTimestampToken(token as Uint8Array, Buffer.from(publication.checkpoint), NO_MATERIAL);
    if (!opened.ok) throw new Error(opened.reason);
    const attestation = {
      type: 'rfc3161' as const,
      token: encodeBase64(token as Uint8Array),
      certificates: [],
      revocation: [],
    };
    const stamped = {
      ...certificate,
      publications: [{ ...publication, attestations: [...publication.attestations, attestation] }],
    };
    const facts = provedFacts(stamped).publications[0];
    expect(facts?.calendarProofs).to.equal(0);
    expect(facts?.tokens).to.deep.equal([
      {
        authority: 'Tiezheng EVALUATION time authority, not independent 铁证评估用时间戳',
        unixMs: opened.genTimeUnixMs,
        accuracyMs: 1000,
        serial: opened.serial,
      },
    ]);
    const pdf = await renderCertificatePdf(encodeJson(stamped as unknown as JsonValue), OPTIONS);
    expect(pdf.length).to.be.greaterThan(unsigned.length);
  });

  it('seals without a token when none can be had', async () => {
    const { seals } = await new Sealer(key, async () => null).seal({ ...certificate, seals: [] });
    expect(seals.map(({ timestamp }) => timestamp)).to.deep.equal([null]);
  });

  it('makes a PDF whose signature holds, with a token (PAdES B-T) or without (B-B)', async () => {
    for (const [stamped, source] of [
      [await signPdf(unsigned, key, stamp), 'timestamp'],
      [await signPdf(unsigned, key, async () => null), 'operator'],
      [await signPdf(unsigned, key), 'operator'],
    ] as const) {
      expect(stamped.length).to.equal(unsigned.length);
      const { checks } = await openPdf(stamped);
      expect(checks.map(({ name, status }) => [name, status])).to.deep.equal([
        ['pdf.signature', 'passed'],
        ['pdf.matches', 'passed'],
      ]);
      expect(cmsOf(stamped).includes(TIMESTAMP_ATTRIBUTE)).to.equal(source === 'timestamp');
    }
  });

  it('leaves a token out that has no room', async () => {
    // Any DER will do: it is not looked at here.
    const huge = Buffer.concat([Buffer.from([0x04, 0x82, 0x50, 0x00]), Buffer.alloc(0x5000)]);
    expect(huge.length).to.be.greaterThan(SIGNATURE_BYTES);
    const signed = await signPdf(unsigned, key, async () => huge);
    expect((await openPdf(signed)).checks[0]).to.include({ name: 'pdf.signature', status: 'passed' });
  });

  it('satisfies openssl: the CMS over the PDF, and the token in it over the signature', async function () {
    if ((await run('openssl', ['version']).catch(() => undefined)) === undefined) {
      console.log('      skipped: no openssl on this machine');
      this.skip();
    }
    const signed = await signPdf(unsigned, key, stamp);
    const file = (name: string) => join(folder(), name);
    const [, before, after] = rangeOf(signed);
    await writeFile(file('content'), Buffer.concat([signed.subarray(0, before), signed.subarray(after)]));
    await writeFile(file('cms'), cmsOf(signed));
    await writeFile(file('seal.pem'), encodePem('CERTIFICATE', key.certificateChain[0] as Uint8Array));
    await writeFile(file('root.pem'), rootPem);
    const content = ['-inform', 'DER', '-in', file('cms'), '-content', file('content'), '-binary'];
    const trust = ['-cades', '-CAfile', file('seal.pem'), '-purpose', 'any', '-out', '/dev/null'];
    const { stderr } = await run('openssl', ['cms', '-verify', ...content, ...trust]);
    expect(stderr).to.match(/CAdES Verification successful/i);

    // The signature is the OCTET STRING before the unsigned attributes; the token is the value of the one among them.
    const { token, signature } = stampOf(cmsOf(signed));
    await writeFile(file('token'), token);
    await writeFile(file('signature'), signature);
    const asked = ['-token_in', '-in', file('token'), '-data', file('signature'), '-CAfile', file('root.pem')];
    const verified = await run('openssl', ['ts', '-verify', ...asked]);
    expect(`${verified.stdout}${verified.stderr}`).to.contain('Verification: OK');
  });
});

/** 1.2.840.113549.1.9.16.2.14, id-aa-timeStampToken. */
const TIMESTAMP_ATTRIBUTE = Buffer.from('060b2a864886f70d010910020e', 'hex');

function rangeOf(pdf: Uint8Array): [number, number, number, number] {
  const text = Buffer.from(pdf).toString('latin1');
  const match = /\/ByteRange \[(\d+) (\d+) (\d+) (\d+)/.exec(text.slice(text.lastIndexOf('/ByteRange')));
  return (match ?? []).slice(1).map(Number) as [number, number, number, number];
}

/** DER of the signature in the PDF, without the zeros behind it. */
function cmsOf(pdf: Uint8Array): Buffer {
  const [, before, after] = rangeOf(pdf);
  const bytes = Buffer.from(Buffer.from(pdf.subarray(before + 1, after - 1)).toString('latin1'), 'hex');
  return bytes.subarray(0, 4 + bytes.readUInt16BE(2));
}

function stampOf(cms: Buffer): { token: Buffer; signature: Buffer } {
  const attribute = cms.indexOf(TIMESTAMP_ATTRIBUTE);
  const set = attribute + TIMESTAMP_ATTRIBUTE.length;
  // SET and SEQUENCE with lengths of two octets each.
  const token = cms.subarray(set + 4, set + 8 + cms.readUInt16BE(set + 6));
  // Behind [1] and SEQUENCE, which have such lengths too, stands the end of the signature: r and s of ECDSA, 70 to 72 bytes.
  const end = attribute - 8;
  const start = [68, 69, 70, 71, 72]
    .map((length) => end - length)
    .find((i) => cms[i - 2] === 4 && cms[i - 1] === end - i);
  return { token, signature: cms.subarray(start, end) };
}
