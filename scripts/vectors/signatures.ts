import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { SignatureAnnex } from '../../src/format/annex-signature.ts';
import { encodeBase64, encodeBase64Url, encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import type { Receipt } from '../../src/format/receipt.ts';
import type { Claim, Collection } from './collection.ts';
import { DEPOSIT_ID, encode, fixed, type VectorWorld } from './world.ts';

type Signed = SignatureAnnex['signed'];

interface Assertion {
  client?: object;
  flags?: number;
  /** Bytes of the authenticator data that are left. */
  length?: number;
}

/** Receipts of deposits that the depositor signed. They prove no time, so none ends in exit code 0. */
export async function addSignatures(to: Collection, world: VectorWorld): Promise<void> {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed25519 = generateKeyPairSync('ed25519');
  const signedBy = (signed: (toSign: Uint8Array) => Signed) => receiptOf(world, signed);
  const passkey = (key: typeof p256, assertion: Assertion = {}) =>
    signedBy((toSign) => assertionOf(key, toSign, assertion));
  const add = async (name: string, receipt: Receipt, outcome: string, catches: string) => {
    const failed = outcome.startsWith('failed');
    const claim: Claim = {
      kind: 'receipt',
      good: name.startsWith('good/'),
      policy: 'policies/office.json',
      files: ['files/1.txt', 'files/2.png'],
      exit: failed ? 1 : 2,
      decides: { 'annex.signature': outcome },
      catches,
    };
    await to.add(`receipts/${name}.json`, encode(await world.seal(receipt)), claim);
  };

  const good = await passkey(p256);
  await add('good/signed-with-p256', good, 'passed', 'A passkey on P-256 signed files and statement.');
  await add('good/signed-with-ed25519', await passkey(ed25519), 'passed', 'A passkey of Ed25519 signed them.');
  await add(
    'good/signed-with-more-client-data',
    await passkey(p256, {
      client: { other_keys_can_be_added_here: 'do not compare clientDataJSON against a template' },
    }),
    'passed',
    'Members of the client data that nobody knows are passed over.',
  );
  const annex = good.annexes.signature as SignatureAnnex;
  await add(
    'good/signature-closed',
    { ...good, annexes: without(good.annexes) },
    'not-checked closed',
    'The record commits to a signature that is not opened.',
  );
  const signer = world.sealSigner;
  await add(
    'good/signed-with-x509',
    await signedBy((toSign) => ({
      method: 'x509',
      algorithm: 'ES256',
      chain: [encodeBase64(signer.der)],
      signature: encodeBase64(new Uint8Array(sign('sha256', toSign, signer.key))),
    })),
    'not-checked untrusted-key',
    'A valid signature of somebody for whom no policy names who vouches.',
  );
  await add(
    'good/signed-with-sm2',
    await signedBy(() => ({
      method: 'sm2',
      chain: [encodeBase64(signer.der)],
      signerId: '1234567812345678',
      signature: encodeBase64(fixed('sm2')),
    })),
    'not-checked unsupported',
    'SM2 is not verified yet.',
  );

  const unsigned = await receiptOf(world);
  await add(
    'bad/signature-not-committed-to',
    { ...unsigned, annexes: { ...unsigned.annexes, signature: annex } },
    'failed signature-not-committed-to',
    'A signature was put beside a record that commits to none.',
  );
  await add(
    'bad/signature-of-another-commitment',
    { ...good, annexes: { ...good.annexes, signature: { ...annex, salt: encodeHex(fixed('other')) } } },
    'failed commitment-mismatch',
    'The annex is not the one that the record commits to.',
  );
  await add(
    'bad/signature-not-an-assertion',
    await passkey(p256, { client: { type: 'webauthn.create' } }),
    'failed not-an-assertion',
    'The client data are those of a registration.',
  );
  await add(
    'bad/signature-of-something-else',
    await passkey(p256, { client: { challenge: encodeBase64Url(fixed('other')) } }),
    'failed signed-something-else',
    'The challenge is not that of these files and this statement.',
  );
  await add(
    'bad/signature-with-nobody-present',
    await passkey(p256, { flags: 0x04 }),
    'failed nobody-was-present',
    'The authenticator does not say that anybody was there.',
  );
  await add(
    'bad/signature-authenticator-data-cut-off',
    await passkey(p256, { length: 36 }),
    'failed authenticator-data-malformed',
    'One byte short of digest, flags and counter.',
  );
  await add(
    'bad/signature-client-data-not-json',
    await signedBy((toSign) => ({
      ...assertionOf(p256, toSign, {}),
      clientDataJson: encodeBase64(encodeUtf8('no json')),
    })),
    'failed not-json',
    'Client data that nobody can read.',
  );
  for (const [name, key] of [
    ['p256', p256],
    ['ed25519', ed25519],
  ] as const) {
    await add(
      `bad/signature-of-another-key-${name}`,
      await signedBy((toSign) => {
        const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return { ...assertionOf(other, toSign, {}), publicKey: spkiOf(key) };
      }),
      'failed signature-invalid',
      'The key in the annex did not sign.',
    );
  }
}

function assertionOf(
  key: ReturnType<typeof generateKeyPairSync>,
  toSign: Uint8Array,
  { client = {}, flags = 0x05, length = 37 }: Assertion,
): Extract<Signed, { method: 'passkey' }> {
  const rpIdHash = sha256(encodeUtf8('tiezheng.example.org'));
  const authenticatorData = Buffer.concat([rpIdHash, Uint8Array.of(flags), new Uint8Array(4)]).subarray(0, length);
  const clientData = encodeUtf8(
    JSON.stringify({
      type: 'webauthn.get',
      challenge: encodeBase64Url(toSign),
      origin: 'https://tiezheng.example.org',
      crossOrigin: false,
      ...client,
    }),
  );
  const privateKey = key.privateKey as unknown as KeyObject;
  const digest = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return {
    method: 'passkey',
    publicKey: spkiOf(key),
    authenticatorData: encodeBase64(new Uint8Array(authenticatorData)),
    clientDataJson: encodeBase64(clientData),
    signature: encodeBase64(
      new Uint8Array(sign(digest, Buffer.concat([authenticatorData, sha256(clientData)]), privateKey)),
    ),
  };
}

function spkiOf(key: ReturnType<typeof generateKeyPairSync>): string {
  const publicKey = key.publicKey as unknown as KeyObject;
  return encodeBase64(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
}

/** @param signed what the depositor signs with; nothing if left out */
async function receiptOf(world: VectorWorld, signed?: (toSign: Uint8Array) => Signed): Promise<Receipt> {
  const annexOf = (toSign: Uint8Array): SignatureAnnex => ({
    type: 'tiezheng/annex/signature/v1',
    depositId: DEPOSIT_ID,
    signed: (signed as (toSign: Uint8Array) => Signed)(toSign),
    salt: encodeHex(fixed('salt of the signature')),
  });
  // Without an anchor: a block more would change the policy of every other vector.
  const certificate = await world.unsealed({ anchors: [], ...(signed && { signature: annexOf }) });
  const [publication] = certificate.publications as [Certificate['publications'][0]];
  return {
    type: 'tiezheng/receipt/v1',
    evaluation: false,
    record: certificate.record,
    files: certificate.files.map(({ entry, name }) => ({ entry, name: name as NonNullable<typeof name> })),
    annexes: certificate.annexes as Receipt['annexes'],
    leafIndex: certificate.log.leafIndex,
    inclusionProof: publication.inclusionProof,
    checkpoint: publication.checkpoint,
    publishBy: '2026-11-23T03:04:05.678Z',
    seals: [],
  };
}

function without({ depositor, statement }: Receipt['annexes']): Receipt['annexes'] {
  return { depositor, statement };
}
