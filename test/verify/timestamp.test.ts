import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FormatError } from '../../src/errors.ts';
import { encodeBase64, encodeUtf8 } from '../../src/format/bytes.ts';
import {
  checkTimestamp,
  judgeToken,
  NO_MATERIAL,
  openTimestampToken,
  type TokenMaterial,
} from '../../src/verify/timestamp.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { parseX509, subjectOf, type X509 } from '../../src/verify/x509-chain.ts';
import {
  bool,
  type CertificateOptions,
  GEN_TIME,
  generalizedTime,
  type Issued,
  int,
  issue,
  makeTimestampWorld,
  makeToken,
  octets,
  oid,
  POLICY,
  PURPOSE,
  seq,
  type TokenOptions,
  tlv,
} from '../support/timestamp-world.ts';
import { trusting } from '../support/trust-policy.ts';

const MESSAGE = encodeUtf8('log.example.org/2026\n57\n8F8kbprHTSvbV3a7rHK2M6RA4gIBygqccNct5yIXKlE=\n');
const world = makeTimestampWorld();
const { root, intermediate, signer } = world;
const x509 = (certificate: Issued): X509 => parseX509(certificate.der) as X509;
const outside = (...certificates: Issued[]): TokenMaterial => ({
  ...NO_MATERIAL,
  certificates: certificates.map(({ der }) => der),
});
const BESIDE = outside(intermediate);
const token = (options: Partial<TokenOptions> = {}) => makeToken({ signer, message: MESSAGE, ...options });

/** `trusted`, `unknown-root`, or the reason of the refusal. */
async function verdict(
  bytes: Uint8Array,
  material: TokenMaterial = BESIDE,
  anchors: Issued[] = [root],
): Promise<string> {
  const opened = await openTimestampToken(bytes, MESSAGE, material);
  if (!opened.ok) return opened.reason;
  const roots = anchors.map((certificate) => ({ certificate: x509(certificate), independent: true }));
  const judged = await judgeToken(opened, material, roots);
  return judged.standing === 'refused' ? judged.reason : judged.standing;
}

describe('openTimestampToken', () => {
  it('reads what a token says', async () => {
    const opened = await openTimestampToken(token({ nonce: 0xfedcba9876543210n }), MESSAGE, BESIDE);
    if (!opened.ok) throw new Error(opened.reason);
    expect(opened).to.include({
      genTimeUnixMs: Date.parse(GEN_TIME),
      accuracyMs: 1000,
      policy: POLICY,
      serial: '4b1d',
      nonce: 0xfedcba9876543210n,
      hashAlgorithm: 'sha256',
    });
    expect(opened.chain.map(subjectOf)).to.deep.equal(['Test authority', 'Test intermediate']);
  });

  it('takes the digest in place of the bytes, of the same algorithm only', async () => {
    const digest = new Uint8Array(createHash('sha384').update(MESSAGE).digest());
    const bytes = token({ imprint: 'sha384' });
    expect((await openTimestampToken(bytes, { algorithm: 'sha384', digest }, BESIDE)).ok).to.equal(true);
    const other = await openTimestampToken(bytes, { algorithm: 'sha256', digest: digest.slice(0, 32) }, BESIDE);
    expect(other).to.deep.equal({ ok: false, reason: 'imprint-mismatch' });
  });

  const accuracies: [what: string, options: Partial<TokenOptions>, accuracyMs: number][] = [
    [
      'seconds, milliseconds and microseconds, rounded up',
      { accuracy: seq(int(2), tlv(0x80, Buffer.from([0, 250])), tlv(0x81, Buffer.from([1]))) },
      2251,
    ],
    ['milliseconds alone', { accuracy: seq(tlv(0x80, Buffer.from([1, 0xf4]))) }, 500],
    ['microseconds alone', { accuracy: seq(tlv(0x81, Buffer.from([100]))) }, 1],
    ['none, with whole seconds in genTime', { accuracy: null }, 1000],
    ['none, with a fraction in genTime', { accuracy: null, genTime: '2026-11-22T03:06:00.250Z' }, 1],
  ];
  for (const [what, options, accuracyMs] of accuracies) {
    it(`reads accuracy: ${what}`, async () => {
      const opened = await openTimestampToken(token(options), MESSAGE, BESIDE);
      expect(opened.ok && opened.accuracyMs).to.equal(accuracyMs);
    });
  }

  it('rounds a genTime that is finer than milliseconds up', async () => {
    const opened = await openTimestampToken(token({ genTime: '2026-11-22T03:06:00.0690001Z' }), MESSAGE, BESIDE);
    expect(opened.ok && new Date(opened.genTimeUnixMs).toISOString()).to.equal('2026-11-22T03:06:00.070Z');
  });
});

describe('a good token', () => {
  const kinds: [what: string, make: () => Partial<TokenOptions>][] = [
    ['as most authorities make them', () => ({})],
    [
      'by an ECDSA P-384 signer, SHA-384',
      () => ({ signer: issue({ name: 'a', issuer: intermediate, kind: 'p384' }), digest: 'sha384' }),
    ],
    [
      'by an ECDSA P-521 signer, SHA-512',
      () => ({ signer: issue({ name: 'a', issuer: intermediate, kind: 'p521' }), digest: 'sha512' }),
    ],
    ['by an RSA signer, PKCS #1 v1.5', () => ({ signer: issue({ name: 'a', issuer: intermediate, kind: 'rsa' }) })],
    ['by an RSA signer, PSS', () => ({ signer: issue({ name: 'a', issuer: intermediate, kind: 'rsa-pss' }) })],
    ['with an imprint by SHA-384', () => ({ imprint: 'sha384' })],
    ['with an imprint by SHA-512', () => ({ imprint: 'sha512' })],
    ['that names its signer by ESSCertID, whose SHA-1 only chooses', () => ({ ess: ['v1'] })],
    ['that names its signer by both attributes', () => ({ ess: ['v1', 'v2'], essIssuerSerial: true })],
    ['that names its signer by SHA-512', () => ({ essDigest: 'sha512' })],
    ['that names its signer by key identifier', () => ({ sid: 'subject-key-id' })],
    ['with the name of the authority', () => ({ tstTail: [tlv(0xa0, tlv(0xa4, signer.subject))] })],
    [
      'with an extension that is not critical',
      () => ({ tstTail: [tlv(0xa1, seq(oid('1.2.3.4'), octets(tlv(0x05))))] }),
    ],
    [
      'with certificates of strangers among its own',
      () => ({ embedded: [issue({ name: 'Test authority' }), issue({ name: 'Test intermediate', ca: true }), signer] }),
    ],
    ['with the whole chain inside', () => ({ embedded: [root, intermediate, signer] })],
    [
      'of two purposes of key usage that both sign',
      () => ({ signer: issue({ name: 'a', issuer: intermediate, keyUsage: 0xc0 }) }),
    ],
  ];
  for (const [what, make] of kinds) {
    it(`${what} stands`, async () => {
      expect(await verdict(token(make()))).to.equal('trusted');
    });
  }

  it('stands when its signer is pinned and no root is', async () => {
    expect(await verdict(token(), NO_MATERIAL, [signer])).to.equal('trusted');
  });

  it('stands when signer and intermediate come from outside', async () => {
    expect(await verdict(token({ embedded: [] }), outside(intermediate, signer))).to.equal('trusted');
  });

  it('stands though every certificate has expired since', async () => {
    const oldRoot = issue({ name: 'r', ca: true, notBefore: '2001-01-01T00:00:00Z', notAfter: '2004-01-01T00:00:00Z' });
    const oldSigner = issue({
      name: 's',
      issuer: oldRoot,
      notBefore: '2001-01-01T00:00:00Z',
      notAfter: '2003-01-01T00:00:00Z',
    });
    expect(
      await verdict(token({ signer: oldSigner, genTime: '2002-12-31T00:00:00Z' }), NO_MATERIAL, [oldRoot]),
    ).to.equal('trusted');
  });

  it('finds its way through a cross-signed intermediate', async () => {
    const otherRoot = issue({ name: 'Other root', ca: true });
    const crossed = issue({ name: 'Test intermediate', issuer: otherRoot, ca: true, keyOf: intermediate });
    expect(await verdict(token(), outside(crossed, intermediate), [root])).to.equal('trusted');
    expect(await verdict(token(), outside(intermediate, crossed), [otherRoot])).to.equal('trusted');
  });

  it('is one that OpenSSL accepts too, kind by kind', function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), 'tiezheng-test-'));
    try {
      const write = (name: string, bytes: Uint8Array | string) => {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        return path;
      };
      const data = write('message', MESSAGE);
      const pem = (certificate: Issued) => new X509Certificate(certificate.der).toString();
      const rootPem = write('root.pem', pem(root));
      const issuers = write('issuers.pem', pem(intermediate));
      const atSeconds = String(Date.parse(GEN_TIME) / 1000);
      for (const [what, make] of kinds) {
        const made = make();
        const embedded = made.embedded ?? [made.signer ?? signer, intermediate];
        const input = write('token', token({ ...made, embedded }));
        const under = ['-in', input, '-CAfile', rootPem, '-attime', atSeconds];
        // `openssl ts` reads PKCS #7, which has neither; `openssl cms` has, but asks for signature and chain only.
        const parameters = /PSS|key identifier/.test(what)
          ? ['cms', '-verify', '-inform', 'DER', ...under, '-purpose', 'timestampsign', '-out', '/dev/null']
          : ['ts', '-verify', '-data', data, '-token_in', ...under, '-untrusted', issuers];
        const { status, stderr, error } = spawnSync('openssl', parameters);
        if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') this.skip();
        expect(status, `${what}: ${stderr}`).to.equal(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not fall with a key that is too short and has an issuer’s name', async () => {
    const short = issue({ name: 'Test root', ca: true, kind: 'rsa-1024' });
    expect(await verdict(token(), outside(intermediate, short))).to.equal('trusted');
    expect(await verdict(token(), outside(intermediate, short), [])).to.equal('unknown-root');
  });

  it('of a root that nobody named is neither good nor bad', async () => {
    expect(await verdict(token(), BESIDE, [])).to.equal('unknown-root');
    expect(await verdict(token(), BESIDE, [issue({ name: 'Test root', ca: true })])).to.equal('unknown-root');
    expect(await verdict(token(), NO_MATERIAL)).to.equal('unknown-root');
  });
});

describe('a bad token', () => {
  const under = (options: Partial<CertificateOptions>) =>
    issue({ name: 'Bad authority', issuer: intermediate, ...options });
  const twin = issue({ name: 'Test authority', issuer: intermediate });
  const cases: [what: string, make: () => Uint8Array, reason: string, material?: () => TokenMaterial][] = [
    ['nothing', () => new Uint8Array(0), 'token-malformed'],
    ['no ASN.1', () => encodeUtf8('timestamp'), 'token-malformed'],
    ['cut off', () => token().slice(0, -1), 'token-malformed'],
    ['a byte behind it', () => Uint8Array.from([...token(), 0]), 'trailing-bytes'],
    ['another token behind it', () => Uint8Array.from([...token(), ...token()]), 'trailing-bytes'],
    ['too large', () => new Uint8Array(70_000), 'token-too-large'],
    ['a length spelled longer than need be', () => lengthened(token()), 'token-malformed'],
    ['indefinite length', () => indefinite(token()), 'token-malformed'],
    ['a response in place of its token', () => new Uint8Array(seq(seq(int(0)), token())), 'token-malformed'],
    ['plain data', () => token({ signedDataType: '1.2.840.113549.1.7.1' }), 'not-signed-data'],
    ['signed data of another kind', () => token({ eContentType: '1.2.840.113549.1.7.1' }), 'not-a-timestamp-token'],
    ['no signer', () => token({ signers: 0 }), 'not-exactly-one-signer'],
    ['two signers', () => token({ signers: 2 }), 'not-exactly-one-signer'],
    ['TSTInfo of version 2', () => token({ tstVersion: 2 }), 'tst-info-version'],
    ['TSTInfo that is none', () => token({ content: seq(int(1)) }), 'tst-info-malformed'],
    ['TSTInfo with a member too many', () => token({ tstTail: [octets(Buffer.from([1]))] }), 'tst-info-malformed'],
    [
      'TSTInfo with something behind it',
      () => token({ content: Buffer.concat([tstInfo(), Buffer.from([5, 0])]) }),
      'tst-info-malformed',
    ],
    [
      'a time with an offset',
      () => token({ content: tstInfo(tlv(0x18, Buffer.from('20261122030600+0800'))) }),
      'tst-info-malformed',
    ],
    [
      'a day that does not exist',
      () => token({ content: tstInfo(generalizedTime('2026-02-30T03:06:00Z')) }),
      'tst-info-malformed',
    ],
    [
      'accuracy of 1,000 milliseconds',
      () => token({ accuracy: seq(tlv(0x80, Buffer.from([3, 0xe8]))) }),
      'tst-info-malformed',
    ],
    ['negative accuracy', () => token({ accuracy: seq(tlv(0x02, Buffer.from([0xff]))) }), 'tst-info-malformed'],
    [
      'a critical extension',
      () => token({ tstTail: [tlv(0xa1, seq(oid('1.2.3.4'), bool(true), octets(tlv(0x05))))] }),
      'unknown-critical-extension',
    ],
    [
      'an imprint of other bytes',
      () => token({ imprintDigest: createHash('sha256').update('other').digest() }),
      'imprint-mismatch',
    ],
    ['an imprint by SHA-1', () => token({ imprint: 'sha1' }), 'weak-digest'],
    ['an imprint by SM3', () => token({ imprint: 'sm3' }), 'unsupported-algorithm'],
    ['an imprint that is too short', () => token({ imprintDigest: Buffer.alloc(20) }), 'token-malformed'],
    ['no signed attributes', () => token({ signedAttributes: false }), 'signed-attributes-absent'],
    [
      'a content-type attribute of plain data',
      () => token({ contentTypeAttribute: '1.2.840.113549.1.7.1' }),
      'content-type-attribute',
    ],
    ['two content-type attributes', () => token({ repeatAttribute: '1.2.840.113549.1.9.3' }), 'content-type-attribute'],
    ['a message-digest of something else', () => token({ messageDigest: Buffer.alloc(32) }), 'content-digest-mismatch'],
    ['two message-digests', () => token({ repeatAttribute: '1.2.840.113549.1.9.4' }), 'content-digest-mismatch'],
    ['a signature over SHA-1', () => token({ digest: 'sha1' }), 'weak-digest'],
    ['no ESSCertID', () => token({ ess: [] }), 'signing-certificate-attribute'],
    ['an ESSCertID of another certificate', () => token({ essNames: root }), 'signing-certificate-attribute'],
    [
      'an ESSCertIDv1 of another certificate beside a right v2',
      () => token({ ess: ['v1'], essNames: root }),
      'signing-certificate-attribute',
    ],
    ['an ESSCertIDv2 by SHA-1', () => token({ essDigest: 'sha1' }), 'weak-digest'],
    [
      'two ESSCertIDv2',
      () => token({ repeatAttribute: '1.2.840.113549.1.9.16.2.47' }),
      'signing-certificate-attribute',
    ],
    ['no certificate of its signer', () => token({ embedded: [] }), 'signer-certificate-absent'],
    ['the serial number of another certificate', () => token({ sid: twin }), 'signer-certificate-absent'],
    [
      'a certificate of the same name and number by a stranger',
      () =>
        token({
          embedded: [
            issue({
              name: 'Test authority',
              issuer: issue({ name: 'Test intermediate', ca: true }),
              serial: signer.serial,
            }),
          ],
        }),
      'signing-certificate-attribute',
    ],
    ['the signature of another key', () => token({ embedded: [twin], sid: twin, essNames: twin }), 'signature-invalid'],
    ['an empty signature', () => token({ signature: () => Buffer.alloc(0) }), 'signature-invalid'],
    ['a changed signature', () => token({ signature: flipLast }), 'signature-invalid'],
    ['an RSA key of 1,024 bits', () => token({ signer: under({ kind: 'rsa-1024' }) }), 'weak-key'],
    [
      'a signer without extended key usage',
      () => token({ signer: under({ purposes: null }) }),
      'extended-key-usage-absent',
    ],
    [
      'a signer for TLS servers',
      () => token({ signer: under({ purposes: [PURPOSE.serverAuth] }) }),
      'extended-key-usage-absent',
    ],
    [
      'a signer of two purposes',
      () => token({ signer: under({ purposes: [PURPOSE.timeStamping, PURPOSE.serverAuth] }) }),
      'extended-key-usage-not-sole',
    ],
    [
      'an extended key usage that is not critical',
      () => token({ signer: under({ purposesCritical: false }) }),
      'extended-key-usage-not-critical',
    ],
    ['a key that may encrypt', () => token({ signer: under({ keyUsage: 0xa0 }) }), 'key-usage'],
    ['a key that may not sign', () => token({ signer: under({ keyUsage: 0x20 }) }), 'key-usage'],
    [
      'an authority for certificates as signer',
      () =>
        token({
          signer: under({ ca: true, keyUsage: 0x80, purposes: [PURPOSE.timeStamping], purposesCritical: true }),
        }),
      'signer-is-a-ca',
    ],
    [
      'a signer whose certificate had expired',
      () => token({ signer: under({ notAfter: '2026-11-22T03:05:59Z' }) }),
      'certificate-expired',
    ],
    [
      'a signer whose certificate was not valid yet',
      () => token({ signer: under({ notBefore: '2026-11-22T03:06:01Z' }) }),
      'certificate-not-yet-valid',
    ],
    [
      'a signer with an unknown critical extension',
      () => token({ signer: under({ unknownCritical: true }) }),
      'unknown-critical-extension',
    ],
    ['a certificate signed over SHA-1', () => token({ signer: under({ digest: 'sha1' }) }), 'weak-digest'],
    [
      'an intermediate that had expired',
      () => chainOver({ notAfter: '2026-11-22T03:05:59Z' }),
      'certificate-expired',
      () => lastChain,
    ],
    ['an intermediate that is no authority', () => chainOver({ ca: false }), 'issuer-is-not-a-ca', () => lastChain],
    [
      'an intermediate that may not sign certificates',
      () => chainOver({ keyUsage: 0x02 }),
      'issuer-is-not-a-ca',
      () => lastChain,
    ],
    [
      'an intermediate too many for the path length',
      () => chainOver({ issuer: intermediate }),
      'path-too-long',
      () => lastChain,
    ],
  ];

  let lastChain: TokenMaterial = NO_MATERIAL;
  /** A token below an intermediate that is wrong in some way. */
  function chainOver(options: Partial<CertificateOptions>): Uint8Array {
    const between = issue({ name: 'Bad intermediate', issuer: root, ca: true, ...options });
    lastChain = outside(between, intermediate);
    return token({ signer: issue({ name: 'Below', issuer: between }) });
  }

  it('is known in at least 50 kinds', () => {
    expect(cases.length).to.be.greaterThan(50);
  });

  for (const [what, make, reason, material] of cases) {
    it(`${what}: ${reason}`, async () => {
      const bytes = make();
      expect(await verdict(bytes, material?.() ?? BESIDE)).to.equal(reason);
    });
  }

  it('with an intermediate that only has the name of the real one leads nowhere', async () => {
    const fake = issue({ name: 'Test intermediate', issuer: root, ca: true });
    expect(await verdict(token(), outside(fake))).to.equal('unknown-root');
  });

  it('with hundreds of certificates of one name is decided soon', async function () {
    this.timeout(20_000);
    const crowd = Array.from({ length: 100 }, () =>
      issue({ name: 'Test intermediate', issuer: intermediate, ca: true, keyOf: intermediate }),
    );
    const began = performance.now();
    expect(await verdict(token({ embedded: [signer] }), outside(...crowd))).to.equal('unknown-root');
    expect(performance.now() - began).to.be.lessThan(10_000);
  });
});

describe('a token in which one bit is flipped', () => {
  it('never passes, wherever the bit is', async function () {
    this.timeout(120_000);
    const good = token({ essIssuerSerial: true });
    expect(await verdict(good)).to.equal('trusted');
    const bytesOf = Buffer.from(good);
    // Before the last name, in the signed ESSCertID, comes the one in the signer's identifier, which nothing signs.
    const identifier = bytesOf.lastIndexOf('Test intermediate', bytesOf.lastIndexOf('Test intermediate') - 1);
    const isUnsigned = (at: number) => at < 60 || Math.abs(at - identifier) < 40;
    const passed: number[] = [];
    for (let bit = 0; bit < good.length * 8; bit++) {
      const at = bit >> 3;
      // Of what signatures cover, one bit of each byte will do.
      if (!isUnsigned(at) && bit % 8 !== at % 8) continue;
      const bytes = good.slice();
      bytes[at] = (bytes[at] as number) ^ (0x80 >> (bit & 7));
      if ((await verdict(bytes)) === 'trusted') passed.push(bit);
    }
    expect(passed).to.deep.equal([]);
  });

  it('passes where the bit is in a certificate that is not needed, or in an attribute that is not signed', async () => {
    const stranger = issue({ name: 'Stranger' });
    const good = token({ embedded: [signer, stranger] });
    const at = Buffer.from(good).indexOf(Buffer.from(stranger.der)) + stranger.der.length - 1;
    const bytes = good.slice();
    bytes[at] = (bytes[at] as number) ^ 1;
    expect(await verdict(bytes)).to.equal('trusted');
    const attribute = (text: string) => [seq(oid('1.2.3.4'), tlv(0x31, octets(Buffer.from(text))))];
    expect(await verdict(token({ unsignedAttributes: attribute('anything') }))).to.equal('trusted');
  });
});

describe('checkTimestamp', () => {
  const attestation = (bytes: Uint8Array) => ({
    token: encodeBase64(bytes),
    certificates: [encodeBase64(intermediate.der)],
    revocation: [],
  });
  const trustIn = (...authorities: { certificate: Issued; independent: boolean; operator?: string }[]) =>
    trusting({
      authorities: authorities.map((a) => ({ ...a, certificate: encodeBase64(a.certificate.der) })),
    });

  it('passes under a root of the policy, and proves genTime and its accuracy as the latest instant', async () => {
    const trust = trustIn({ certificate: root, independent: true, operator: 'National time' });
    const { check, time } = await checkTimestamp(attestation(token()), MESSAGE, 'publication 1, attestation 2', trust);
    expect(check).to.include({ name: 'rfc3161', about: 'publication 1, attestation 2', status: 'passed' });
    expect(check.facts).to.include({
      genTime: GEN_TIME,
      accuracyMs: '1000',
      policy: POLICY,
      serial: '4b1d',
      authority: 'Test authority',
      operator: 'National time',
      hashAlgorithm: 'sha256',
      revocation: 'not-checked',
    });
    expect(time).to.deep.equal({
      unixMs: Date.parse(GEN_TIME) + 1000,
      source: 'RFC 3161 Test authority 4b1d',
      operator: 'National time',
      independent: true,
    });
  });

  it('proves a time that is not independent where the policy says so', async () => {
    const { time } = await checkTimestamp(
      attestation(token()),
      MESSAGE,
      null,
      trustIn({ certificate: root, independent: false }),
    );
    expect(time?.independent).to.equal(false);
    // Without a name of the policy's the root stands for itself, so that two of its tokens are one.
    expect(time?.operator).to.match(/^Test root \([0-9a-f]{16}\)$/);
  });

  it('proves nothing without a policy, or under a root that the policy does not name', async () => {
    const none = await checkTimestamp(attestation(token()), MESSAGE, null, openTrust(undefined, [], undefined));
    expect(none).to.deep.include({ time: undefined });
    expect(none.check).to.include({ status: 'not-checked', because: 'no-policy' });
    const other = await checkTimestamp(attestation(token()), MESSAGE, null, trustIn());
    expect(other.check).to.include({ status: 'not-checked', because: 'untrusted-key' });
    expect(other.time).to.equal(undefined);
  });

  it('fails a token over another checkpoint, whoever made it', async () => {
    for (const trust of [trustIn({ certificate: root, independent: true }), trustIn()]) {
      const { check, time } = await checkTimestamp(attestation(token()), encodeUtf8('other'), null, trust);
      expect(check).to.include({ status: 'failed', reason: 'imprint-mismatch' });
      expect(time).to.equal(undefined);
    }
  });

  it('cannot judge an algorithm that it does not know, and says so', async () => {
    const trust = trustIn({ certificate: root, independent: true });
    const { check } = await checkTimestamp(attestation(token({ imprint: 'sm3' })), MESSAGE, null, trust);
    expect(check).to.include({ status: 'not-checked', because: 'unsupported' });
  });

  it('is not asked under a policy whose authority is no certificate: its author believes that he named one', () => {
    const cut = { ...root, der: root.der.slice(0, -1) };
    expect(() => trustIn({ certificate: cut, independent: true })).to.throw(
      FormatError,
      /authorities\[0\].* no X\.509/,
    );
  });

  it('finds issuers that lie beside the certificate', async () => {
    const trust = trustIn({ certificate: root, independent: true });
    const bare = { ...attestation(token({ embedded: [] })), certificates: [] };
    const without = await checkTimestamp(bare, MESSAGE, null, trust);
    expect(without.check).to.deep.include({ because: 'absent', facts: { missing: 'signer-certificate' } });
    const { check } = await checkTimestamp(bare, MESSAGE, null, trust, outside(signer, intermediate));
    expect(check.status).to.equal('passed');
  });
});

function flipLast(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1;
  return copy;
}

/** A whole TSTInfo with another time. */
function tstInfo(genTime: Uint8Array = generalizedTime(GEN_TIME)): Buffer {
  const digest = createHash('sha256').update(MESSAGE).digest();
  return seq(int(1), oid(POLICY), seq(seq(oid('2.16.840.1.101.3.4.2.1')), octets(digest)), int(7), genTime);
}

/** The outer length in one octet more than it needs. */
function lengthened(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([0x30, 0x83, 0, bytes[2] as number, bytes[3] as number, ...bytes.subarray(4)]);
}

/** The outer SEQUENCE as BER allows it and DER does not. */
function indefinite(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([0x30, 0x80, ...bytes.subarray(4), 0, 0]);
}
