import { expect } from 'chai';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { judgeRevocation } from '../../src/verify/revocation.ts';
import { judgeToken, NO_MATERIAL, openTimestampToken, type TokenStanding } from '../../src/verify/timestamp.ts';
import { parseX509, type X509 } from '../../src/verify/x509-chain.ts';
import {
  bool,
  type CrlOptions,
  GEN_TIME,
  type Issued,
  issue,
  makeCrl,
  makeOcsp,
  makeTimestampWorld,
  makeToken,
  octets,
  oid,
  PURPOSE,
  seq,
  tlv,
} from '../support/timestamp-world.ts';

const MESSAGE = encodeUtf8('a checkpoint');
const { root, intermediate, signer } = makeTimestampWorld();
const stranger = issue({ name: 'Test intermediate', ca: true });
const token = makeToken({ signer, message: MESSAGE, embedded: [signer, intermediate] });
const x509 = (certificate: Issued): X509 => parseX509(certificate.der) as X509;

const BEFORE = '2026-11-22T03:05:59Z';
const AT = GEN_TIME;
const AFTER = '2026-11-22T03:06:01Z';
const REASON = { unspecified: 0, keyCompromise: 1, cACompromise: 2, superseded: 4, cessationOfOperation: 5, hold: 6 };

async function judge(revocation: Uint8Array[], bytes = token, existedBy?: string): Promise<TokenStanding> {
  const opened = await openTimestampToken(bytes, MESSAGE, NO_MATERIAL);
  if (!opened.ok) throw new Error(opened.reason);
  const roots = [{ certificate: x509(root), independent: true }];
  return judgeToken(
    opened,
    { certificates: [], revocation },
    roots,
    existedBy === undefined ? undefined : Date.parse(existedBy),
  );
}

/** The refusal's reason, else what is known of revocation. */
async function verdict(...revocation: Uint8Array[]): Promise<string> {
  const judged = await judge(revocation);
  if (judged.standing === 'refused') return judged.reason;
  return judged.standing === 'trusted' ? judged.revocation.status : judged.standing;
}

const crl = (options: Partial<CrlOptions> = {}) => makeCrl({ issuer: intermediate, ...options });
const crlRevoking = (at: string, reason?: number, options: Partial<CrlOptions> = {}) =>
  crl({ revoked: [{ certificate: signer, at, ...(reason !== undefined && { reason }) }], ...options });
const rootCrl = (options: Partial<CrlOptions> = {}) => makeCrl({ issuer: root, ...options });
const ocsp = (options: Partial<Parameters<typeof makeOcsp>[0]> = {}) =>
  makeOcsp({ certificate: signer, issuer: intermediate, ...options });

describe('a token whose signer', () => {
  it('nobody says anything of was not checked for revocation, and stands', async () => {
    expect(await verdict()).to.equal('not-checked');
  });

  const cases: [what: string, data: () => Uint8Array[], verdict: string][] = [
    ['stands in no CRL, while the intermediate has none', () => [crl()], 'incomplete'],
    ['stands in no CRL, nor does the intermediate', () => [crl(), rootCrl()], 'good'],
    ['is good by OCSP, and the intermediate by CRL', () => [ocsp(), rootCrl()], 'good'],
    ['is good by OCSP with SHA-256 in its name', () => [ocsp({ hash: 'sha256' }), rootCrl()], 'good'],
    ['is good by a responder that names itself by its key', () => [ocsp({ byKey: true }), rootCrl()], 'good'],
    ['is good by OCSP for both', () => [ocsp(), makeOcsp({ certificate: intermediate, issuer: root })], 'good'],

    ['was revoked before genTime, by CRL', () => [crlRevoking(BEFORE, REASON.superseded)], 'signer-revoked'],
    [
      'was revoked before genTime, by OCSP',
      () => [ocsp({ status: { at: BEFORE, reason: REASON.superseded } })],
      'signer-revoked',
    ],
    ['was revoked at genTime', () => [crlRevoking(AT, REASON.superseded)], 'signer-revoked'],
    ['was superseded after genTime, by CRL', () => [crlRevoking(AFTER, REASON.superseded), rootCrl()], 'good'],
    [
      'ceased operation after genTime, by OCSP',
      () => [ocsp({ status: { at: AFTER, reason: REASON.cessationOfOperation } }), rootCrl()],
      'good',
    ],
    [
      'was revoked after genTime for a reason stated as unspecified',
      () => [crlRevoking(AFTER, REASON.unspecified), rootCrl()],
      'good',
    ],
    ['had its key stolen after genTime, by CRL', () => [crlRevoking(AFTER, REASON.keyCompromise)], 'signer-revoked'],
    [
      'had its key stolen after genTime, by OCSP',
      () => [ocsp({ status: { at: AFTER, reason: REASON.keyCompromise } })],
      'signer-revoked',
    ],
    ['was revoked after genTime without a reason', () => [crlRevoking(AFTER)], 'signer-revoked'],
    ['was revoked after genTime by OCSP without a reason', () => [ocsp({ status: { at: AFTER } })], 'signer-revoked'],
    ['was put on hold after genTime', () => [crlRevoking(AFTER, REASON.hold)], 'signer-revoked'],
    [
      'was superseded later, but invalid since before',
      () => [crl({ revoked: [{ certificate: signer, at: AFTER, reason: REASON.superseded, invalidSince: BEFORE }] })],
      'signer-revoked',
    ],
    [
      'is revoked by one source and good by another',
      () => [ocsp(), rootCrl(), crlRevoking(BEFORE, REASON.superseded)],
      'signer-revoked',
    ],
    [
      'stands revoked in a list of many',
      () => [
        crl({
          revoked: [
            ...[1, 2, 3].map(() => ({ certificate: issue({ name: 'x' }), at: BEFORE })),
            { certificate: signer, at: BEFORE },
          ],
        }),
      ],
      'signer-revoked',
    ],
    [
      'stands in a list that names others only',
      () => [crl({ revoked: [{ certificate: issue({ name: 'x' }), at: BEFORE }] }), rootCrl()],
      'good',
    ],

    [
      'comes below an intermediate revoked before',
      () => [crl(), rootCrl({ revoked: [{ certificate: intermediate, at: BEFORE, reason: REASON.superseded }] })],
      'issuer-revoked',
    ],
    [
      'comes below an intermediate whose key was stolen later',
      () => [rootCrl({ revoked: [{ certificate: intermediate, at: AFTER, reason: REASON.cACompromise }] })],
      'issuer-revoked',
    ],
    [
      'comes below an intermediate superseded later',
      () => [crl(), rootCrl({ revoked: [{ certificate: intermediate, at: AFTER, reason: REASON.superseded }] })],
      'good',
    ],

    [
      'is revoked by a CRL that a stranger signed',
      () => [crlRevoking(BEFORE, 1, { signedBy: stranger })],
      'not-checked',
    ],
    [
      'is revoked by a CRL of a stranger of the same name',
      () => [makeCrl({ issuer: stranger, revoked: [{ certificate: signer, at: BEFORE }] })],
      'not-checked',
    ],
    [
      'is revoked by a CRL that its own authority signed',
      () => [crlRevoking(BEFORE, 1, { signedBy: signer })],
      'not-checked',
    ],
    [
      'is revoked by a CRL of the root, which did not issue it',
      () => [rootCrl({ revoked: [{ certificate: signer, at: BEFORE }] })],
      'incomplete',
    ],
    ['is revoked by a CRL over SHA-1', () => [crlRevoking(BEFORE, 1, { digest: 'sha1' })], 'not-checked'],
    [
      'is revoked by a CRL with something behind it',
      () => [Uint8Array.from([...crlRevoking(BEFORE, 1), 0])],
      'not-checked',
    ],
    [
      'is good by an OCSP response that a stranger signed',
      () => [ocsp({ responder: issue({ name: 'r', issuer: stranger, purposes: [PURPOSE.ocsp] }) })],
      'not-checked',
    ],
    [
      'is revoked by a responder without authority',
      () => [ocsp({ status: { at: BEFORE }, responder: issue({ name: 'r', issuer: intermediate }) })],
      'not-checked',
    ],
    [
      'is revoked by a responder whose authority had expired',
      () => [
        ocsp({
          status: { at: BEFORE },
          responder: issue({
            name: 'r',
            issuer: intermediate,
            purposes: [PURPOSE.ocsp],
            notAfter: '2026-11-01T00:00:00Z',
          }),
        }),
      ],
      'not-checked',
    ],
    [
      'is revoked by an authorised responder',
      () => [
        ocsp({
          status: { at: BEFORE },
          responder: issue({ name: 'r', issuer: intermediate, purposes: [PURPOSE.ocsp] }),
        }),
      ],
      'signer-revoked',
    ],
    ['is unknown to OCSP', () => [ocsp({ status: 'unknown' })], 'not-checked'],
    ['got no answer from OCSP', () => [ocsp({ responseStatus: 3 })], 'not-checked'],
    [
      'is good by OCSP about another certificate',
      () => [ocsp({ certificate: issue({ name: 'x', issuer: intermediate }) })],
      'not-checked',
    ],
    ['comes with garbage', () => [encodeUtf8('not a CRL'), new Uint8Array(0)], 'not-checked'],

    [
      'stands in no CRL that was out of date',
      () => [crl({ thisUpdate: '2026-11-01T00:00:00Z', nextUpdate: '2026-11-08T00:00:00Z' }), rootCrl()],
      'incomplete',
    ],
    [
      'stands in no CRL of the week before that still held',
      () => [crl({ thisUpdate: '2026-11-20T00:00:00Z', nextUpdate: '2026-11-27T00:00:00Z' }), rootCrl()],
      'good',
    ],
    [
      'stands in no CRL from after its own end',
      () => [crl({ thisUpdate: '2027-01-02T00:00:00Z', nextUpdate: '2027-01-09T00:00:00Z' }), rootCrl()],
      'incomplete',
    ],
    [
      'is revoked by a CRL that was out of date',
      () => [
        crlRevoking('2026-10-30T00:00:00Z', 1, {
          thisUpdate: '2026-11-01T00:00:00Z',
          nextUpdate: '2026-11-08T00:00:00Z',
        }),
      ],
      'signer-revoked',
    ],
    [
      'is good by OCSP that was out of date',
      () => [ocsp({ thisUpdate: '2026-11-01T00:00:00Z', nextUpdate: '2026-11-02T00:00:00Z' }), rootCrl()],
      'incomplete',
    ],

    [
      'stands in no delta CRL',
      () => [crl({ extensions: [seq(oid('2.5.29.27'), bool(true), octets(tlv(0x02, Buffer.from([1]))))] })],
      'not-checked',
    ],
    [
      'stands in no CRL for authorities only',
      () => [crl({ extensions: [distributionPoint(tlv(0x82, Buffer.from([0xff])))] })],
      'not-checked',
    ],
    [
      'stands in no CRL for users only',
      () => [crl({ extensions: [distributionPoint(tlv(0x81, Buffer.from([0xff])))] }), rootCrl()],
      'good',
    ],
    [
      'stands in no CRL of some reasons only',
      () => [crl({ extensions: [distributionPoint(tlv(0x83, Buffer.from([6, 0x40])))] })],
      'not-checked',
    ],
    [
      'stands in no CRL with an unknown critical extension',
      () => [crl({ extensions: [seq(oid('1.2.3.4'), bool(true), octets(tlv(0x05)))] })],
      'not-checked',
    ],
  ];
  for (const [what, data, expected] of cases) {
    it(`${what}: ${expected}`, async () => {
      expect(await verdict(...data())).to.equal(expected);
    });
  }

  it('is revoked by a CRL inside the token', async () => {
    const bytes = makeToken({
      signer,
      message: MESSAGE,
      embedded: [signer, intermediate],
      crls: [crlRevoking(BEFORE, 1)],
    });
    expect(await judge([], bytes)).to.deep.equal({
      standing: 'refused',
      reason: 'signer-revoked',
      revokedUnixMs: Date.parse(BEFORE),
    });
  });

  it('had its key stolen later, but after another proof that the token existed', async () => {
    const stolen = [crlRevoking(AFTER, REASON.keyCompromise), rootCrl()];
    expect((await judge(stolen, token, GEN_TIME)).standing).to.equal('trusted');
    expect((await judge(stolen, token, AFTER)).standing).to.equal('refused');
    expect((await judge([crlRevoking(BEFORE, REASON.keyCompromise)], token, GEN_TIME)).standing).to.equal('refused');
  });

  it('may not sign CRLs with an intermediate that may not', async () => {
    const mute = issue({ name: 'Mute', issuer: root, ca: true, keyUsage: 0x04 });
    const below = issue({ name: 'Below', issuer: mute });
    const standing = await judgeRevocation(
      [x509(below), x509(mute), x509(root)],
      [makeCrl({ issuer: mute, revoked: [{ certificate: below, at: BEFORE }] })],
      Date.parse(GEN_TIME),
      'later-compromise-voids',
    );
    expect(standing).to.deep.equal({ status: 'not-checked' });
  });

  it('is known to be good as of the older of the two answers', async () => {
    const judged = await judge([
      crl({ thisUpdate: '2026-11-23T00:00:00Z' }),
      rootCrl({ thisUpdate: '2026-11-22T04:00:00Z' }),
    ]);
    expect(judged).to.deep.include({
      standing: 'trusted',
      revocation: { status: 'good', asOfUnixMs: Date.parse('2026-11-22T04:00:00Z') },
    });
  });
});

describe('judgeRevocation at a time that is itself proved', () => {
  const path = [signer, intermediate, root].map(x509);
  const judgeAt = (data: Uint8Array[]) => judgeRevocation(path, data, Date.parse(GEN_TIME), 'only-earlier');

  it('lets a signature stand whose key was stolen later', async () => {
    expect((await judgeAt([crlRevoking(AFTER, REASON.keyCompromise), rootCrl()])).status).to.equal('good');
  });

  it('lets none stand whose key was revoked before', async () => {
    expect((await judgeAt([crlRevoking(BEFORE, REASON.keyCompromise)])).status).to.equal('revoked');
  });
});

function distributionPoint(part: Uint8Array): Buffer {
  return seq(oid('2.5.29.28'), bool(true), octets(seq(part)));
}
