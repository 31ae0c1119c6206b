import { expect } from 'chai';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { selectClockOffsets } from '../../src/db/timestamps.ts';
import { type ClockReading, ClockWatch } from '../../src/timestamp/clock-watch.ts';
import { useTestDatabase } from '../support/postgres.ts';

const LIMIT_MS = 1000;
const MINUTE_MS = 60_000;

describe('ClockWatch', () => {
  const databaseUrl = useTestDatabase();
  let db: Database;
  let nowMs: number;
  let server = 0;
  let watch: ClockWatch;

  before(async () => {
    db = openDatabase({ url: databaseUrl(), maxConnections: 3 });
    await migrate(db);
  });
  beforeEach(async () => {
    nowMs = Date.now();
    server++;
    watch = watchWith([]);
    await db.pool.query('update alarm set cleared_at = now()');
  });
  after(() => db.close());

  const watchWith = (sources: (() => Promise<ClockReading | undefined>)[], errors: unknown[] = []) =>
    new ClockWatch({
      db,
      nowMs: () => nowMs,
      server: `server-${server}`,
      limitMs: LIMIT_MS,
      sources,
      onTrouble: (error) => errors.push(error),
    });
  /** What a source shows that is `aheadMs` ahead of this server, after a way of 20 ms. */
  const reading = (source: string, aheadMs: number, changes: Partial<ClockReading> = {}): ClockReading => ({
    source,
    theirsMs: nowMs + aheadMs,
    accuracyMs: 100,
    askedMs: nowMs - 10,
    answeredMs: nowMs + 10,
    tells: 'time',
    ...changes,
  });
  const rows = async () =>
    (await selectClockOffsets(db.pool, 100))
      .filter((row) => row.server === `server-${server}`)
      .map(({ source, offsetMs, uncertaintyMs, withinLimit }) => [source, offsetMs, uncertaintyMs, withinLimit]);
  const alarms = async () => (await selectOpenAlarms(db.pool)).map(({ code, subject }) => [code, subject]);

  it('asks the database, records the offset, and finds a right clock right', async () => {
    await watch.measure();
    const [row] = await rows();
    expect(row?.[0]).to.equal('database');
    expect(row?.[3]).to.equal(true);
    expect(watch.isOut()).to.equal(false);
    expect(await alarms()).to.deep.equal([]);
  });

  it('notices that its own clock is wrong by the database', async () => {
    nowMs += 5000;
    await watch.measure();
    expect(watch.isOut()).to.equal(true);
    const [row] = await rows();
    expect(Number(row?.[1])).to.be.closeTo(5000, 900);
    expect(await alarms()).to.deep.equal([['clock-off', `clock of server-${server}, database`]]);
  });

  it('closes the alarm when the clock is right again', async () => {
    nowMs += 5000;
    await watch.measure();
    nowMs -= 5000;
    await watch.measure();
    expect([watch.isOut(), await alarms()]).to.deep.equal([false, []]);
    expect((await rows()).map((row) => row[3])).to.have.members([false, true]);
  });

  it('gives a source the benefit of its accuracy and of the time on the way', async () => {
    await watch.observe(reading('authority', -1105));
    expect(watch.isOut()).to.equal(false);
    await watch.observe(reading('authority', -1115));
    expect(watch.isOut()).to.equal(true);
    await watch.observe(reading('authority', -1115, { askedMs: nowMs - 400, answeredMs: nowMs + 400 }));
    expect(watch.isOut()).to.equal(false);
  });

  it('is not put out by one liar among three, is by one of two, and tells of him in any case', async () => {
    await watch.observe(reading('one', 0));
    await watch.observe(reading('two', 10));
    await watch.observe(reading('liar', 3600_000));
    expect(watch.isOut()).to.equal(false);
    expect(await alarms()).to.deep.equal([['clock-off', `clock of server-${server}, liar`]]);
    const other = watchWith([]);
    await other.observe(reading('one', 0));
    await other.observe(reading('liar', -3600_000));
    expect(other.isOut()).to.equal(true);
  });

  it('takes a block as a bound: it shows a clock that is behind, never one that is ahead', async () => {
    await watch.observe(reading('chain eip155:1', -900_000, { tells: 'not-before', accuracyMs: 15_000 }));
    expect(watch.isOut()).to.equal(false);
    await watch.observe(reading('chain eip155:1', 20_000, { tells: 'not-before', accuracyMs: 15_000 }));
    expect(watch.isOut()).to.equal(true);
  });

  it('forgets what it saw more than ten minutes ago', async () => {
    await watch.observe(reading('authority', 60_000));
    nowMs += 11 * MINUTE_MS;
    expect(watch.isOut()).to.equal(false);
  });

  it('records a source every ten minutes, and at once when it crosses the limit', async () => {
    for (let minute = 0; minute < 12; minute++) {
      await watch.observe(reading('authority', 0));
      nowMs += MINUTE_MS;
    }
    expect(await rows()).to.have.length(2);
    await watch.observe(reading('authority', 9000));
    await watch.observe(reading('authority', 9001));
    expect(await rows()).to.have.length(3);
  });

  it('goes on when a source does not answer', async () => {
    const errors: unknown[] = [];
    const deaf = () => Promise.reject(new Error('no answer'));
    const third = watchWith([deaf, async () => undefined, async () => reading('third', 0)], errors);
    await third.measure();
    expect((await rows()).map((row) => row[0])).to.have.members(['database', 'third']);
    expect(errors).to.have.length(1);
  });

  it('looks by itself between start and stop', async () => {
    watch.start(20);
    for (let i = 0; i < 100 && (await rows()).length === 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await watch.stop();
    expect((await rows()).map((row) => row[0])).to.deep.equal(['database']);
  });

  it('never changes what it recorded', async () => {
    await watch.observe(reading('authority', 0));
    for (const statement of [
      'update clock_offset set offset_ms = 0',
      'delete from clock_offset',
      'truncate clock_offset',
    ]) {
      const code = await db.pool.query(statement).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect(code, statement).to.equal('23000');
    }
  });
});
