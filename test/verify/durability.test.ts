import { expect } from 'chai';
import { encodeBase64, encodeUtf8, parseBase64Url } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import type { Policy } from '../../src/format/policy.ts';
import { parseReport } from '../../src/format/report.ts';
import { passed } from '../../src/verify/checks.ts';
import { lifeOf, linksOf, weakestLinkOf } from '../../src/verify/durability.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { parseX509 } from '../../src/verify/x509-chain.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import { issue, makeToken } from '../support/timestamp-world.ts';

describe('the weakest link of a report', () => {
  let world: EvidenceWorld;
  const root = issue({ name: 'Long root', ca: true, notAfter: '2040-01-01T00:00:00Z', kind: 'p384' });
  const signer = issue({ name: 'Short authority', issuer: root, kind: 'rsa', notAfter: '2028-03-01T00:00:00Z' });
  before(async () => {
    world = await makeWorld();
  });
  const policy = (): Policy => ({
    ...world.policy,
    authorities: [{ certificate: encodeBase64(root.der), independent: true }],
  });

  async function reportOn(certificate: Certificate, trusted: Policy | null = policy()) {
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    const trust = openTrust(trusted === null ? undefined : encodeObject(trusted), [], undefined);
    return verifyCertificate(encodeObject(certificate), files, trust);
  }

  function withToken(): Promise<Certificate> {
    const [publication] = world.certificate.publications;
    const token = makeToken({ signer, message: encodeUtf8(publication!.checkpoint) });
    const attestation = { type: 'rfc3161' as const, token: encodeBase64(token), certificates: [], revocation: [] };
    const publications = [{ ...publication!, attestations: [...publication!.attestations, attestation] }];
    return world.reseal({ ...world.certificate, publications });
  }

  /** The seal's token, over its signature. */
  function withSealToken(certificate: Certificate): Certificate {
    const seals = certificate.seals.map((seal) => ({
      ...seal,
      timestamp: encodeBase64(makeToken({ signer, message: parseBase64Url(seal.signature) })),
    }));
    return { ...certificate, seals };
  }

  it('is the seal’s certificate where nothing ends earlier', async () => {
    const report = await reportOn(world.certificate);
    expect(report.weakestLink?.link).to.match(/^seal Tiezheng EVALUATION seal.*: X\.509 Tiezheng/);
    expect(report.weakestLink?.until).to.equal('2031-01-01T00:00:00.000Z');
    expect(parseReport(encodeObject(report)).weakestLink).to.deep.equal(report.weakestLink);
  });

  it('is the authority’s certificate that ends before its root and the seal do', async () => {
    const report = await reportOn(await withToken());
    expect(report.weakestLink).to.deep.equal({
      link: 'rfc3161 Short authority: X.509 Short authority',
      until: '2028-03-01T00:00:00.000Z',
    });
  });

  it('leaves out the signer’s certificate of a seal that has a trusted token, and takes the token’s', async () => {
    const report = await reportOn(withSealToken(world.certificate));
    expect(report.weakestLink?.link).to.match(/^seal .*, timestamp Short authority: X\.509 Short authority$/);
  });

  it('is none where nobody is trusted', async () => {
    const report = await reportOn(await withToken(), null);
    expect(report.conclusion).to.equal('no-policy');
    expect(report.weakestLink).to.equal(null);
    expect(linksOf(report.since).every(({ until }) => until === null)).to.equal(true);
  });

  it('does not name a token that the policy does not trust', async () => {
    const report = await reportOn(await withToken(), world.policy);
    expect(linksOf(report.since).some(({ link }) => link.includes('Short authority'))).to.equal(false);
  });

  it('lists digests and chains without an end, and keys by their kind', async () => {
    const links = linksOf((await reportOn(await withToken())).since);
    const until = (kind: string, link: RegExp) => links.find((l) => l.kind === kind && link.test(l.link))?.until;
    expect(until('digest', /^SHA-256$/)).to.equal(null);
    expect(until('digest', /^SM3$/)).to.equal(null);
    expect(until('chain', /^eip155:1$/)).to.equal(null);
    expect(until('key', /^log: Ed25519$/)).to.equal('2035-12-31T23:59:59.000Z');
    expect(until('key', /^rfc3161 .*: P-384$/)).to.equal('2035-12-31T23:59:59.000Z');
    expect(until('key', /^rfc3161 .*: RSA 2048$/)).to.equal('2030-12-31T23:59:59.000Z');
    expect(until('key', /^seal .*: P-256$/)).to.equal('2035-12-31T23:59:59.000Z');
    expect(new Set(links.map(({ kind, link }) => kind + link)).size).to.equal(links.length);
  });
});

describe('weakestLinkOf', () => {
  it('takes the earliest, and of equals the first by name, in whatever order', () => {
    const at = '2030-01-01T00:00:00.000Z';
    const links = [
      { kind: 'key' as const, link: 'c', until: '2031-01-01T00:00:00.000Z' },
      { kind: 'key' as const, link: 'b', until: at },
      { kind: 'key' as const, link: 'a', until: at },
      { kind: 'digest' as const, link: 'z', until: null },
    ];
    expect(weakestLinkOf(links)).to.deep.equal({ link: 'a', until: at });
    expect(weakestLinkOf(links.toReversed())).to.deep.equal({ link: 'a', until: at });
    expect(weakestLinkOf([])).to.equal(null);
  });
});

describe('lifeOf', () => {
  it('names the first end of a chain and the kinds of its keys, and sizes RSA keys rightly', () => {
    const chain = [issue({ name: 'leaf', kind: 'rsa' }), issue({ name: 'root', ca: true, kind: 'p521' })];
    const path = chain.map(({ der }) => parseX509(der)!);
    expect(lifeOf(path)).to.deep.equal({
      validUntil: '2027-01-01T00:00:00.000Z',
      validUntilOf: 'leaf',
      keys: 'P-521, RSA 2048',
    });
    expect(lifeOf([])).to.deep.equal({});
  });

  it('gives nothing to rest on to a check that says nothing of its certificates', () => {
    expect(linksOf([passed('seal', null), passed('rfc3161', null)])).to.deep.equal([]);
  });
});
