import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { encodeBase64, encodeUtf8 } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import { PACKAGE } from '../../src/format/package.ts';
import { exitCodeOf, type Report } from '../../src/format/report.ts';
import { type PackagedFile, verifyPackage } from '../../src/verify/package.ts';
import { NO_MATERIAL, type TokenMaterial } from '../../src/verify/timestamp.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import { GEN_TIME, makeCrl, makeTimestampWorld, makeToken, type TokenOptions } from '../support/timestamp-world.ts';

describe('a certificate with a timestamp token', () => {
  const { root, intermediate, signer } = makeTimestampWorld();
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld();
  });

  const presented = () => world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));

  /** The certificate with one more attestation, sealed again. */
  async function stamped(options: Partial<TokenOptions> = {}, certificates = [intermediate]): Promise<Certificate> {
    const copy = structuredClone(world.certificate);
    const [publication] = copy.publications;
    if (publication === undefined) throw new Error('no publication');
    const token = makeToken({ signer, message: encodeUtf8(publication.checkpoint), ...options });
    publication.attestations.push({
      type: 'rfc3161',
      token: encodeBase64(token),
      certificates: certificates.map(({ der }) => encodeBase64(der)),
      revocation: [],
    });
    return world.reseal(copy);
  }

  const trust = (authorities: { independent: boolean }[] = [{ independent: true }]) =>
    openTrust(
      encodeObject({
        ...world.policy,
        authorities: authorities.map((authority) => ({ certificate: encodeBase64(root.der), ...authority })),
      }),
      [],
      undefined,
    );

  const verify = (certificate: Certificate, reader = trust(), beside: TokenMaterial = NO_MATERIAL) =>
    verifyCertificate(encodeObject(certificate), presented(), reader, undefined, beside);
  const checkOf = (report: Report) => {
    const found = report.since.filter(({ name }) => name === 'rfc3161');
    expect(found).to.have.length(1);
    return found[0];
  };

  it('was there at genTime and its accuracy, which is earlier than its block', async () => {
    const report = await verify(await stamped());
    expect(exitCodeOf(report)).to.equal(0);
    expect(checkOf(report)).to.include({ status: 'passed', about: 'publication 1, attestation 2' });
    expect(report.times.notAfter).to.deep.include({
      at: new Date(Date.parse(GEN_TIME) + 1000).toISOString(),
      source: 'RFC 3161 Test authority 4b1d',
      independent: true,
    });
  });

  it('proves two independent times where the policy asks for two', async () => {
    const asking = (required: number) =>
      openTrust(
        encodeObject({
          ...world.policy,
          independentTimesRequired: required,
          authorities: [{ certificate: encodeBase64(root.der), independent: true }],
        }),
        [],
        undefined,
      );
    expect(exitCodeOf(await verify(await stamped(), asking(2)))).to.equal(0);
    expect(exitCodeOf(await verify(await stamped(), asking(3)))).to.equal(2);
    expect(exitCodeOf(await verify(world.certificate, asking(2)))).to.equal(2);
  });

  it('loses nothing by a token of somebody unknown', async () => {
    const report = await verify(await stamped(), trust([]));
    expect(checkOf(report)).to.include({ status: 'not-checked', because: 'untrusted-key' });
    expect(exitCodeOf(report)).to.equal(0);
    expect(report.times.notAfter?.source).to.match(/^eip155:1 /);
  });

  it('fails by a token over another checkpoint', async () => {
    const report = await verify(await stamped({ message: encodeUtf8('another') }));
    expect(checkOf(report)).to.include({ status: 'failed', reason: 'imprint-mismatch' });
    expect(exitCodeOf(report)).to.equal(1);
  });

  it('takes issuers and revocation from beside it', async () => {
    const bare = await stamped({}, []);
    expect(checkOf(await verify(bare))).to.include({ because: 'untrusted-key' });
    const good = [makeCrl({ issuer: intermediate }), makeCrl({ issuer: root })];
    const passed = checkOf(await verify(bare, trust(), { certificates: [intermediate.der], revocation: good }));
    expect(passed).to.include({ status: 'passed' });
    expect(passed?.facts).to.include({ revocation: 'good', revocationAsOf: '2026-11-22T12:00:00.000Z' });
    const revoked = [makeCrl({ issuer: intermediate, revoked: [{ certificate: signer, at: '2026-11-20T00:00:00Z' }] })];
    const report = await verify(bare, trust(), { certificates: [intermediate.der], revocation: revoked });
    expect(checkOf(report)).to.include({ status: 'failed', reason: 'signer-revoked' });
    expect(checkOf(report)?.facts.revokedSince).to.equal('2026-11-20T00:00:00.000Z');
    expect(report.times.notAfter?.source).to.match(/^eip155:1 /);
  });

  it('takes them out of its package by the endings of their names', async () => {
    const bare = await stamped({}, []);
    const file = (path: string, bytes: Uint8Array): PackagedFile => ({
      path,
      sizeBytes: bytes.length,
      ...digestsOf(bytes),
      sha512: createHash('sha512').update(bytes).digest('hex'),
      bytes,
    });
    const originals = world.files.map(({ bytes }, i) => file(`${PACKAGE.originals}${i}`, bytes));
    const certificate = file(PACKAGE.certificateJson, encodeObject(bare));
    const inside = [
      file('data/proofs/authority.der', intermediate.der),
      file('data/proofs/authority.crl', makeCrl({ issuer: intermediate })),
      file('data/proofs/root.crl', makeCrl({ issuer: root })),
    ];
    const report = await verifyPackage([certificate, ...originals, ...inside], [], trust());
    expect(checkOf(report)).to.include({ status: 'passed' });
    expect(checkOf(report)?.facts.revocation).to.equal('good');
    const misplaced = inside.map((f) => ({ ...f, path: f.path.replace('proofs', 'originals') }));
    const without = await verifyPackage([certificate, ...originals, ...misplaced], [], trust());
    expect(checkOf(without)).to.include({ because: 'untrusted-key' });
  });
});
