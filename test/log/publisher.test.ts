import { expect } from 'chai';
import { selectNewestPublication } from '../../src/db/leaves.ts';
import { Publisher } from '../../src/log/publisher.ts';
import { LogWorld, until } from './log-world.ts';

describe('Publisher', () => {
  let world: LogWorld;
  const publishers: Publisher[] = [];
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
  });
  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()));
    await world.close();
  });

  async function publishingServer(intervalMs: number) {
    const server = await world.server();
    const publisher = new Publisher(
      { q: server.db.pool, reader: server.reader, sequencer: server.sequencer },
      intervalMs,
    );
    publishers.push(publisher);
    return { ...server, publisher };
  }

  it('publishes the newest checkpoint, and again only when the log grew', async () => {
    const { sequencer, reader, publisher } = await publishingServer(20);
    publisher.start();
    await until('leaf 0 is published', () => reader.publishedCheckpoint()?.treeSize === 1n);
    const { publishedAt } = reader.publishedCheckpoint()!;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await selectNewestPublication(world.db.pool))?.publishedAt).to.deep.equal(publishedAt);
    await world.deposit(sequencer, 1);
    await until('it is published', () => reader.publishedCheckpoint()?.treeSize === 2n);
    expect(reader.publishedCheckpoint()?.note).to.deep.equal(reader.latestCheckpoint()?.note);
  });

  it('waits for the interval since the last publication, whichever server made that', async () => {
    const { sequencer, publisher } = await publishingServer(60_000);
    await world.deposit(sequencer, 1);
    expect(await publisher.publish()).to.equal(2n);
    await world.deposit(sequencer, 2);
    expect(await publisher.publish()).to.equal(undefined);
    await sequencer.stop();
    const other = await publishingServer(60_000);
    await until('leads', () => other.sequencer.state().leading);
    expect(await other.publisher.publish()).to.equal(undefined);
    expect(await other.publisher.publish(0)).to.equal(3n);
  });

  it('is heard of on the servers that do not lead, and not made by them', async () => {
    const leader = await publishingServer(60_000);
    await world.deposit(leader.sequencer, 1);
    const follower = await publishingServer(60_000);
    expect(await follower.publisher.publish()).to.equal(undefined);
    expect(await leader.publisher.publish()).to.equal(2n);
    await until('the follower knows', () => follower.reader.publishedCheckpoint()?.treeSize === 2n);
  });
});
