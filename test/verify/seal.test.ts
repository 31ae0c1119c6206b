import { expect } from 'chai';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { signPdf } from '../../src/certificate/sign-pdf.ts';
import { encodeBase64, encodeUtf8 } from '../../src/format/bytes.ts';
import type { Check } from '../../src/format/report.ts';
import type { Seal } from '../../src/format/seal.ts';
import { openPdf } from '../../src/verify/pdf.ts';
import { checkSeals } from '../../src/verify/seal.ts';
import type { TokenMaterial } from '../../src/verify/timestamp.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { encodeObject, makeWorld } from '../support/evidence-world.ts';
import {
  GEN_TIME,
  type Issued,
  issue,
  makeCrl,
  makeTimestampWorld,
  makeToken,
  type TokenOptions,
} from '../support/timestamp-world.ts';
import { trusting } from '../support/trust-policy.ts';

const EXPIRES = '2026-11-30T00:00:00Z';
const BEFORE_EXPIRY = '2026-11-22T03:20:00.000Z';
const AFTER_EXPIRY = '2026-12-05T03:20:00.000Z';

const authority = makeTimestampWorld();
const sealRoot = issue({ name: 'Seal root', ca: true });
const sealSigner = issue({ name: 'The service', issuer: sealRoot, purposes: null, keyUsage: 0xc0, notAfter: EXPIRES });
const sealingKey = { privateKey: sealSigner.key, certificateChain: [sealSigner.der] };

/** What a seal's stamp gives: a token of the authority over the signature, with the whole chain. */
const stamp =
  (options: Partial<TokenOptions> = {}) =>
  async (signature: Uint8Array): Promise<Uint8Array> =>
    makeToken({
      signer: authority.signer,
      message: signature,
      embedded: [authority.signer, authority.intermediate],
      ...options,
    });

function trustIn(authorities: Issued[], seals: Issued[] = [sealRoot]): Trust {
  return trusting({
    authorities: authorities.map(({ der }) => ({ certificate: encodeBase64(der), independent: true })),
    seals: seals.map(({ der }) => encodeBase64(der)),
  });
}
const trust = trustIn([authority.root]);

async function sealed(
  stamper?: (signature: Uint8Array) => Promise<Uint8Array>,
): Promise<{ text: string; seals: Seal[] }> {
  return new Sealer(sealingKey, stamper).seal({ text: '证据', seals: [] as Seal[] });
}

async function only(checks: Promise<Check[]>): Promise<Check> {
  const [check, ...more] = await checks;
  if (check === undefined || more.length > 0) throw new Error(`${more.length + 1} checks`);
  return check;
}

const crlRevoking = (at: string, reason?: number): TokenMaterial => ({
  certificates: [],
  revocation: [
    makeCrl({ issuer: sealRoot, revoked: [{ certificate: sealSigner, at, ...(reason !== undefined && { reason }) }] }),
  ],
});

describe('a seal', () => {
  it('with a token of a known authority is judged at the time of that token', async () => {
    const check = await only(checkSeals(await sealed(stamp()), AFTER_EXPIRY, trust));
    expect(check.status).to.equal('passed');
    expect(check.facts).to.include({
      judgedAt: GEN_TIME,
      judgedAtSource: 'timestamp',
      timestampAuthority: 'Test authority',
    });
  });

  it('without a token is judged at the stated time, which is the operator’s word', async () => {
    const object = await sealed();
    const check = await only(checkSeals(object, BEFORE_EXPIRY, trust));
    expect(check.status).to.equal('passed');
    expect(check.facts).to.include({ judgedAt: BEFORE_EXPIRY, judgedAtSource: 'operator' });
    expect(check.facts).to.not.have.property('timestamp');
    expect(await only(checkSeals(object, AFTER_EXPIRY, trust))).to.include({
      status: 'failed',
      reason: 'certificate-expired',
    });
  });

  it('made after its signer’s certificate had expired fails, whatever time is stated', async () => {
    const late = await sealed(stamp({ genTime: '2026-12-01T00:00:00Z' }));
    expect(await only(checkSeals(late, BEFORE_EXPIRY, trust))).to.include({
      status: 'failed',
      reason: 'certificate-expired',
    });
  });

  it('with a token of an unknown authority is judged at the stated time, and says so', async () => {
    const object = await sealed(stamp());
    const check = await only(checkSeals(object, BEFORE_EXPIRY, trustIn([])));
    expect(check.status).to.equal('passed');
    expect(check.facts).to.include({
      judgedAt: BEFORE_EXPIRY,
      judgedAtSource: 'operator',
      timestamp: 'untrusted-key',
      timestampTime: GEN_TIME,
    });
    const late = await only(checkSeals(object, AFTER_EXPIRY, trustIn([])));
    expect(late).to.include({ status: 'failed', reason: 'certificate-expired' });
  });

  const broken: [what: string, stamper: (signature: Uint8Array) => Promise<Uint8Array>, detail: string][] = [
    ['over another signature', () => stamp()(encodeUtf8('another')), 'imprint-mismatch'],
    ['that is none', async () => encodeUtf8('token'), 'token-malformed'],
    [
      'whose signature is wrong',
      stamp({ signature: (bytes) => Buffer.from(bytes.map((b, i) => (i === 20 ? b ^ 1 : b))) }),
      'signature-invalid',
    ],
    ['whose authority’s certificate had expired', stamp({ genTime: '2027-02-01T00:00:00Z' }), 'certificate-expired'],
  ];
  for (const [what, stamper, detail] of broken) {
    it(`with a token ${what} fails, whoever made the token`, async () => {
      const object = await sealed(stamper);
      for (const reader of [trust, trustIn([])]) {
        const check = await only(checkSeals(object, BEFORE_EXPIRY, reader));
        expect(check).to.include({ status: 'failed', reason: 'timestamp-invalid' });
        expect(check.facts.timestamp).to.equal(detail);
      }
    });
  }

  it('with a token of an algorithm that we cannot judge is judged at the stated time', async () => {
    const check = await only(checkSeals(await sealed(stamp({ imprint: 'sm3' })), BEFORE_EXPIRY, trust));
    expect(check.status).to.equal('passed');
    expect(check.facts).to.include({ judgedAtSource: 'operator', timestamp: 'unsupported' });
  });

  it('whose token lacks its signer is judged at the stated time until the certificates lie beside it', async () => {
    const object = await sealed(stamp({ embedded: [] }));
    const without = await only(checkSeals(object, BEFORE_EXPIRY, trust));
    expect(without.facts).to.include({ judgedAtSource: 'operator', timestamp: 'signer-certificate-absent' });
    const certificates = [authority.signer.der, authority.intermediate.der];
    const beside = await only(checkSeals(object, AFTER_EXPIRY, trust, { certificates, revocation: [] }));
    expect(beside).to.include({ status: 'passed' });
  });

  it('of an unknown signer stays so, whatever its token says', async () => {
    const check = await only(checkSeals(await sealed(stamp()), BEFORE_EXPIRY, trustIn([authority.root], [])));
    expect(check).to.include({ status: 'not-checked', because: 'untrusted-key' });
  });

  it('whose signer was revoked before its token fails; after it, it stands', async () => {
    const object = await sealed(stamp());
    const judged = (beside: TokenMaterial) => only(checkSeals(object, BEFORE_EXPIRY, trust, beside));
    expect(await judged(crlRevoking('2026-11-22T03:00:00Z', 4))).to.include({ reason: 'signer-revoked' });
    const later = await judged(crlRevoking('2026-11-23T00:00:00Z', 1));
    expect(later).to.include({ status: 'passed' });
    expect(later.facts.revocation).to.equal('good');
  });

  it('without a token falls with a key that was stolen later, since the stated time may be back-dated', async () => {
    const object = await sealed();
    const judged = (beside: TokenMaterial) => only(checkSeals(object, BEFORE_EXPIRY, trust, beside));
    expect(await judged(crlRevoking('2026-11-23T00:00:00Z', 1))).to.include({ reason: 'signer-revoked' });
    expect(await judged(crlRevoking('2026-11-23T00:00:00Z', 4))).to.include({ status: 'passed' });
  });
});

describe('the signature of a PDF', () => {
  let unsigned: Uint8Array;
  before(async function () {
    this.timeout(30_000);
    const world = await makeWorld();
    const certificate = await new Sealer(sealingKey, stamp()).seal({ ...world.certificate, seals: [] });
    unsigned = await renderCertificatePdf(encodeObject(certificate), {
      verificationUrl: 'https://evidence.example.org/verify',
    });
  });

  const checksOf = async (stamper: ((signature: Uint8Array) => Promise<Uint8Array>) | undefined, reader?: Trust) =>
    (await openPdf(await signPdf(unsigned, sealingKey, stamper), reader)).checks;

  it('with a token of a known authority is judged at the time of that token', async () => {
    const [signature, matches] = await checksOf(stamp(), trust);
    expect(signature).to.include({ name: 'pdf.signature', status: 'passed' });
    expect(signature?.facts).to.include({ judgedAt: GEN_TIME, judgedAtSource: 'timestamp', signer: 'The service' });
    expect(matches).to.include({ name: 'pdf.matches', status: 'passed' });
  });

  it('without a token, or of an unknown authority, rests on the stated time', async () => {
    for (const [stamper, reader] of [
      [undefined, trust],
      [stamp(), trustIn([])],
      [stamp(), undefined],
    ] as const) {
      const [signature] = await checksOf(stamper, reader);
      expect(signature).to.include({ status: 'passed' });
      expect(signature?.facts).to.include({ judgedAt: BEFORE_EXPIRY, judgedAtSource: 'operator' });
    }
  });

  it('made after its signer’s certificate had expired fails', async () => {
    const [signature] = await checksOf(stamp({ genTime: '2026-12-01T00:00:00Z' }), trust);
    expect(signature).to.include({ status: 'failed', reason: 'certificate-expired' });
  });

  it('with a token over another signature fails', async () => {
    const [signature] = await checksOf(() => stamp()(encodeUtf8('another')), trust);
    expect(signature).to.include({ status: 'failed', reason: 'timestamp-invalid' });
    expect(signature?.facts.timestamp).to.equal('imprint-mismatch');
  });
});
