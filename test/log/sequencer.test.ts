import { expect } from 'chai';
import { insertSubmission } from '../../src/db/submissions.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { LogWorld, leafData, until } from './log-world.ts';

describe('Sequencer', () => {
  let world: LogWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
  });
  afterEach(() => world.close());

  it('opens the log with leaf 0 under a checkpoint', async () => {
    const { sequencer, reader } = await world.server();
    await until('leads', () => sequencer.state().leading);
    expect(sequencer.state()).to.deep.equal({ leading: true, size: 1n });
    expect(reader.latestCheckpoint()?.treeSize).to.equal(1n);
    expect(await world.audit()).to.deep.equal({ size: 1n });
  });

  it('gives 200 concurrent submissions dense indices and proofs that verify', async () => {
    const { sequencer } = await world.server();
    const deposits = await Promise.all(Array.from({ length: 200 }, (_, i) => world.deposit(sequencer, i)));
    const indices = deposits.map((d) => Number(d.leafIndex)).sort((a, b) => a - b);
    expect(indices).to.deep.equal(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(await world.audit()).to.deep.equal({ size: 201n });
  });

  it('answers on a server that does not lead', async () => {
    const leader = await world.server();
    await until('leads', () => leader.sequencer.state().leading);
    const follower = await world.server();
    const deposits = await Promise.all(Array.from({ length: 20 }, (_, i) => world.deposit(follower.sequencer, i)));
    expect(new Set(deposits.map((d) => d.leafIndex)).size).to.equal(20);
    expect(follower.sequencer.state().leading).to.equal(false);
    await world.audit();
  });

  it('answers again for a submission that is in the log already', async () => {
    const { sequencer } = await world.server();
    const submissionId = await insertSubmission(world.db.pool, leafData('again'));
    const first = await sequencer.integrated(submissionId, 10_000);
    await world.deposit(sequencer, 'one more');
    const second = await sequencer.integrated(submissionId, 10_000);
    expect(second.leafIndex).to.equal(first.leafIndex);
    world.check({ ...second, leaf: leafData('again') });
    const other = await world.server();
    world.check({ ...(await other.sequencer.integrated(submissionId, 10_000)), leaf: leafData('again') });
  });

  it('takes in what nobody waits for', async () => {
    const { sequencer } = await world.server();
    await until('leads', () => sequencer.state().leading);
    await insertSubmission(world.db.pool, leafData('orphan'));
    await until('the orphan is in', () => sequencer.state().size === 2n);
  });

  it('times out with integration-timeout when there is no such submission', async () => {
    const { sequencer } = await world.server();
    await rejectionOf(sequencer.integrated(999n, 100), 'integration-timeout');
  });

  it('goes on after a restart where it was', async () => {
    const first = await world.server();
    await world.deposit(first.sequencer, 1);
    await first.sequencer.stop();
    await rejectionOf(first.sequencer.integrated(5n, 100), 'log-stopped');
    const second = await world.server();
    expect((await world.deposit(second.sequencer, 2)).leafIndex).to.equal(2n);
    await world.audit();
  });

  it('refuses to start on a log that was opened with another origin, key or contract', async () => {
    const { sequencer } = await world.server();
    await until('leads', () => sequencer.state().leading);
    const { identity } = world.parts();
    const contract = { chain: 'eip155:1', address: `0x${'11'.repeat(20)}` };
    for (const changed of [
      { ...identity, origin: 'log.example.org/other' },
      { ...identity, keys: [`${identity.keys[0]?.slice(0, -2)}A=`] },
      { ...identity, contracts: [contract] },
    ]) {
      await rejectionOf(world.server({ identity: changed }), 'log-record-differs');
    }
  });
});
