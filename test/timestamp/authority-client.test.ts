import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { encodeTimestampRejection } from '../../src/format/timestamp.ts';
import { AuthorityClient, type AuthoritySettings, attestationOf } from '../../src/timestamp/authority-client.ts';
import { openTimestampToken } from '../../src/verify/timestamp.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { type Issued, issue, makeCrl, makeOcsp, seq } from '../support/timestamp-world.ts';
import { type Answer, at, FakeAuthority, makeAuthorityKeys, reply, validNow } from './authority-world.ts';

const MESSAGE = new TextEncoder().encode('log.example.org/2026\n57\nroot\n');
const TERMS = { collectRevocation: true };
const HOUR_MS = 3600_000;

describe('AuthorityClient.stamp', () => {
  let authority: FakeAuthority;
  before(async () => {
    authority = await FakeAuthority.open();
  });
  beforeEach(() => {
    authority.spoil = () => undefined;
    authority.token = {};
    authority.requests.length = 0;
  });
  after(() => authority.close());

  const clientOf = (changes: Partial<AuthoritySettings> = {}) =>
    new AuthorityClient(authority.settings(changes), { nowMs: Date.now });

  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    it(`asks by ${hash} with a nonce and for the certificate, and brings the token back`, async () => {
      const stamp = await clientOf({ hash, policy: '1.2.3.4.1' }).stamp(MESSAGE, TERMS);
      const [request] = authority.requests;
      expect(request).to.deep.include({ certReq: true, policy: '1.2.3.4.1', extensions: [] });
      expect(Buffer.from(request?.imprint.digest ?? [])).to.deep.equal(createHash(hash).update(MESSAGE).digest());
      const opened = await openTimestampToken(stamp.token, MESSAGE, { certificates: [], revocation: [] });
      expect(opened).to.deep.include({ ok: true, hashAlgorithm: hash, policy: '1.2.3.4.1', nonce: request?.nonce });
      expect(stamp.accuracyMs).to.equal(1000);
      expect(Math.abs(stamp.genTimeUnixMs - Date.now())).to.be.lessThan(60_000);
    });
  }

  it('never uses a nonce twice', async () => {
    for (let i = 0; i < 5; i++) await clientOf().stamp(MESSAGE, TERMS);
    expect(new Set(authority.requests.map(({ nonce }) => nonce)).size).to.equal(5);
  });

  it('keeps the whole way to the root, and for certificates what the token does not carry', async () => {
    authority.token = { embedded: [authority.signer] };
    const certificates = [authority.issuer.der, authority.root.der];
    const stamp = await clientOf({ certificates }).stamp(MESSAGE, TERMS);
    expect(stamp.path).to.deep.equal([authority.signer.der, authority.issuer.der, authority.root.der]);
    expect(stamp.beside).to.deep.equal([authority.issuer.der]);
    const { certificates: carried } = attestationOf(stamp);
    expect(carried).to.deep.equal([Buffer.from(authority.issuer.der).toString('base64')]);
  });

  it('accepts a token without any certificate if the signer was configured', async () => {
    authority.token = { embedded: [] };
    const certificates = [authority.signer.der, authority.issuer.der, authority.root.der];
    const stamp = await clientOf({ certificates }).stamp(MESSAGE, TERMS);
    expect(stamp.beside).to.deep.equal([authority.signer.der, authority.issuer.der]);
  });

  it('tells how far the clocks are apart', async () => {
    authority.token = { genTime: at(-HOUR_MS) };
    const { reading } = await clientOf().stamp(MESSAGE, TERMS);
    expect(reading).to.include({ source: authority.url, accuracyMs: 1000, tells: 'time' });
    expect((reading.askedMs + reading.answeredMs) / 2 - reading.theirsMs).to.be.closeTo(HOUR_MS, 5000);
  });

  const foreign = makeAuthorityKeys();
  const expired = makeAuthorityKeys({ notBefore: at(-48 * HOUR_MS), notAfter: at(-24 * HOUR_MS) });
  const notAuthority = makeAuthorityKeys({ purposes: ['1.3.6.1.5.5.7.3.1'] });
  let earlier: Answer | undefined;
  const faults: [what: string, code: string, spoil: typeof authority.spoil, settings?: Partial<AuthoritySettings>][] = [
    ['hangs up', 'authority-unreachable', () => 'hang-up'],
    ['is silent', 'authority-timeout', () => 'silence', { timeoutMs: 300 }],
    ['answers an error status', 'authority-answer-unexpected', () => ({ ...page(), status: 503 })],
    ['answers a page', 'authority-answer-unexpected', page],
    ['answers garbage', 'authority-answer-malformed', () => reply(new Uint8Array(500).fill(0x5a))],
    ['answers nothing', 'authority-answer-malformed', () => reply(new Uint8Array())],
    ['grants without a token', 'authority-answer-malformed', () => reply(seq(seq(Buffer.from([2, 1, 0]))))],
    ['answers 50 MB', 'authority-answer-too-large', () => reply(new Uint8Array(50 << 20))],
    ['rejects', 'authority-rejected-request', () => reply(encodeTimestampRejection('unacceptedPolicy', 'no'))],
    [
      'doubts its clock',
      'authority-clock-not-available',
      () => reply(encodeTimestampRejection('timeNotAvailable', 'no')),
    ],
    ['answers another nonce', 'token-nonce-mismatch', (request) => authority.grant({ ...request, nonce: 7n })],
    ['answers no nonce', 'token-nonce-mismatch', (request) => authority.grant({ ...request, nonce: undefined })],
    [
      'repeats an earlier answer',
      'token-nonce-mismatch',
      (request) => (earlier ??= authority.grant({ ...request, nonce: 9n })),
    ],
    [
      'stamps something else',
      'token-imprint-mismatch',
      (request) => authority.grant(request, { imprintDigest: new Uint8Array(32) }),
    ],
    [
      'stamps by a weaker digest',
      'token-invalid',
      (request) => authority.grant(request, { imprint: 'sha1', imprintDigest: new Uint8Array(20) }),
    ],
    [
      'stamps under another policy',
      'token-policy-mismatch',
      (request) => authority.grant(request, { policy: '1.2.3.4.2' }),
      { policy: '1.2.3.4.1' },
    ],
    [
      'is not exact enough',
      'token-accuracy-too-low',
      (request) => authority.grant(request, { accuracy: seq(Buffer.from([2, 1, 60])) }),
      { maxAccuracyMs: 5000 },
    ],
    [
      'spoils its signature',
      'token-invalid',
      (request) => authority.grant(request, { signature: (bytes) => bytes.fill(1, 8, 12) }),
    ],
    ['signs with a certificate for servers', 'token-invalid', signedBy(notAuthority), trusting(notAuthority)],
    ['signs with an expired certificate', 'token-signer-expired', signedBy(expired), trusting(expired)],
    ['belongs to a root that is not configured', 'token-untrusted-root', signedBy(foreign)],
    [
      'embeds a library of certificates',
      'token-too-large',
      (request) =>
        authority.grant(request, {
          embedded: [authority.signer, ...Array.from({ length: 40 }, (_, i) => issue({ name: `Number ${i}` }))],
        }),
    ],
  ];
  function page(): Exclude<Answer, string> {
    return { status: 200, mediaType: 'text/html', body: Buffer.from('<h1>Sign in to this network</h1>') };
  }
  function signedBy({ signer, issuer }: { signer: Issued; issuer: Issued }): typeof authority.spoil {
    return (request) => authority.grant(request, { signer, embedded: [signer, issuer] });
  }
  function trusting({ root }: { root: Issued }): Partial<AuthoritySettings> {
    return { certificates: [root.der] };
  }
  for (const [what, code, spoil, settings] of faults) {
    it(`refuses with ${code} when the authority ${what}`, async () => {
      authority.spoil = spoil;
      const error = await rejectionOf(clientOf(settings).stamp(MESSAGE, TERMS), code);
      expect(error.message).to.match(/^test authority: /);
    });
  }

  it('refuses with authority-unreachable when nobody listens', async () => {
    const gone = await FakeAuthority.open();
    const client = new AuthorityClient(gone.settings(), { nowMs: Date.now });
    await gone.close();
    await rejectionOf(client.stamp(MESSAGE, TERMS), 'authority-unreachable');
  });

  it('refuses a token that says it is older than what it stamps', async () => {
    authority.token = { genTime: at(-10_000) };
    await rejectionOf(clientOf().stamp(MESSAGE, { ...TERMS, notBeforeUnixMs: Date.now() }), 'token-time-too-early');
    await clientOf().stamp(MESSAGE, { ...TERMS, notBeforeUnixMs: Date.now() - 9_500 });
  });

  it('is not made for an authority without a root', () => {
    expect(() => clientOf({ certificates: [authority.issuer.der] })).to.throw('no root');
    expect(() => clientOf({ certificates: [new Uint8Array(9)] })).to.throw('no DER X.509');
  });
});

describe('AuthorityClient.stamp: revocation', () => {
  let authority: FakeAuthority;
  let keys: ReturnType<typeof makeAuthorityKeys>;
  before(async () => {
    const root = issue({ name: 'Root', ca: true, ...validNow() });
    authority = await FakeAuthority.open({ root, issuer: root, signer: root });
    const issuer = issue({
      name: 'Issuer',
      issuer: root,
      ca: true,
      crlUrl: `${authority.origin}/root.crl`,
      ...validNow(),
    });
    keys = { root, issuer, signer: root };
  });
  beforeEach(() => {
    // A new signer for each test: what is known of one is used again for a while.
    keys.signer = issue({
      name: 'Signer',
      issuer: keys.issuer,
      ocspUrl: `${authority.origin}/ocsp`,
      crlUrl: `${authority.origin}/issuer.crl`,
      ...validNow(),
    });
    authority.signer = keys.signer;
    authority.token = { embedded: [keys.signer, keys.issuer] };
    authority.files.clear();
    authority.fetched.length = 0;
    authority.files.set('/root.crl', () => ok(makeCrl({ issuer: keys.root, ...current() })));
    authority.files.set('/issuer.crl', () => ok(makeCrl({ issuer: keys.issuer, ...current() })));
    authority.files.set('/ocsp', () => ok(ocsp('good')));
  });
  after(() => authority.close());

  const ok = (body: Uint8Array) => ({ status: 200, body });
  const current = () => ({ thisUpdate: whole(-HOUR_MS), nextUpdate: whole(24 * HOUR_MS) });
  const whole = (offsetMs: number) => `${at(offsetMs).slice(0, 19)}Z`;
  const ocsp = (status: 'good' | { at: string }) =>
    makeOcsp({ certificate: keys.signer, issuer: keys.issuer, status, ...current() });
  const client = () => new AuthorityClient(authority.settings(), { nowMs: Date.now });
  const outcomes = async () =>
    (await client().stamp(MESSAGE, TERMS)).collected.notes.map((n) => [n.certificate, n.kind, n.outcome]);

  it('collects an OCSP response where there is a responder, else a list, for each certificate but the root', async () => {
    const { collected } = await client().stamp(MESSAGE, TERMS);
    expect(collected.notes).to.deep.equal([
      { certificate: 0, kind: 'ocsp', url: `${authority.origin}/ocsp`, outcome: 'collected' },
      { certificate: 1, kind: 'crl', url: `${authority.origin}/root.crl`, outcome: 'collected' },
    ]);
    expect(collected.revocation).to.have.length(2);
    expect(authority.fetched).to.deep.equal(['/ocsp', '/root.crl']);
  });

  it('asks nobody when somebody waits for the token', async () => {
    await client().stamp(MESSAGE, { collectRevocation: false });
    expect(authority.fetched).to.deep.equal([]);
  });

  it('does not ask again within ten minutes', async () => {
    const one = client();
    await one.stamp(MESSAGE, TERMS);
    expect((await one.stamp(MESSAGE, TERMS)).collected.revocation).to.have.length(2);
    expect(authority.fetched).to.have.length(2);
  });

  it('takes the list when the responder is away, answers nonsense, or about another certificate', async () => {
    const other = issue({ name: 'Other', issuer: keys.issuer, ...validNow() });
    for (const [outcome, answer] of [
      ['http-500', { status: 500, body: new Uint8Array() }],
      ['not-usable', ok(new Uint8Array([1, 2, 3]))],
      ['not-usable', ok(makeOcsp({ certificate: other, issuer: keys.issuer, ...current() }))],
      ['exchange-too-large', ok(new Uint8Array(2 << 20))],
    ] as const) {
      authority.files.set('/ocsp', () => answer);
      expect(await outcomes()).to.deep.equal([
        [0, 'ocsp', outcome],
        [0, 'crl', 'collected'],
        [1, 'crl', 'collected'],
      ]);
    }
  });

  it('keeps the token and notes it when nothing can be had', async () => {
    authority.files.clear();
    expect(await outcomes()).to.deep.equal([
      [0, 'ocsp', 'http-404'],
      [0, 'crl', 'http-404'],
      [1, 'crl', 'http-404'],
    ]);
  });

  it('refuses the token of a signer that was revoked before', async () => {
    authority.files.set('/ocsp', () => ok(ocsp({ at: whole(-HOUR_MS) })));
    const error = await rejectionOf(client().stamp(MESSAGE, TERMS), 'token-signer-revoked');
    expect(error.message).to.contain('signer-revoked');
  });

  it('refuses the token of a signer whose issuer was revoked', async () => {
    const revoked = [{ certificate: keys.issuer, at: whole(-HOUR_MS) }];
    authority.files.set('/root.crl', () => ok(makeCrl({ issuer: keys.root, revoked, ...current() })));
    const error = await rejectionOf(client().stamp(MESSAGE, TERMS), 'token-signer-revoked');
    expect(error.message).to.contain('issuer-revoked');
  });

  it('leaves large lists out of the certificate', async () => {
    const revoked = Array.from({ length: 400 }, (_, i) => ({
      certificate: { ...keys.signer, serial: BigInt(i + 1) },
      at: whole(-HOUR_MS),
    }));
    authority.files.delete('/ocsp');
    authority.files.set('/issuer.crl', () => ok(makeCrl({ issuer: keys.issuer, revoked, ...current() })));
    const stamp = await client().stamp(MESSAGE, TERMS);
    expect(stamp.collected.revocation.map((der) => der.length)[0]).to.be.greaterThan(8192);
    expect(attestationOf(stamp).revocation).to.deep.equal([]);
    expect(JSON.stringify(attestationOf(stamp)).length).to.be.lessThan(12_000);
  });
});
