import { expect } from 'chai';
import type { Report } from '../../src/format/report.ts';
import { ladderOf, QUESTIONS, type Question, type Standing } from '../../src/verify/ladder.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate, verifyReceipt } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

const presented = (world: EvidenceWorld) =>
  world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
const standings = (report: Report): Record<Question, Standing> =>
  Object.fromEntries(ladderOf(report).map((rung) => [rung.question, rung.standing])) as Record<Question, Standing>;
const rungOf = (report: Report, question: Question) => ladderOf(report).find((r) => r.question === question)!;

describe('ladderOf', () => {
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld();
  });
  const reportOf = (policy: object | undefined, files = presented(world), blocks: string[] = []) =>
    verifyCertificate(
      encodeObject(world.certificate),
      files,
      openTrust(policy === undefined ? undefined : encodeObject(policy), blocks, undefined),
    );

  it('answers every question once, in order, with words in both languages', async () => {
    for (const report of [await reportOf(world.policy), await reportOf(undefined, [])]) {
      const rungs = ladderOf(report);
      expect(rungs.map((r) => r.question)).to.deep.equal([...QUESTIONS]);
      for (const { says, asks, settles, open } of rungs) {
        for (const words of [says, asks, ...settles, ...open.map((o) => o.words)]) {
          expect(words.zh).to.match(/[\u4e00-\u9fff]/);
          expect(words.en).to.match(/^[A-Z0-9(].*[a-z]/);
        }
      }
    }
  });

  it('proves four questions and leaves the fifth to word where all that the policy requires passed', async () => {
    const report = await reportOf(world.policy);
    expect(standings(report)).to.deep.equal({
      whole: 'proved',
      unchanged: 'proved',
      'since-when': 'proved',
      'in-the-log': 'proved',
      issuer: 'proved',
      'word-only': 'not-proved',
    });
    expect(rungOf(report, 'since-when').sources[0]).to.match(/^eip155:1 block 120 0x/);
  });

  it('could check nothing without a policy, and says that a policy would settle it', async () => {
    const report = await reportOf(undefined);
    expect(standings(report)).to.include({
      whole: 'could-not-check',
      unchanged: 'could-not-check',
      'since-when': 'could-not-check',
      'in-the-log': 'could-not-check',
      issuer: 'could-not-check',
    });
    expect(rungOf(report, 'issuer').settles[0]!.en).to.include('--policy');
  });

  it('asks for the very block that nobody confirmed', async () => {
    const report = await reportOf({ ...world.policy, blocks: [] });
    const { blockHash } = world.certificate.publications[0]!.attestations[0] as { blockHash: string };
    expect(standings(report)['since-when']).to.equal('could-not-check');
    const settles = rungOf(report, 'since-when').settles.map(({ en }) => en);
    expect(settles.some((en) => en.includes(`--trusted-block eip155:1/${blockHash}`))).to.equal(true);
    expect(rungOf(report, 'whole').settles).to.not.deep.equal([]);
    expect(rungOf(report, 'in-the-log').standing).to.equal('not-proved');
    expect(rungOf(report, 'in-the-log').settles).to.deep.equal(
      rungOf(report, 'since-when').settles.filter(({ en }) => en.includes(blockHash)),
    );
  });

  it('does not call a time proved that only the operator shows', async () => {
    const policy = {
      ...world.policy,
      chains: [{ chain: 'eip155:1', independent: false }],
      independentTimesRequired: 0,
    };
    const report = await reportOf(policy);
    expect(standings(report)).to.include({
      whole: 'proved',
      'since-when': 'not-proved',
      'in-the-log': 'not-proved',
    });
  });

  it('says contradicted where the file differs, and only there', async () => {
    const report = await reportOf(world.policy, [{ sizeBytes: 7, ...digestsOf(Buffer.from('altered')) }]);
    expect(standings(report)).to.include({
      whole: 'contradicted',
      unchanged: 'contradicted',
      'since-when': 'proved',
      'in-the-log': 'proved',
      issuer: 'proved',
    });
  });

  it('asks for the file where none was presented, and for the rest where some were', async () => {
    const none = await reportOf(world.policy, []);
    expect(standings(none).unchanged).to.equal('could-not-check');
    expect(rungOf(none, 'unchanged').settles).to.have.length(1);
    const some = await reportOf(world.policy, presented(world).slice(0, 1));
    expect(standings(some).unchanged).to.equal('proved');
    expect(rungOf(some, 'unchanged').settles).to.have.length(1);
  });

  it('says contradicted for a changed seal, and keeps the other answers', async () => {
    const other = await makeWorld();
    const certificate = { ...world.certificate, seals: other.certificate.seals };
    const report = await verifyCertificate(
      encodeObject(certificate),
      presented(world),
      openTrust(encodeObject(world.policy), [], undefined),
    );
    expect(standings(report)).to.include({ whole: 'contradicted', issuer: 'contradicted', 'since-when': 'proved' });
  });

  it('cannot say without a policy whether a source is independent, whoever confirmed its block', async () => {
    const { blockHash } = world.certificate.publications[0]!.attestations[0] as { blockHash: string };
    const report = await reportOf(undefined, presented(world), [`eip155:1/${blockHash}`]);
    expect(report.times.notAfter).to.not.equal(null);
    expect(standings(report)['since-when']).to.equal('could-not-check');
  });

  it('says how many independent sources the policy asks for beyond those found', async () => {
    const report = await reportOf({ ...world.policy, independentTimesRequired: 2 });
    expect(standings(report)).to.include({ whole: 'not-proved', 'since-when': 'not-proved', 'in-the-log': 'proved' });
    expect(rungOf(report, 'since-when').says.en).to.include('(1 of 2)');
  });

  it('tells a changed package from a changed file', async () => {
    const report = await reportOf(world.policy);
    const extra = {
      name: 'package.extra',
      about: null,
      facts: {},
      status: 'failed',
      reason: 'file-not-in-the-manifest',
    };
    const changed = { ...report, since: [...report.since, extra] } as Report;
    expect(standings(changed).unchanged).to.equal('contradicted');
    expect(rungOf(changed, 'unchanged').says.en).to.include('package');
  });

  it('tells that the issuer has withdrawn it, beside answers that this does not turn', async () => {
    const report = await reportOf(world.policy);
    const withdrawn: Report = {
      ...report,
      since: [
        ...report.since.filter((c) => c.name !== 'status'),
        { name: 'status', about: null, facts: { status: 'withdrawn' }, status: 'failed', reason: 'withdrawn' },
      ],
    };
    expect(standings(withdrawn)).to.deep.equal(standings(report));
    const { says, open, settles } = rungOf(withdrawn, 'issuer');
    expect(says.en).to.include('withdrawn');
    expect(says.zh).to.include('撤回');
    expect(open.map((o) => o.check.name)).to.deep.equal(['status']);
    expect(settles).to.have.length(1);
  });

  it('has something to settle for every check that is open, whatever its cause', async () => {
    for (const policy of [undefined, { ...world.policy, logs: [], seals: [], blocks: [], chains: [] }]) {
      const report = await reportOf(policy, []);
      for (const { open, settles } of ladderOf(report)) {
        if (open.length > 0) expect(settles.length).to.be.greaterThan(0);
      }
    }
  });

  it('shows no control character of other people’s text', async () => {
    const report = await reportOf(world.policy);
    const since = report.since.map((c) => (c.name === 'seal' ? { ...c, facts: { signer: 'a\u202eb\u0007' } } : c));
    const { says, sources } = rungOf({ ...report, since }, 'issuer');
    expect(says.en).to.include('a\\u{202e}b\\u{7}');
    expect(sources).to.deep.equal(['a\\u{202e}b\\u{7}']);
  });

  it('has no outside proof yet for a receipt, and says until when to wait', async () => {
    const report = await verifyReceipt(
      encodeObject(world.receipt),
      presented(world),
      openTrust(encodeObject(world.policy), [], undefined),
    );
    expect(standings(report)).to.include({
      unchanged: 'proved',
      'since-when': 'not-proved',
      'in-the-log': 'not-proved',
      issuer: 'proved',
    });
    expect(rungOf(report, 'since-when').settles.some(({ en }) => en.includes('2026-11-23'))).to.equal(true);
  });
});
