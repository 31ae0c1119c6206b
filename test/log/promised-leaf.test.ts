import { expect } from 'chai';
import { selectNewestCheckpoint } from '../../src/db/leaves.ts';
import { insertSubmission, selectSubmission } from '../../src/db/submissions.ts';
import { promisedLeaf } from '../../src/log/promised-leaf.ts';
import type { CheckpointRegister } from '../../src/storage/checkpoint-register.ts';
import { LogWorld, leafData, until } from './log-world.ts';

describe('promisedLeaf', () => {
  let world: LogWorld;
  before(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
  });
  after(() => world.close());

  it('waits for the checkpoint, not only for the index', async () => {
    let letOut = () => {};
    let held: Promise<void> | undefined;
    const register: CheckpointRegister = {
      read: () => world.register.read(),
      async compareAndSwap(version, bytes) {
        await held;
        return world.register.compareAndSwap(version, bytes);
      },
    };
    const { sequencer } = await world.server({ register }, { leaseMs: 60_000 });
    await world.deposit(sequencer, 'before');
    held = new Promise((resolve) => {
      letOut = resolve;
    });
    const submissionId = await insertSubmission(world.db.pool, leafData('held'));
    await until('has an index', async () => (await selectSubmission(world.db.pool, submissionId))?.leafIndex === 2n);
    expect(await promisedLeaf(world.db, submissionId, 300)).to.equal(null);
    letOut();
    expect(await promisedLeaf(world.db, submissionId, 10_000)).to.equal(2n);
    expect((await selectNewestCheckpoint(world.db.pool))?.treeSize).to.equal(3n);
  });
});
