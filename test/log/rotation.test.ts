import { expect } from 'chai';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { selectCheckpoint, selectCheckpoints, selectLog } from '../../src/db/leaves.ts';
import { selectLogEvents } from '../../src/db/log-events.ts';
import { insertSubmissions } from '../../src/db/submissions.ts';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { parseLogRecord } from '../../src/format/log.ts';
import { parseLogEvent } from '../../src/format/log-event.ts';
import { verifyNote } from '../../src/format/note.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { selectKeySchedule } from '../../src/log/key-schedule.ts';
import { selectProvedRotations } from '../../src/log/proved-rotations.ts';
import { rotateKey } from '../../src/log/rotate-key.ts';
import type { SequencerParts } from '../../src/log/sequencer.ts';
import { followRotations } from '../../src/verify/rotation.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { ACTS, type Act, Interference } from './interference.ts';
import { LogWorld, leafData, ORIGIN, until } from './log-world.ts';

const NOW = Date.parse('2026-11-22T03:04:05.678Z');
const NEW = new CheckpointSigner(ORIGIN, new Uint8Array(32).fill(8));
const THIRD = new CheckpointSigner(ORIGIN, new Uint8Array(32).fill(9));

describe('rotation of the log key', () => {
  let world: LogWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
  });
  afterEach(() => world.close());

  const both = (): Partial<SequencerParts> => ({ signer: NEW, previousSigner: world.signer });
  const serverWithBoth = () => world.server(both());

  /** Which of the two keys signed the tree of `treeSize` leaves: `old`, `new` or `old+new`. */
  async function signersOf(treeSize: bigint): Promise<string | undefined> {
    const row = await selectCheckpoint(world.db.pool, treeSize);
    if (row === undefined) return undefined;
    const { note } = parseCheckpoint(row.note);
    const found = [
      ['old', world.signer.key],
      ['new', NEW.key],
      ['third', THIRD.key],
    ] as const;
    expect(note.signatures.length).to.equal(found.filter(([, key]) => verifyNote(note, key) === 'valid').length);
    return found.flatMap(([name, key]) => (verifyNote(note, key) === 'valid' ? [name] : [])).join('+');
  }

  async function allSigners(): Promise<(string | undefined)[]> {
    const rows = await selectCheckpoints(world.db.pool, 0n, 1000);
    return Promise.all(rows.map(({ treeSize }) => signersOf(treeSize)));
  }

  it('goes on under the old key until it is ordered, signs one checkpoint with both, and then with the new one alone', async () => {
    const { sequencer } = await serverWithBoth();
    await world.deposit(sequencer, 'before');
    expect(await allSigners()).to.deep.equal(['old', 'old']);
    const { leafIndex } = await sequencer.integrated(await rotateKey(world.db, world.objects, NEW.vkey, NOW), 10_000);
    expect(await signersOf(leafIndex + 1n)).to.equal('old+new');
    const after = await sequencer.integrated((await insertSubmissions(world.db.pool, [leafData('after')]))[0]!, 10_000);
    expect(await signersOf(after.treeSize)).to.equal('new');
    expect(verifyNote(parseCheckpoint(after.note).note, world.signer.key)).to.equal('absent');

    // Afterwards the old key is not needed.
    await sequencer.stop();
    const next = await world.server({
      signer: NEW,
      identity: { ...world.parts().identity, keys: [NEW.vkey] },
    });
    await next.sequencer.integrated((await insertSubmissions(world.db.pool, [leafData('alone')]))[0]!, 10_000);
    expect((await allSigners()).at(-1)).to.equal('new');
  });

  it('is the last leaf of its batch, so that the tree that ends with it is signed', async () => {
    const { sequencer } = await serverWithBoth();
    await until('leads', () => sequencer.state().leading);
    await sequencer.stop();
    await insertSubmissions(world.db.pool, [leafData('a'), leafData('b')]);
    const rotation = await rotateKey(world.db, world.objects, NEW.vkey, NOW);
    const [, last] = await insertSubmissions(world.db.pool, [leafData('c'), leafData('d')]);
    const next = await serverWithBoth();
    const place = await next.sequencer.integrated(rotation, 10_000);
    expect(place.leafIndex).to.equal(3n);
    expect((await next.sequencer.integrated(last!, 10_000)).leafIndex).to.equal(5n);
    expect(await signersOf(4n)).to.equal('old+new');
    expect(await signersOf(6n)).to.equal('new');
  });

  it('ordered twice is one; to a key that signed before, or while one is on its way, it is refused', async () => {
    await rejectionOf(rotateKey(world.db, world.objects, NEW.vkey, NOW), 'rotation-refused');
    const { sequencer } = await serverWithBoth();
    await until('leads', () => sequencer.state().leading);
    await sequencer.stop();
    const first = await rotateKey(world.db, world.objects, NEW.vkey, NOW);
    expect(await rotateKey(world.db, world.objects, NEW.vkey, NOW)).to.equal(first);
    await rejectionOf(rotateKey(world.db, world.objects, THIRD.vkey, NOW), 'rotation-refused');
    await rejectionOf(rotateKey(world.db, world.objects, world.signer.vkey, NOW), 'rotation-refused');
    const next = await serverWithBoth();
    await next.sequencer.integrated(first, 10_000);
    expect(await rotateKey(world.db, world.objects, NEW.vkey, NOW)).to.equal(first);
    await rejectionOf(rotateKey(world.db, world.objects, world.signer.vkey, NOW), 'rotation-refused');
    expect(await selectLogEvents(world.db.pool, 'key-rotation')).to.have.length(1);
  });

  it('of two ordered at the same moment, one is done', async () => {
    const { sequencer } = await serverWithBoth();
    await until('leads', () => sequencer.state().leading);
    const orders = await Promise.allSettled([
      rotateKey(world.db, world.objects, NEW.vkey, NOW),
      rotateKey(world.db, world.objects, NEW.vkey, NOW),
    ]);
    expect(new Set(orders.map((order) => (order.status === 'fulfilled' ? order.value : order.reason))).size).to.equal(
      1,
    );
  });

  it('stops a server that lacks the new key before it takes leaves in, and another one goes on', async () => {
    const old = await world.server();
    await world.deposit(old.sequencer, 'before');
    const rotation = await rotateKey(world.db, world.objects, NEW.vkey, NOW);
    await until('stops', () => old.sequencer.state().stopped?.code === 'log-key-missing');
    expect((await selectLog(world.db.pool))?.size).to.equal(2n);
    const next = await serverWithBoth();
    expect((await next.sequencer.integrated(rotation, 10_000)).leafIndex).to.equal(2n);
    expect(await signersOf(3n)).to.equal('old+new');
    expect(await selectOpenAlarms(world.db.pool)).to.deep.equal([]);
  });

  it('stops a server that holds neither the key in force nor the one before', async () => {
    const { sequencer } = await serverWithBoth();
    await sequencer.integrated(await rotateKey(world.db, world.objects, NEW.vkey, NOW), 10_000);
    await sequencer.stop();
    const late = await world.server();
    await until('stops', () => late.sequencer.state().stopped?.code === 'log-key-missing');
    await rejectionOf(
      world.server({ signer: THIRD, identity: { ...world.parts().identity, keys: [THIRD.vkey] } }),
      'log-record-differs',
    );
  });

  it('is remembered when the database was restored to a time before it', async () => {
    const { sequencer } = await serverWithBoth();
    await world.deposit(sequencer, 'before');
    await sequencer.integrated(await rotateKey(world.db, world.objects, NEW.vkey, NOW), 10_000);
    await sequencer.integrated((await insertSubmissions(world.db.pool, [leafData('after')]))[0]!, 10_000);
    await sequencer.stop();
    await world.db.pool.query('alter table log_event disable trigger all');
    await world.db.pool.query('delete from log_event');
    await world.setBack(2n);
    const next = await world.server({ signer: NEW, identity: { ...world.parts().identity, keys: [NEW.vkey] } });
    const [id] = await insertSubmissions(world.db.pool, [leafData('later')]);
    expect((await next.sequencer.integrated(id!, 10_000)).leafIndex).to.equal(4n);
    expect(await signersOf(5n)).to.equal('new');
    const [event] = await selectLogEvents(world.db.pool, 'key-rotation');
    expect(event?.leafIndex).to.equal(2n);
    expect(parseLogEvent(event!.body)).to.include({ newKey: NEW.vkey });
  });

  it('twice gives a chain of proofs from the first key to the third', async () => {
    const first = await serverWithBoth();
    await first.sequencer.integrated(await rotateKey(world.db, world.objects, NEW.vkey, NOW), 10_000);
    await first.sequencer.stop();
    const { sequencer, reader } = await world.server({
      signer: THIRD,
      previousSigner: NEW,
      identity: { ...world.parts().identity, keys: [NEW.vkey] },
    });
    const { treeSize } = await sequencer.integrated(await rotateKey(world.db, world.objects, THIRD.vkey, NOW), 10_000);
    const log = parseLogRecord((await selectLog(world.db.pool))!.record);
    expect((await selectKeySchedule(world.db.pool, log.keys)).keys()).to.deep.equal([
      world.signer.vkey,
      NEW.vkey,
      THIRD.vkey,
    ]);
    await reader.refresh();
    const proved = await selectProvedRotations(world.db.pool, reader, log.keys, treeSize);
    const keys = followRotations([world.signer.key], proved, ORIGIN);
    expect(keys.map(({ key, from, until: end }) => [Buffer.from(key.keyId).toString('hex'), from, end])).to.deep.equal([
      [Buffer.from(world.signer.key.keyId).toString('hex'), undefined, 2n],
      [Buffer.from(NEW.key.keyId).toString('hex'), 2n, 3n],
      [Buffer.from(THIRD.key.keyId).toString('hex'), 3n, undefined],
    ]);
    expect(
      followRotations([THIRD.key], proved.slice(1), ORIGIN).length,
      'the new key alone vouches for nothing',
    ).to.equal(1);
    expect(parseCheckpoint(encodeUtf8(proved[1]!.checkpoint)).treeSize).to.equal(3n);
  });

  const IN_ITS_BATCH: Act[] = ['transaction', 'fence', 'leaves', 'marks', 'bundle', 'register', 'checkpoint', 'news'];
  for (const [outcome, isDone] of Object.entries({ 'is not done': false, 'is done, but its answer is lost': true })) {
    for (const act of IN_ITS_BATCH) {
      it(`${ACTS[act]} ${outcome}, and the process ends: the next one signs the same`, async () => {
        const interference = new Interference();
        const doomed = await world.server({
          ...both(),
          db: interference.database(world.openDatabase('doomed')),
          objects: interference.objects(world.objects),
          register: interference.register(world.register),
        });
        await world.deposit(doomed.sequencer, 'before');
        const died = interference.at(act, async (real) => {
          if (isDone) await real();
          interference.die();
          throw new Error('dead');
        });
        const rotation = await rotateKey(world.db, world.objects, NEW.vkey, NOW);
        const lost = doomed.sequencer.integrated(rotation, 500).catch(() => {});
        await died;
        await world.killConnections('doomed');
        const next = await serverWithBoth();
        expect((await next.sequencer.integrated(rotation, 10_000)).leafIndex).to.equal(2n);
        const [id] = await insertSubmissions(world.db.pool, [leafData('after')]);
        const after = await next.sequencer.integrated(id!, 10_000);
        await lost;
        expect(await signersOf(3n)).to.equal('old+new');
        expect(await signersOf(after.treeSize)).to.equal('new');
        const { register } = world;
        expect((await register.read())?.bytes.length).to.be.greaterThan(0);
        expect(await selectOpenAlarms(world.db.pool)).to.deep.equal([]);
      });
    }
  }
});
