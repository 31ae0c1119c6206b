import { expect } from 'chai';
import type { Report } from '../../src/format/report.ts';
import { exitCodeOf, parseReport } from '../../src/format/report.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate, verifyReceipt } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

const presented = (world: EvidenceWorld) =>
  world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
const trustOf = (world: EvidenceWorld, blocks: string[] = []) =>
  openTrust(encodeObject(world.policy), blocks, undefined);
const statusOf = (report: Report, name: string) =>
  report.since.filter((c) => c.name === name).map((c) => (c.status === 'not-checked' ? c.because : c.status));

describe('verifyCertificate', () => {
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld();
  });

  it('passes everything the policy requires for an untouched certificate and its files', async () => {
    const report = await verifyCertificate(encodeObject(world.certificate), presented(world), trustOf(world));
    expect(report.unmet).to.deep.equal([]);
    expect(exitCodeOf(report)).to.equal(0);
    expect(report.times).to.deep.include({ received: '2026-11-22T03:04:05.678Z', unprovedMinutes: 5 });
    expect(report.times.notAfter).to.deep.include({ at: '2026-11-22T03:09:05.000Z', independent: true });
    expect(report.before[0]).to.deep.include({ name: 'before.receipt-to-proof', facts: { minutes: '5' } });
  });

  it('gives the same report bytes for the same input, and bytes that parse', async () => {
    const once = async () =>
      encodeObject(await verifyCertificate(encodeObject(world.certificate), presented(world), trustOf(world)));
    const first = await once();
    expect(Buffer.from(first).equals(Buffer.from(await once()))).to.equal(true);
    const reversed = await verifyCertificate(
      encodeObject(world.certificate),
      presented(world).reverse(),
      trustOf(world),
    );
    expect(Buffer.from(encodeObject(reversed)).equals(Buffer.from(first))).to.equal(true);
    expect(parseReport(first).subject.certificateNo).to.equal('TZ-20261122-4K7Q2M9X');
  });

  it('is consistent in itself without a policy, and no more', async () => {
    const report = await verifyCertificate(
      encodeObject(world.certificate),
      presented(world),
      openTrust(undefined, [], undefined),
    );
    expect(report.conclusion).to.equal('no-policy');
    expect(exitCodeOf(report)).to.equal(2);
    expect(statusOf(report, 'evm.canonical')).to.deep.equal(['offline']);
    expect(report.times.notAfter).to.equal(null);
  });

  it('says which trust is missing when a stranger made the whole thing', async () => {
    const stranger = await makeWorld();
    const report = await verifyCertificate(encodeObject(stranger.certificate), presented(stranger), trustOf(world));
    expect(exitCodeOf(report)).to.equal(2);
    expect(statusOf(report, 'seal')).to.deep.equal(['untrusted-key']);
    expect(statusOf(report, 'log.signature')).to.deep.equal(['untrusted-key']);
    expect(statusOf(report, 'evm.canonical')).to.deep.equal(['offline']);
    expect(report.unmet).to.include.members(['seal', 'log.signature (publication 1)', 'time.bracket']);
  });

  it('does not pass without any file to compare', async () => {
    const report = await verifyCertificate(encodeObject(world.certificate), [], trustOf(world));
    expect(exitCodeOf(report)).to.equal(2);
    expect(report.unmet).to.deep.equal(['file.sha256']);
    expect(statusOf(report, 'file.missing')).to.deep.equal(['absent', 'absent', 'absent']);
  });

  it('fails a file that is not of this deposit, and names what differs in one that nearly is', async () => {
    const [first, second] = presented(world);
    const altered = digestsOf(Buffer.from('altered'));
    const one = await verifyCertificate(
      encodeObject(world.certificate),
      [first!, second!, { sizeBytes: 7, ...altered }],
      trustOf(world),
    );
    expect(statusOf(one, 'file.sha256')).to.deep.equal(['passed', 'passed', 'failed']);
    expect(statusOf(one, 'file.sm3')).to.deep.equal(['passed', 'passed', 'failed']);
    expect(exitCodeOf(one)).to.equal(1);
    const two = await verifyCertificate(
      encodeObject(world.certificate),
      [{ sizeBytes: 7, ...altered }],
      trustOf(world),
    );
    expect(two.since.find((c) => c.name === 'file.sha256')).to.deep.include({
      status: 'failed',
      reason: 'matches-no-file-of-this-deposit',
    });
  });

  it('does not call a block independent when only a bare hash confirms it', async () => {
    const policy = { ...world.policy, blocks: [] };
    const { blockHash } = world.certificate.publications[0]!.attestations[0] as { blockHash: string };
    const t0 = world.certificate.record.notBefore!.blockHash;
    const bare = openTrust(encodeObject(policy), [blockHash, t0], undefined);
    const report = await verifyCertificate(encodeObject(world.certificate), presented(world), bare);
    expect(statusOf(report, 'evm.canonical')).to.deep.equal(['passed']);
    expect(report.times.notAfter?.independent).to.equal(false);
    expect(report.unmet).to.deep.equal(['time.independent']);
    const named = openTrust(encodeObject(policy), [`eip155:1/${blockHash}`, `eip155:1/${t0}`], undefined);
    expect(exitCodeOf(await verifyCertificate(encodeObject(world.certificate), presented(world), named))).to.equal(0);
  });

  it('takes a node that has another block at this height for a contradiction, and a silent one for nothing', async () => {
    const { blockHash } = world.certificate.publications[0]!.attestations[0] as { blockHash: string };
    const answer = (a: 'replaced' | 'unknown') =>
      openTrust(encodeObject({ ...world.policy, blocks: [] }), [], {
        blocks: new Map([[`eip155:1/${blockHash}`, a]]),
        contracts: new Map(),
        anchored: new Map(),
        disputes: new Map(),
        confirmedBy: new Map(),
      });
    const replaced = await verifyCertificate(encodeObject(world.certificate), presented(world), answer('replaced'));
    expect(statusOf(replaced, 'evm.canonical')).to.deep.equal(['failed']);
    const silent = await verifyCertificate(encodeObject(world.certificate), presented(world), answer('unknown'));
    expect(statusOf(silent, 'evm.canonical')).to.deep.equal(['offline']);
    expect(exitCodeOf(silent)).to.equal(2);
  });

  it('fails the bracket when the record names a block that is younger than its receipt', async () => {
    const late = await makeWorld({ notBeforeTime: Math.floor(Date.UTC(2026, 10, 22, 3, 4, 6) / 1000) });
    const report = await verifyCertificate(encodeObject(late.certificate), presented(late), trustOf(late));
    expect(report.since.find((c) => c.name === 'time.bracket')).to.deep.include({
      status: 'failed',
      reason: 'received-before-the-block-it-names',
    });
  });

  it('fails the bracket when the anchor is older than the receipt', async () => {
    const early = await makeWorld({ anchorTime: Math.floor(Date.UTC(2026, 10, 22, 3, 4, 4) / 1000) });
    const report = await verifyCertificate(encodeObject(early.certificate), presented(early), trustOf(early));
    expect(report.since.find((c) => c.name === 'time.bracket')).to.deep.include({
      status: 'failed',
      reason: 'received-after-its-own-proof',
    });
  });

  it('lets names, files and annexes stay closed', async () => {
    const closed = await world.reseal({
      ...world.certificate,
      files: world.certificate.files.slice(1, 2).map((f) => ({ ...f, name: null })),
      annexes: {},
    });
    const report = await verifyCertificate(encodeObject(closed), presented(world).slice(1, 2), trustOf(world));
    expect(report.unmet).to.deep.equal([]);
    expect(statusOf(report, 'annex.depositor')).to.deep.equal(['closed']);
  });
});

describe('verifyReceipt', () => {
  it('shows the log part as passed and everything outside as pending until the promised publication', async () => {
    const world = await makeWorld();
    const report = await verifyReceipt(encodeObject(world.receipt), presented(world), trustOf(world));
    expect(statusOf(report, 'log.inclusion')).to.deep.equal(['passed']);
    expect(statusOf(report, 'log.signature')).to.deep.equal(['passed']);
    expect(statusOf(report, 'evm.receipt')).to.deep.equal(['pending']);
    expect(exitCodeOf(report)).to.equal(2);
  });
});
