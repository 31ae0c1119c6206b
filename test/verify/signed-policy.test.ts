import { expect } from 'chai';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { parseSignedPolicy, type SignedPolicy } from '../../src/format/signed-policy.ts';
import { checkSuccession, isExpired, openPolicy } from '../../src/verify/signed-policy.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { codeOf, rejectionOf } from '../support/coded-error.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

async function makeOffice() {
  const pem = await makeEvaluationSeal(Date.UTC(2026, 0, 1));
  const sealer = new Sealer(sealingKeyFromPem(pem.keyPem, pem.certificatePem));
  return { sealer, certificate: sealer.certificateChain[0] as Uint8Array };
}

describe('openPolicy', () => {
  let world: EvidenceWorld;
  let office: Awaited<ReturnType<typeof makeOffice>>;
  let draft: SignedPolicy;
  let signed: SignedPolicy;
  before(async () => {
    world = await makeWorld();
    office = await makeOffice();
    draft = {
      type: 'tiezheng/signed-policy/v1',
      issuer: '某某公证处',
      name: 'web pages',
      serial: 7,
      issuedAt: '2026-11-22T00:00:00.000Z',
      expiresAt: '2027-11-22T00:00:00.000Z',
      policy: world.policy,
      seals: [],
    };
    signed = await office.sealer.seal(draft);
  });

  it('takes an unsigned policy as the reader’s own, in any spelling', async () => {
    const bytes = encodeUtf8(JSON.stringify(world.policy, null, 2));
    expect(await openPolicy(bytes, [])).to.deep.equal({ policy: bytes, signed: undefined });
  });

  it('gives the same report as the policy inside it, unsigned', async () => {
    const { policy } = await openPolicy(encodeObject(signed), [office.certificate]);
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    const report = (bytes: Uint8Array) =>
      verifyCertificate(encodeObject(world.certificate), files, openTrust(bytes, [], undefined));
    expect(await report(policy)).to.deep.equal(await report(encodeObject(world.policy)));
  });

  it('refuses a signed policy when no signer is named, and an unsigned one when one is', async () => {
    const error = await rejectionOf(openPolicy(encodeObject(signed), []), 'policy-signer-missing');
    expect(error.message).to.include('某某公证处');
    await rejectionOf(openPolicy(encodeObject(world.policy), [office.certificate]), 'policy-not-signed');
    await rejectionOf(openPolicy(encodeObject(draft), [office.certificate]), 'policy-not-signed');
  });

  it('refuses the seal of anybody else', async () => {
    const stranger = await makeOffice();
    const forged = await stranger.sealer.seal(draft);
    await rejectionOf(openPolicy(encodeObject(forged), [office.certificate]), 'policy-signed-by-another');
  });

  for (const [field, change] of Object.entries({
    issuer: { issuer: '另一公证处' },
    name: { name: 'other' },
    serial: { serial: 8 },
    issuedAt: { issuedAt: '2026-11-22T00:00:00.001Z' },
    expiresAt: { expiresAt: '2099-01-01T00:00:00.000Z' },
  })) {
    it(`refuses a changed ${field} below the seal`, async () => {
      const changed = { ...signed, ...change };
      await rejectionOf(openPolicy(encodeObject(changed), [office.certificate]), 'policy-seal-invalid');
    });
  }

  it('refuses a changed policy below the seal', async () => {
    const changed = { ...signed, policy: { ...signed.policy, independentTimesRequired: 0 } };
    await rejectionOf(openPolicy(encodeObject(changed), [office.certificate]), 'policy-seal-invalid');
  });

  it('refuses a seal made after the signer’s certificate had expired', async () => {
    const late = { ...draft, issuedAt: '2032-01-01T00:00:00.000Z', expiresAt: '2033-01-01T00:00:00.000Z' };
    const error = await rejectionOf(
      openPolicy(encodeObject(await office.sealer.seal(late)), [office.certificate]),
      'policy-seal-invalid',
    );
    expect(error.message).to.include('certificate-expired');
  });

  it('refuses any spelling but the canonical one, and a term that ends before it begins', async () => {
    const spaced = encodeUtf8(JSON.stringify(signed, null, 1));
    await rejectionOf(openPolicy(spaced, [office.certificate]), 'not-canonical');
    expect(codeOf(() => parseSignedPolicy(encodeObject({ ...signed, expiresAt: draft.issuedAt })))).to.equal(
      'invalid-field',
    );
  });

  it('refuses a signer’s file that holds no certificate', async () => {
    await rejectionOf(openPolicy(encodeObject(signed), [Uint8Array.of(0x30, 0x80)]), 'not-a-certificate');
  });

  it('knows an expired one by the clock it is given', () => {
    expect(isExpired(signed, Date.parse(signed.expiresAt) - 1)).to.equal(false);
    expect(isExpired(signed, Date.parse(signed.expiresAt))).to.equal(true);
  });

  it('lets only a newer version of the same policy, or the same bytes, take its place', () => {
    expect(codeOf(() => checkSuccession(signed, signed))).to.equal('accepted');
    expect(codeOf(() => checkSuccession(signed, { ...signed, serial: 8 }))).to.equal('accepted');
    expect(codeOf(() => checkSuccession(signed, { ...signed, serial: 6 }))).to.equal('policy-older');
    expect(codeOf(() => checkSuccession(signed, { ...signed, issuer: 'x' }))).to.equal('policy-serial-reused');
    expect(codeOf(() => checkSuccession(signed, { ...signed, name: 'x', serial: 8 }))).to.equal(
      'policy-of-another-name',
    );
  });
});
