import { expect } from 'chai';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { parseStatusProof, type StatusProof } from '../../src/format/status.ts';
import { changeStatus } from '../../src/status/change-status.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { StatusWorld, statusIn } from './status-world.ts';

const HOUR_MS = 3600_000;
const encode = (proof: StatusProof) => encodeJson(proof as unknown as JsonValue);

describe('how a certificate stands', () => {
  let world: StatusWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await StatusWorld.open();
  });
  afterEach(() => world.close());

  const change = async (...args: [Parameters<typeof changeStatus>[2], string]) => {
    const submission = await changeStatus(world.db, world.certificateNo, ...args, world.nowMs);
    return world.log.sequencer.integrated(submission, 10_000);
  };

  it('is valid by the record of its issue, in a checkpoint that has it', async () => {
    const bytes = await world.ask();
    const proof = parseStatusProof(bytes);
    expect(proof.record.type).to.equal('tiezheng/certified/v1');
    expect(proof.record.certificate).to.equal(world.digest);
    const report = await world.report(bytes);
    expect(statusIn(report)).to.deep.include({ status: 'passed' });
    expect(statusIn(report).facts).to.include({
      status: 'valid',
      asOfSource: 'operator',
      asOf: proof.claims.checkpointAt,
    });
    expect(report.conclusion).to.equal('required-passed');
  });

  it('is not said without an answer, and misses only where the policy asks for it', async () => {
    const without = await world.report(undefined);
    expect(statusIn(without)).to.include({ status: 'not-checked', because: 'absent' });
    expect(without.conclusion).to.equal('required-passed');
    const asked = await world.report(undefined, { policy: { statusRequired: true } });
    expect(asked).to.deep.include({ conclusion: 'incomplete', unmet: ['status'] });
    const given = await world.report(await world.ask(), { policy: { statusRequired: true } });
    expect(given.conclusion).to.equal('required-passed');
  });

  it('withdrawn, is told in its own line, and no other check turns', async () => {
    const before = await world.report(await world.ask());
    const { leafIndex } = await change({ status: 'withdrawn' }, 'issued-in-error');
    const answer = await world.ask();
    expect(parseStatusProof(answer).log.leafIndex).to.equal(Number(leafIndex));
    const after = await world.report(answer);
    expect(statusIn(after)).to.include({ status: 'failed', reason: 'withdrawn' });
    expect(statusIn(after).facts).to.include({ status: 'withdrawn', reason: 'issued-in-error' });
    expect(after.conclusion).to.equal('required-passed');
    expect(after.unmet).to.deep.equal([]);
    const others = (report: typeof after) => report.since.filter(({ name }) => name !== 'status');
    expect(others(after)).to.deep.equal(others(before));

    const asked = await world.report(answer, { policy: { statusRequired: true } });
    expect(asked).to.deep.include({ conclusion: 'failed', unmet: ['status'] });
  });

  it('withdrawn twice is refused; reinstated, it is valid again, and every record stays', async () => {
    await change({ status: 'withdrawn' }, 'issued-in-error');
    await rejectionOf(changeStatus(world.db, world.certificateNo, { status: 'withdrawn' }, 'x', 0), 'status-unchanged');
    await change({ status: 'valid' }, 'withdrawn-in-error');
    expect(statusIn(await world.report(await world.ask())).status).to.equal('passed');
    const { rows } = await world.db.pool.query('select status from certificate_status order by submission_id');
    expect(rows.map(({ status }) => status)).to.deep.equal(['withdrawn', 'valid']);
  });

  it('superseded names the certificate in its place', async () => {
    const self = { status: 'superseded', by: world.certificateNo } as const;
    await change(self, 'reissued');
    const report = await world.report(await world.ask());
    expect(statusIn(report)).to.include({ status: 'failed', reason: 'superseded' });
    expect(statusIn(report).facts.successor).to.equal(world.digest);
    await rejectionOf(
      changeStatus(world.db, world.certificateNo, { status: 'superseded', by: 'TZ-20261122-00000000' }, 'reissued', 0),
      'certificate-unknown',
    );
  });

  it('is told to nobody who does not hold the certificate', async () => {
    const other = Buffer.alloc(32, 1);
    await rejectionOf(world.statuses.answer(world.certificateNo, other), 'certificate-unknown');
    await rejectionOf(
      world.statuses.answer('TZ-20261122-00000000', Buffer.from(world.digest, 'hex')),
      'certificate-unknown',
    );
  });

  it('in an idle log is answered from a fresh checkpoint: one heartbeat, however many ask', async () => {
    world.nowMs += 13 * HOUR_MS;
    await world.db.transaction(async (client) => {
      // The database's clock gives the times of checkpoints; here they are to be half a day old already.
      await client.query(`set local session_replication_role = 'replica'`);
      await client.query(`update checkpoint set signed_at = signed_at - interval '13 hours'`);
    });
    world.nowMs -= 13 * HOUR_MS;
    const sizeBefore = world.log.sequencer.state().size;
    const answers = await Promise.all([world.ask(), world.ask(), world.ask()]);
    expect(world.log.sequencer.state().size).to.equal(sizeBefore + 1n);
    for (const answer of answers) {
      const { claims } = parseStatusProof(answer);
      expect(world.nowMs - Date.parse(claims.checkpointAt)).to.be.lessThan(HOUR_MS);
      expect(statusIn(await world.report(answer)).status).to.equal('passed');
    }
  });

  it('is stale after a day, and to a reader without a clock; a withdrawal is told all the same', async () => {
    const answer = await world.ask();
    const at = (nowMs: number | undefined) => world.report(answer, { nowMs });
    expect(statusIn(await at(world.nowMs + 23 * HOUR_MS)).status).to.equal('passed');
    for (const nowMs of [world.nowMs + 25 * HOUR_MS, world.nowMs - HOUR_MS, undefined]) {
      const report = await at(nowMs);
      expect(statusIn(report)).to.include({ status: 'not-checked', because: 'stale' });
      expect(report.conclusion).to.equal('required-passed');
    }
    await change({ status: 'withdrawn' }, 'issued-in-error');
    const withdrawn = await world.report(await world.ask(), { nowMs: world.nowMs + 25 * HOUR_MS });
    expect(statusIn(withdrawn)).to.include({ status: 'failed', reason: 'withdrawn' });
  });

  describe('an answer that was tampered with', () => {
    const tampered: [string, (proof: StatusProof) => StatusProof, string][] = [
      [
        'made out for another number',
        (p) => ({ ...p, certificateNo: 'TZ-20261122-00000000' }),
        'failed about-another-certificate',
      ],
      [
        'with the record of another certificate',
        (p) => ({ ...p, record: { ...p.record, certificate: '11'.repeat(32) } as StatusProof['record'] }),
        'failed about-another-certificate',
      ],
      ['with another salt', (p) => ({ ...p, record: { ...p.record, salt: '11'.repeat(32) } }), 'failed root-mismatch'],
      [
        'with a checkpoint that the log did not sign',
        (p) => ({
          ...p,
          publication: { ...p.publication, checkpoint: p.publication.checkpoint.replace(/\n\d+\n/, '\n99\n') },
        }),
        'failed signature-invalid',
      ],
      ['without a seal', (p) => ({ ...p, seals: [] }), 'not-checked absent'],
      [
        'made to look younger',
        (p) => ({ ...p, claims: { ...p.claims, answeredAt: '2030-01-01T00:00:00.000Z' } }),
        'failed signature-invalid',
      ],
    ];
    for (const [what, tamper, expected] of tampered) {
      it(`${what}: ${expected}, and nothing else turns`, async () => {
        const report = await world.report(encode(tamper(parseStatusProof(await world.ask()))));
        const check = statusIn(report);
        const why = check.status === 'failed' ? check.reason : check.status === 'not-checked' ? check.because : '';
        expect(`${check.status} ${why}`).to.equal(expected);
        expect(report.conclusion).to.equal('required-passed');
      });
    }

    it('an old record in a new checkpoint, which anyone can compute, is not sealed', async () => {
      const old = parseStatusProof(await world.ask());
      const { treeSize } = await change({ status: 'withdrawn' }, 'issued-in-error');
      const checkpoint = world.log.reader.latestCheckpoint()!;
      const inclusionProof = (await world.log.reader.inclusionProof(BigInt(old.log.leafIndex), treeSize)).map((hash) =>
        Buffer.from(hash).toString('hex'),
      );
      const forged = {
        ...old,
        publication: { ...old.publication, checkpoint: Buffer.from(checkpoint.note).toString(), inclusionProof },
      };
      expect(statusIn(await world.report(encode(forged)))).to.include({
        status: 'failed',
        reason: 'signature-invalid',
      });
    });

    it('under a policy that does not know the seal is not checked', async () => {
      const report = await world.report(await world.ask(), { policy: { seals: [] } });
      expect(statusIn(report)).to.include({ status: 'not-checked', because: 'untrusted-key' });
    });

    it('that is no status proof at all is unusable input', async () => {
      await rejectionOf(world.report(new TextEncoder().encode('{}')), 'unknown-type');
    });
  });
});
