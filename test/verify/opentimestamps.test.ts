import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { encodeBase64, encodeHex } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import {
  chainOf,
  encodeDetachedTimestamp,
  mergeTimestamps,
  type Operation,
  type TimeAttestation,
  type Timestamp,
} from '../../src/format/opentimestamps.ts';
import type { Policy } from '../../src/format/policy.ts';
import type { Check, Report } from '../../src/format/report.ts';
import { BITCOIN_ACCURACY_MS, checkOpentimestamps } from '../../src/verify/opentimestamps.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { mineHeader, StandInBitcoin } from '../support/bitcoin-chain.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const DIGEST = sha256(Buffer.from('root'));
const SHA256: Operation = { kind: 'sha256' };
const end = (attestation: TimeAttestation): Timestamp => ({ branches: [{ attestation }] });
const bitcoinAt = (height: number) => end({ kind: 'bitcoin', height });
const pendingAt = (uri: string) => end({ kind: 'pending', uri });
const proofOf = (...timestamps: Timestamp[]) =>
  encodeDetachedTimestamp({ digest: DIGEST, timestamp: mergeTimestamps(timestamps) });
const TIME = 1_790_000_000;

describe('checkOpentimestamps', () => {
  const bitcoin = new StandInBitcoin();
  bitcoin.mine(new Uint8Array(randomBytes(32)), TIME - 600);
  const height = bitcoin.mine(sha256(DIGEST), TIME);
  const later = bitcoin.mine(sha256(sha256(DIGEST)), TIME + 600);
  const right = chainOf([SHA256], bitcoinAt(height));
  const trust = openTrust(undefined, [], undefined, bitcoin.headers());
  const check = (proof: Uint8Array, reader = trust) => checkOpentimestamps(proof, DIGEST, 'here', reader);

  it('passes when the block’s header is known, gives its time, and adds what miners may be off', () => {
    const { check: found, time } = check(proofOf(right));
    expect(found).to.deep.include({ name: 'opentimestamps', about: 'here', status: 'passed' });
    expect(found.facts).to.include({ height: String(height), blockTime: '2026-09-21T14:13:20.000Z' });
    expect(time).to.include({ unixMs: TIME * 1000 + BITCOIN_ACCURACY_MS, operator: 'Bitcoin', independent: false });
    expect(time?.source).to.equal(`Bitcoin block ${height} ${found.facts.blockHash}`);
  });

  it('takes the earliest of several blocks', () => {
    const both = proofOf(right, chainOf([SHA256, SHA256], bitcoinAt(later)));
    expect(check(both).time?.unixMs).to.equal(TIME * 1000 + BITCOIN_ACCURACY_MS);
  });

  it('is not checked when the header is not known, and names what to look up', () => {
    const { check: found, time } = check(proofOf(right), openTrust(undefined, [], undefined));
    const merkleRoot = encodeHex(sha256(DIGEST).reverse());
    expect(found).to.deep.include({ status: 'not-checked', because: 'offline' });
    expect(found.facts).to.deep.equal({ height: String(height), merkleRoot });
    expect(time).to.equal(undefined);
  });

  it('knows no block by a header without work', () => {
    const idle = mineHeader(new Uint8Array(32), sha256(DIGEST), TIME, 0x1d00ffff).toString('hex');
    const reader = openTrust(undefined, [], undefined, [{ height, header: idle }]);
    expect(check(proofOf(right), reader).check).to.deep.include({ status: 'not-checked', because: 'offline' });
  });

  it('fails when the block has another Merkle root', () => {
    for (const wrong of [
      bitcoinAt(height),
      chainOf([SHA256], bitcoinAt(later)),
      chainOf([{ kind: 'append', argument: DIGEST }], bitcoinAt(99)),
    ]) {
      const { check: found } = check(proofOf(wrong));
      expect(found).to.deep.include({ status: 'failed', reason: 'merkle-root-mismatch' });
    }
  });

  it('stands by the branch that stands, and names the heights that contradict', () => {
    const { check: found } = check(proofOf(right, bitcoinAt(later)));
    expect(found.status).to.equal('passed');
    expect(found.facts.contradictedHeights).to.equal(String(later));
  });

  it('is pending while there are promises alone, and names the calendars', () => {
    const { check: found } = check(proofOf(pendingAt('https://b.example'), pendingAt('https://a.example')));
    expect(found).to.deep.include({
      status: 'pending',
      until: 'a Bitcoin block by https://a.example, https://b.example',
    });
    expect(found.facts).to.deep.equal({ calendars: 'https://a.example, https://b.example' });
    const long = check(proofOf(pendingAt(`https://${'a'.repeat(900)}.example`))).check;
    expect((long as { until: string }).until).to.have.length(200);
  });

  it('cannot check other chains, nor what lies behind operations that it does not compute', () => {
    for (const timestamp of [
      end({ kind: 'litecoin', height: 1 }),
      end({ kind: 'unknown', tag: new Uint8Array(8), payload: new Uint8Array(0) }),
      chainOf([{ kind: 'ripemd160' }], bitcoinAt(height)),
    ]) {
      expect(check(proofOf(timestamp)).check).to.deep.include({ status: 'not-checked', because: 'unsupported' });
    }
  });

  it('fails for another digest, and for what is no proof', () => {
    const other = checkOpentimestamps(proofOf(right), sha256(DIGEST), null, trust).check;
    expect(other).to.deep.include({ status: 'failed', reason: 'proof-of-another-digest' });
    const cut = check(proofOf(right).slice(0, -1)).check;
    expect(cut).to.deep.include({ status: 'failed', reason: 'proof-malformed' });
  });
});

describe('a certificate with an OpenTimestamps proof', () => {
  let world: EvidenceWorld;
  let root: Uint8Array;
  const bitcoin = new StandInBitcoin();
  before(async () => {
    world = await makeWorld();
    root = parseCheckpoint(Buffer.from(world.certificate.publications[0]?.checkpoint as string)).rootHash;
  });

  const stamped = async (timestamp: Timestamp): Promise<Certificate> => {
    const proof = encodeBase64(encodeDetachedTimestamp({ digest: root, timestamp }));
    const [publication] = world.certificate.publications as [Certificate['publications'][number]];
    const attestations = [...publication.attestations, { type: 'opentimestamps' as const, proof }];
    return world.reseal({ ...world.certificate, publications: [{ ...publication, attestations }] });
  };
  const verify = (certificate: Certificate, changed: Partial<Policy>): Promise<Report> => {
    const policy = { ...world.policy, ...changed };
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    return verifyCertificate(encodeObject(certificate), files, openTrust(encodeObject(policy), [], undefined));
  };
  const found = (report: Report) => report.since.find(({ name }) => name === 'opentimestamps') as Check;

  it('counts Bitcoin as a time of its own, independent if the policy says so', async () => {
    const at = Date.parse(world.certificate.record.receivedAt) / 1000;
    const certificate = await stamped(chainOf([SHA256], bitcoinAt(bitcoin.mine(sha256(root), Math.floor(at) + 60))));
    for (const independent of [true, false]) {
      const report = await verify(certificate, {
        bitcoin: { independent, headers: bitcoin.headers() },
        independentTimesRequired: independent ? 2 : 1,
      });
      expect(found(report).status).to.equal('passed');
      expect(report.conclusion).to.equal('required-passed');
      const counted = report.since.find(({ name }) => name === 'time.independent')?.facts.found;
      expect(counted).to.equal(independent ? '2' : '1');
    }
  });

  it('turns no other check by being pending, unknown or wrong', async () => {
    const bare = await verify(world.certificate, {});
    const others = (report: Report) =>
      report.since
        .filter(({ name }) => !['opentimestamps', 'seal', 'certificate.canonical'].includes(name))
        .map(({ name, status }) => [name, status]);
    for (const [timestamp, status] of [
      [pendingAt('https://a.example'), 'pending'],
      [chainOf([SHA256], bitcoinAt(70_000)), 'not-checked'],
      [bitcoinAt(bitcoin.mine(new Uint8Array(32), TIME)), 'failed'],
    ] as const) {
      const report = await verify(await stamped(timestamp), {
        bitcoin: { independent: true, headers: bitcoin.headers() },
      });
      expect(found(report).status).to.equal(status);
      expect(others(report)).to.deep.equal(others(bare));
      expect(report.conclusion).to.equal(status === 'failed' ? 'failed' : 'required-passed');
    }
  });
});
