import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { expect } from 'chai';
import { bytesToSign, type SignatureAnnex } from '../../src/format/annex-signature.ts';
import { encodeBase64, encodeBase64Url, encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import type { DepositRecord } from '../../src/format/deposit.ts';
import type { Check } from '../../src/format/report.ts';
import { checkSignatureAnnex } from '../../src/verify/annex-signature.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyReceipt } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';

type Passkey = Extract<SignatureAnnex['signed'], { method: 'passkey' }>;

describe('annex.signature', () => {
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld();
  });

  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = encodeBase64(key.publicKey.export({ type: 'spki', format: 'der' }));
  const record = () => world.receipt.record;
  const toSign = () => bytesToSign(record().files.root, record().annexes.statement);

  /** As an authenticator answers (WebAuthn §7.2), but for what `more` changes before the signature. */
  function assertion(more: { client?: object; flags?: number } = {}): Passkey {
    const flags = Uint8Array.of(more.flags ?? 0x05);
    const rpIdHash = sha256(encodeUtf8('tiezheng.example.org'));
    const authenticatorData = Buffer.concat([rpIdHash, flags, new Uint8Array(4)]);
    const clientData = encodeUtf8(
      JSON.stringify({
        type: 'webauthn.get',
        challenge: encodeBase64Url(toSign()),
        origin: 'https://tiezheng.example.org',
        crossOrigin: false,
        ...more.client,
      }),
    );
    const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), key.privateKey);
    return {
      method: 'passkey',
      publicKey,
      authenticatorData: encodeBase64(authenticatorData),
      clientDataJson: encodeBase64(clientData),
      signature: encodeBase64(signature),
    };
  }

  function committed(signed: SignatureAnnex['signed']): { annex: SignatureAnnex; record: DepositRecord } {
    const salt = randomBytes(32).toString('hex');
    const annex = { type: 'tiezheng/annex/signature/v1' as const, depositId: record().depositId, signed, salt };
    return { annex, record: { ...record(), annexes: { ...record().annexes, signature: encodeHex(commit(annex)) } } };
  }
  const check = (signed: SignatureAnnex['signed']): Promise<Check> => {
    const made = committed(signed);
    return checkSignatureAnnex(made.record, made.annex);
  };

  it('passes for an assertion over these files and this statement, and tells key, origin and presence', async () => {
    const found = await check(assertion());
    expect(found.status).to.equal('passed');
    expect(found.facts).to.include({
      method: 'passkey',
      origin: 'https://tiezheng.example.org',
      userVerified: 'yes',
      key: encodeHex(sha256(Buffer.from(publicKey, 'base64'))),
      rpIdHash: encodeHex(sha256(encodeUtf8('tiezheng.example.org'))),
    });
  });

  it('passes for an Ed25519 key, and fails for another one or a signature that is none', async () => {
    const pair = generateKeyPairSync('ed25519');
    const spki = (of: typeof pair) => encodeBase64(of.publicKey.export({ type: 'spki', format: 'der' }));
    const { authenticatorData, clientDataJson } = assertion();
    const message = Buffer.concat([
      Buffer.from(authenticatorData, 'base64'),
      sha256(Buffer.from(clientDataJson, 'base64')),
    ]);
    const signature = encodeBase64(sign(null, message, pair.privateKey));
    const signed = { ...assertion(), publicKey: spki(pair), authenticatorData, clientDataJson, signature };
    expect((await check(signed)).status).to.equal('passed');
    const wrong = [
      { ...signed, publicKey: spki(generateKeyPairSync('ed25519')) },
      { ...signed, signature: encodeBase64(new Uint8Array(10)) },
      { ...signed, publicKey: encodeBase64(Buffer.from(spki(pair), 'base64').subarray(0, 20)) },
    ];
    for (const each of wrong) expect(await check(each)).to.include({ status: 'failed', reason: 'signature-invalid' });
  });

  it('tells when the user was not verified, and when the page was in another one', async () => {
    expect((await check(assertion({ flags: 0x01 }))).facts.userVerified).to.equal('no');
    expect((await check(assertion({ client: { crossOrigin: true } }))).facts.crossOrigin).to.equal('yes');
  });

  const wrong: [string, () => Passkey, string][] = [
    [
      'a challenge of other files',
      () => assertion({ client: { challenge: encodeBase64Url(randomBytes(32)) } }),
      'signed-something-else',
    ],
    ['a registration', () => assertion({ client: { type: 'webauthn.create' } }), 'not-an-assertion'],
    ['nobody present', () => assertion({ flags: 0x00 }), 'nobody-was-present'],
    ['another key', () => ({ ...assertion(), publicKey: otherKey() }), 'signature-invalid'],
    ['a key that is none', () => ({ ...assertion(), publicKey: encodeBase64(Uint8Array.of(1)) }), 'signature-invalid'],
    [
      'data of an authenticator cut short',
      () => ({ ...assertion(), authenticatorData: encodeBase64(new Uint8Array(36)) }),
      'authenticator-data-malformed',
    ],
    [
      'client data that is no JSON',
      () => ({ ...assertion(), clientDataJson: encodeBase64(Uint8Array.of(0x7b)) }),
      'not-json',
    ],
    [
      'client data changed after signing',
      () => ({ ...assertion(), clientDataJson: assertion({ client: { origin: 'https://x' } }).clientDataJson }),
      'signature-invalid',
    ],
  ];
  for (const [what, make, reason] of wrong) {
    it(`fails for ${what}`, async () => {
      expect(await check(make())).to.include({ status: 'failed', reason });
    });
  }

  it('fails for an annex that the record does not commit to, or commits to otherwise', async () => {
    const { annex, record: signed } = committed(assertion());
    expect(await checkSignatureAnnex(record(), annex)).to.include({
      status: 'failed',
      reason: 'signature-not-committed-to',
    });
    const other = { ...annex, salt: '00'.repeat(32) };
    expect(await checkSignatureAnnex(signed, other)).to.include({ status: 'failed', reason: 'commitment-mismatch' });
  });

  it('is absent, or closed, where there is none to look at', async () => {
    expect(await checkSignatureAnnex(record(), undefined)).to.include({ status: 'not-checked', because: 'absent' });
    const { record: signed } = committed(assertion());
    expect(await checkSignatureAnnex(signed, undefined)).to.include({ status: 'not-checked', because: 'closed' });
  });

  it('names SM2 as what it cannot verify', async () => {
    const chain = [encodeBase64(world.sealer.certificateChain[0]!)];
    const found = await check({
      method: 'sm2',
      chain,
      signerId: '1234567812345678',
      signature: encodeBase64(new Uint8Array(70)),
    });
    expect(found).to.include({ status: 'not-checked', because: 'unsupported' });
    expect(found.facts.algorithm).to.equal('SM2');
  });

  it('verifies a signature by X.509 and leaves open whose it is', async () => {
    const chain = [encodeBase64(world.sealer.certificateChain[0]!)];
    const made = (bytes: Uint8Array) => encodeBase64(sign('sha256', bytes, world.sealingKey.privateKey));
    const good = await check({ method: 'x509', algorithm: 'ES256', chain, signature: made(toSign()) });
    expect(good).to.include({ status: 'not-checked', because: 'untrusted-key' });
    const bad = await check({ method: 'x509', algorithm: 'ES256', chain, signature: made(randomBytes(32)) });
    expect(bad).to.include({ status: 'failed', reason: 'signature-invalid' });
  });

  it('stands in the report of a receipt that carries it', async () => {
    const { annex, record: signed } = committed(assertion());
    const receipt = await world.reseal({
      ...world.receipt,
      record: signed,
      annexes: { ...world.receipt.annexes, signature: annex },
    });
    const { since } = await verifyReceipt(encodeObject(receipt), [], openTrust(undefined, [], undefined));
    expect(since.find(({ name }) => name === 'annex.signature')?.status).to.equal('passed');
  });
});

function otherKey(): string {
  return encodeBase64(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }),
  );
}
