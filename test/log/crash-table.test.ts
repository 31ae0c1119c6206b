import { expect } from 'chai';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { insertSubmission, insertSubmissions } from '../../src/db/submissions.ts';
import { parseEntryBundle } from '../../src/format/tile.ts';
import type { Sequencer } from '../../src/log/sequencer.ts';
import { readAll } from '../../src/storage/object-store.ts';
import { ACTS, type Act, Interference, unknownOutcome } from './interference.ts';
import { LogWorld, leafData, until } from './log-world.ts';

const AT_START: Act[] = ['record', 'opening', 'lead', 'claim', 'bundle', 'register', 'checkpoint', 'alarms', 'news'];
const IN_A_BATCH: Act[] = [
  'transaction',
  'fence',
  'leaves',
  'marks',
  'bundle',
  'register',
  'checkpoint',
  'news',
  'removal',
];
const OUTCOMES = { 'is not done': false, 'is done, but its answer is lost': true };

describe('crash table', () => {
  let world: LogWorld;
  let interference: Interference;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
    interference = new Interference();
  });
  afterEach(() => world.close());

  const interferedServer = () =>
    world.server({
      db: interference.database(world.openDatabase('doomed')),
      objects: interference.objects(world.objects),
      register: interference.register(world.register),
    });

  /** The act happens or not, and its caller hears that the outcome is unknown. */
  const breakAt = (act: Act, isDone: boolean) =>
    interference.at(act, async (real) => {
      if (isDone) await real();
      throw unknownOutcome(act);
    });

  /** The act happens or not, and the process with it is gone before it hears. */
  const dieAt = (act: Act, isDone: boolean) =>
    interference.at(act, async (real) => {
      if (isDone) await real();
      interference.die();
      throw new Error('dead');
    });

  /** 250 leaves, so that the next batch fills a tile. */
  async function fill(sequencer: Sequencer): Promise<void> {
    const leaves = Array.from({ length: 249 }, (_, i) => leafData(`before ${i}`));
    await insertSubmissions(world.db.pool, leaves);
    await world.deposit(sequencer, 'before');
  }

  /** Everything that was ever handed in is in the log, once; so are the bundles that a restored database would need. */
  async function expectWhole(handedIn: number): Promise<void> {
    const { size } = await world.audit();
    expect(size).to.equal(BigInt(handedIn + 1));
    const leaves = await world.leaves();
    for (let first = 0; first < leaves.length; first += 256) {
      const width = Math.min(256, leaves.length - first);
      const path = `log/tile/entries/00${first / 256}${width < 256 ? `.p/${width}` : ''}`;
      const object = await world.objects.get(path);
      expect(object, path).to.not.equal(undefined);
      const entries = parseEntryBundle(await readAll(object!.content), width);
      expect(entries.map((e) => Buffer.from(e))).to.deep.equal(leaves.slice(first, first + width));
    }
    // A term ends alarms after its checkpoint, so a depositor may have his answer a moment earlier.
    const isQuiet = async () => (await selectOpenAlarms(world.db.pool)).length === 0;
    await until('no alarm is open', isQuiet).catch(() => {});
    expect(await selectOpenAlarms(world.db.pool)).to.deep.equal([]);
  }

  for (const [outcome, isDone] of Object.entries(OUTCOMES)) {
    for (const act of AT_START) {
      it(`at the first start, ${ACTS[act]} ${outcome}: the process ends, the next one has the log`, async () => {
        const died = dieAt(act, isDone);
        const dying = interferedServer().catch(() => {});
        await died;
        await world.killConnections('doomed');
        const next = await world.server();
        await world.deposit(next.sequencer, 1);
        await expectWhole(1);
        await dying;
      });
    }

    for (const act of IN_A_BATCH) {
      it(`in a batch, ${ACTS[act]} ${outcome}: the process ends, the next one goes on`, async () => {
        const doomed = await interferedServer();
        await fill(doomed.sequencer);
        const died = dieAt(act, isDone);
        const lost = Array.from({ length: 10 }, (_, i) =>
          world.deposit(doomed.sequencer, `during ${i}`, 500).catch(() => {}),
        );
        await died;
        await world.killConnections('doomed');
        const next = await world.server();
        await world.deposit(next.sequencer, 'after');
        await Promise.all(lost);
        await expectWhole(261);
      });

      it(`in a batch, ${ACTS[act]} ${outcome}: the process lives and goes on by itself`, async () => {
        const server = await interferedServer();
        await fill(server.sequencer);
        const broke = breakAt(act, isDone);
        await Promise.all(Array.from({ length: 10 }, (_, i) => world.deposit(server.sequencer, `during ${i}`)));
        await broke;
        await world.deposit(server.sequencer, 'after');
        await expectWhole(261);
      });
    }
  }

  it('a transaction that is known to have failed is tried again in the same term', async () => {
    const { sequencer } = await interferedServer();
    await world.deposit(sequencer, 1);
    const term = sequencer.term();
    const refused = interference.at('leaves', (real) => real().then(() => Promise.reject(new Error('disk full'))));
    const deposit = world.deposit(sequencer, 2);
    await refused;
    expect((await deposit).leafIndex).to.equal(2n);
    expect(sequencer.term()).to.equal(term);
    await expectWhole(2);
  });

  it('an unknown outcome ends the term', async () => {
    const { sequencer } = await interferedServer();
    await world.deposit(sequencer, 1);
    const term = sequencer.term();
    void breakAt('register', true);
    await world.deposit(sequencer, 2);
    await until('leads again', () => sequencer.state().leading);
    expect(sequencer.term()?.epoch).to.not.equal(term?.epoch);
    await expectWhole(2);
  });

  it('says what troubles it while it tries again, and answers once that is over', async () => {
    const { sequencer } = await interferedServer();
    await world.deposit(sequencer, 1);
    const deposit = (async () => world.deposit(sequencer, 2))();
    await interference.at('bundle', () => Promise.reject(unknownOutcome('bundle')));
    await interference.at('bundle', () => Promise.reject(unknownOutcome('bundle')));
    expect(sequencer.state().trouble?.code).to.equal('storage-failed');
    expect(sequencer.state().leading).to.equal(false);
    await deposit;
    await until('no trouble is left', () => sequencer.state().trouble === undefined);
  });

  it('keeps submissions of a time without any server', async () => {
    await insertSubmission(world.db.pool, leafData('early'));
    const { sequencer } = await world.server();
    await until('it is in', () => sequencer.state().size === 2n);
    await expectWhole(1);
  });
});
