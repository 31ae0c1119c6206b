import { expect } from 'chai';
import { assembleCertificate } from '../../src/certificate/assemble.ts';
import { parseUtf8 } from '../../src/format/bytes.ts';
import { type Certificate, certificateSchema } from '../../src/format/certificate.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { checkFields } from '../../src/format/fields.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import type { KeyRotation, ProvedRotation } from '../../src/format/log-event.ts';
import { depositLeafData, plainLeafData } from '../../src/format/spine.ts';
import { CheckpointSigner, signTogether } from '../../src/log/checkpoint-signer.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { inclusionProof, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import {
  depositEvidence,
  evmAttestation,
  fixtureDeposit,
  fixtureLeaves,
  LOG_KEY,
  ORIGIN,
  PLATFORM,
  readNodeOver,
} from '../certificate/evidence-fixture.ts';
import { trusting } from '../support/trust-policy.ts';

const OLD = new CheckpointSigner(ORIGIN, LOG_KEY);
const NEW = new CheckpointSigner(ORIGIN, new Uint8Array(32).fill(8));
const STRANGER = new CheckpointSigner(ORIGIN, new Uint8Array(32).fill(9));
const ROTATION_INDEX = 44;
const DEPOSIT_INDEX = 41;

const RECORD: KeyRotation = {
  type: 'tiezheng/log-event/v1',
  event: 'key-rotation',
  newKey: NEW.vkey,
  effectiveFrom: '2026-11-22T03:04:06.000Z',
  salt: '07'.repeat(32),
};
const LEAVES = fixtureLeaves(
  new Map<number, Uint8Array>([
    [DEPOSIT_INDEX, fixtureDeposit().leafData],
    [ROTATION_INDEX, plainLeafData(RECORD)],
  ]),
);

/** The checkpoint over the first `size` leaves by these keys. */
function noteOf(size: number, ...signers: CheckpointSigner[]): string {
  const rootHash = rootFromLeafHashes(LEAVES.slice(0, size).map(leafHash));
  return parseUtf8(signTogether(signers, { treeSize: BigInt(size), rootHash }));
}

async function proofOf(index: number, size: number): Promise<string[]> {
  const hashes = await inclusionProof(BigInt(index), BigInt(size), readNodeOver(LEAVES.slice(0, size)));
  return hashes.map((hash) => Buffer.from(hash).toString('hex'));
}

async function provedRotation(...signers: CheckpointSigner[]): Promise<ProvedRotation> {
  return {
    record: RECORD,
    leafIndex: ROTATION_INDEX,
    inclusionProof: await proofOf(ROTATION_INDEX, ROTATION_INDEX + 1),
    checkpoint: noteOf(ROTATION_INDEX + 1, ...signers),
  };
}

/** Published in the tree of all 57 leaves. */
async function certificate(signer: CheckpointSigner, rotations: ProvedRotation[] | undefined): Promise<Certificate> {
  const evidence = await depositEvidence();
  const note = noteOf(LEAVES.length, signer);
  const { treeSize, rootHash } = parseCheckpoint(Buffer.from(note));
  const assembled = await assembleCertificate(
    {
      ...evidence,
      keys: [OLD.vkey, NEW.vkey],
      publications: [
        {
          checkpoint: Buffer.from(note),
          inclusionProof: await inclusionProof(BigInt(DEPOSIT_INDEX), treeSize, readNodeOver(LEAVES)),
          cosignatures: [],
          attestations: [await evmAttestation(treeSize, rootHash, { number: 1_236n, unixSeconds: 1_795_316_670n })],
        },
      ],
      ...(rotations && { rotations }),
    },
    { certificateNo: 'TZ-20261122-4K7Q2M9X', issuedAtMs: 0, evaluation: true, platform: PLATFORM },
  );
  return checkFields(certificateSchema, assembled);
}

/** What `log.signature` comes to for a reader whose policy names these keys of the log. */
async function signatureUnder(subject: Certificate, ...keys: string[]): Promise<string> {
  const logs = [{ origin: ORIGIN, keys, leaf0: '00'.repeat(32), contracts: [] }];
  const trust = trusting({ evaluation: true, logs });
  const report = await verifyCertificate(encodeJson(subject as unknown as JsonValue), [], trust);
  expect(report.since.find(({ name }) => name === 'log.inclusion')?.status).to.equal('passed');
  const check = report.since.find(({ name }) => name === 'log.signature');
  if (check?.status === 'failed') return check.reason;
  return check?.status === 'not-checked' ? check.because : (check?.status ?? 'none');
}

describe('a certificate of a log whose key was rotated', () => {
  it('has the deposit of the fixture in the tree', () => {
    expect(Buffer.from(depositLeafData(fixtureDeposit().record))).to.deep.equal(
      Buffer.from(LEAVES[DEPOSIT_INDEX] as Uint8Array),
    );
  });

  it('passes under a policy that names only the old key, through the checkpoint that both signed', async () => {
    const subject = await certificate(NEW, [await provedRotation(OLD, NEW)]);
    expect(await signatureUnder(subject, OLD.vkey)).to.equal('passed');
    expect(await signatureUnder(subject, NEW.vkey)).to.equal('passed');
    expect(await signatureUnder(subject, OLD.vkey, NEW.vkey)).to.equal('passed');
    expect(await signatureUnder(subject, STRANGER.vkey)).to.equal('untrusted-key');
  });

  it('issued before the rotation passes under the old key, and under a policy that lists both', async () => {
    const subject = await certificate(OLD, undefined);
    expect(await signatureUnder(subject, OLD.vkey)).to.equal('passed');
    expect(await signatureUnder(subject, OLD.vkey, NEW.vkey)).to.equal('passed');
    expect(await signatureUnder(subject, NEW.vkey)).to.equal('untrusted-key');
  });

  it('does not pass under the old key when it does not bring the rotation along', async () => {
    expect(await signatureUnder(await certificate(NEW, undefined), OLD.vkey)).to.equal('untrusted-key');
  });

  const forged: [string, () => Promise<ProvedRotation>][] = [
    ['signed by the new key only', () => provedRotation(NEW)],
    ['signed by the old key only', () => provedRotation(OLD)],
    ['signed by the new key and a stranger', () => provedRotation(STRANGER, NEW)],
    [
      'whose record is not in the tree',
      async () => ({ ...(await provedRotation(OLD, NEW)), record: { ...RECORD, salt: '08'.repeat(32) } }),
    ],
    [
      'to another key than the one in the tree',
      async () => ({ ...(await provedRotation(OLD, STRANGER)), record: { ...RECORD, newKey: STRANGER.vkey } }),
    ],
    ['at another place', async () => ({ ...(await provedRotation(OLD, NEW)), leafIndex: ROTATION_INDEX - 1 })],
    [
      'in a later tree than the one that ends with it',
      async () => ({
        ...(await provedRotation(OLD, NEW)),
        inclusionProof: await proofOf(ROTATION_INDEX, ROTATION_INDEX + 2),
        checkpoint: noteOf(ROTATION_INDEX + 2, OLD, NEW),
      }),
    ],
    [
      'to a key of another log',
      async () => ({
        ...(await provedRotation(OLD, NEW)),
        record: { ...RECORD, newKey: new CheckpointSigner('log.example.org/other', new Uint8Array(32).fill(8)).vkey },
      }),
    ],
  ];
  for (const [what, forge] of forged) {
    it(`a rotation ${what} vouches for nothing`, async () => {
      expect(await signatureUnder(await certificate(NEW, [await forge()]), OLD.vkey)).to.equal('untrusted-key');
    });
  }

  it('fails when the key that was replaced signs a later tree', async () => {
    const subject = await certificate(OLD, [await provedRotation(OLD, NEW)]);
    expect(await signatureUnder(subject, OLD.vkey)).to.equal('signed-by-retired-key');
    expect(await signatureUnder(subject, OLD.vkey, NEW.vkey)).to.equal('signed-by-retired-key');
  });
});
