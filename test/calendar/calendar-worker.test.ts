import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { CalendarClient } from '../../src/calendar/calendar-client.ts';
import { CalendarWorker, parseCalendarAttestation } from '../../src/calendar/calendar-worker.ts';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { selectAttestations } from '../../src/db/attestations.ts';
import { insertCheckpoint } from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { checkOpentimestamps } from '../../src/verify/opentimestamps.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { StandInBitcoin } from '../support/bitcoin-chain.ts';
import { TestCalendar } from '../support/calendar.ts';
import { createTestDatabase } from '../support/postgres.ts';

const START = Date.UTC(2026, 10, 22);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const rootOf = (treeSize: bigint) => new Uint8Array(createHash('sha256').update(`root ${treeSize}`).digest());

describe('CalendarWorker', () => {
  let db: Database;
  let drop: () => Promise<void>;
  let calendar: TestCalendar;
  let other: TestCalendar;
  let now: number;
  beforeEach(async function () {
    this.timeout(60_000);
    patienceMs = 5000;
    const database = await createTestDatabase();
    drop = database.drop;
    db = openDatabase({ url: database.url, maxConnections: 4 });
    await migrate(db);
    const bitcoin = new StandInBitcoin();
    calendar = await TestCalendar.start(bitcoin);
    other = await TestCalendar.start(bitcoin);
    now = START;
  });
  afterEach(async () => {
    await Promise.all([calendar.stop(), other.stop()]);
    await db.close();
    await drop();
  });

  const publish = async (treeSize: bigint) => {
    const note = new TextEncoder().encode(`checkpoint ${treeSize}`);
    await insertCheckpoint(db.pool, { treeSize, rootHash: rootOf(treeSize), note });
    await db.pool.query('insert into publication (tree_size, published_at) values ($1, $2)', [treeSize, new Date(now)]);
  };
  const headersAt = async (height: number) => {
    const found = calendar.bitcoin.headers().filter((h) => h.height === height);
    return found.length === 0 ? undefined : found.map(({ header }) => header);
  };
  /** What is no matter of time gets time, however busy the machine. */
  let patienceMs: number;
  const work = (at = calendar, intervalMs = 0) =>
    new CalendarWorker({
      db,
      client: new CalendarClient({ url: at.url, timeoutMs: patienceMs, headersAt }),
      intervalMs,
      now: () => now,
      onTrouble: () => {},
    });
  const rows = async (treeSize: bigint) =>
    (await selectAttestations(db.pool, treeSize)).map(({ source, complete, body }) => ({
      source,
      complete,
      status: checkOpentimestamps(
        parseCalendarAttestation(body),
        rootOf(treeSize),
        null,
        openTrust(undefined, [], undefined, calendar.bitcoin.headers()),
      ).check.status,
    }));
  const alarms = async () => (await selectOpenAlarms(db.pool)).map(({ code, subject }) => `${code} ${subject}`);

  it('stamps the newest publication once, at each calendar, and completes each proof by itself', async () => {
    const [first, second] = [work(calendar), work(other)];
    await first.turn();
    await publish(5n);
    for (const worker of [first, second, first, second]) await worker.turn();
    expect(calendar.digests).to.have.length(1);
    expect(await rows(5n)).to.have.deep.members([
      { source: calendar.url, complete: false, status: 'pending' },
      { source: other.url, complete: false, status: 'pending' },
    ]);
    other.mine(now / 1000);
    now += 2 * MINUTE;
    for (const worker of [first, second]) await worker.turn();
    expect(await rows(5n)).to.have.deep.members([
      { source: calendar.url, complete: false, status: 'pending' },
      { source: other.url, complete: true, status: 'passed' },
    ]);
    expect([first.status(), second.status()].map(({ state }) => state)).to.deep.equal(['ok', 'ok']);
  });

  it('leaves out publications between two stamps, and those before its time', async () => {
    const worker = work(calendar, 10 * MINUTE);
    await publish(1n);
    await publish(2n);
    await worker.turn();
    now += 9 * MINUTE;
    await publish(3n);
    await worker.turn();
    now += MINUTE;
    await publish(4n);
    await worker.turn();
    const stamped = await db.pool.query('select tree_size as "treeSize" from attestation order by 1');
    expect(stamped.rows).to.deep.equal([{ treeSize: 2n }, { treeSize: 4n }]);
  });

  it('stamps what is being anchored at once, so that certificates carry both', async () => {
    const worker = work(calendar, 10 * MINUTE);
    await publish(1n);
    await worker.turn();
    now += MINUTE;
    await publish(2n);
    await db.pool.query(
      `insert into anchor (chain, contract, tree_size, root_hash, state, state_since) values ('eip155:1', $1, 2, $2, 'intended', now())`,
      [Buffer.alloc(20, 1), rootOf(2n)],
    );
    await publish(3n);
    await worker.turn();
    await worker.turn();
    const stamped = await db.pool.query('select tree_size as "treeSize" from attestation order by 1');
    expect(stamped.rows).to.deep.equal([{ treeSize: 1n }, { treeSize: 2n }]);
  });

  it('never rejects, also when the database is away', async () => {
    const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', maxConnections: 1 });
    const troubles: unknown[] = [];
    const client = new CalendarClient({ url: calendar.url, timeoutMs: patienceMs });
    const worker = new CalendarWorker({
      db: away,
      client,
      intervalMs: 0,
      now: () => now,
      onTrouble: (e) => troubles.push(e),
    });
    const pauses = [await worker.turn(), await worker.turn(), await worker.turn()];
    expect(pauses).to.deep.equal([200, 400, 800]);
    expect(worker.status().state).to.equal('waiting');
    expect(troubles).to.have.length(3);
    expect(calendar.requests).to.deep.equal([]);
    await away.close();
  });

  it('asks soon at first and seldom later', async () => {
    const worker = work();
    await publish(1n);
    await worker.turn();
    const asked: number[] = [];
    for (; now < START + 72 * HOUR; now += now < START + 2 * HOUR ? MINUTE : 10 * MINUTE) {
      const before = calendar.requests.length;
      await worker.turn();
      if (calendar.requests.length > before) asked.push((now - START) / MINUTE);
    }
    expect(asked.slice(0, 4)).to.deep.equal([1, 2, 3, 4]);
    expect(asked.filter((minute) => minute <= 60)).to.have.length.lessThan(20);
    const late = asked.filter((minute) => minute > 48 * 60);
    expect(late).to.have.length(4);
  });

  it('goes on where another process ended: one that lost the answer asks for another', async () => {
    await publish(1n);
    const client = new CalendarClient({ url: calendar.url, timeoutMs: patienceMs });
    await client.stamp(rootOf(1n));
    await work().turn();
    calendar.mine(now / 1000);
    now += MINUTE;
    await work().turn();
    expect(await rows(1n)).to.deep.equal([{ source: calendar.url, complete: true, status: 'passed' }]);
    expect(calendar.digests).to.have.length(2);
  });

  it('has two servers take turns', async () => {
    await publish(1n);
    await Promise.all([work().turn(), work().turn(), work().turn()]);
    expect(calendar.digests).to.have.length(1);
  });

  for (const [fault, state, code] of [
    ['down', 'unreachable', 'calendar-unreachable'],
    ['slow', 'unreachable', 'calendar-timeout'],
    ['garbage', 'waiting', 'calendar-malformed'],
    ['oversized', 'waiting', 'calendar-malformed'],
    ['another-digest', 'waiting', 'calendar-malformed'],
    ['another-name', 'waiting', 'calendar-unrelated'],
  ] as const) {
    it(`stores nothing while a calendar is ${fault}, says so, raises its alarm in an hour, and goes on by itself`, async () => {
      const well = work(other);
      if (fault === 'slow') patienceMs = 300;
      const ill = work(calendar);
      calendar.fault = fault;
      await publish(1n);
      for (const worker of [ill, well]) await worker.turn();
      expect(ill.status()).to.deep.include({ state }).and.to.have.nested.property('reason.code', code);
      expect(await rows(1n)).to.deep.equal([{ source: other.url, complete: false, status: 'pending' }]);
      expect(await alarms()).to.deep.equal([]);
      now += HOUR;
      for (const worker of [ill, well]) await worker.turn();
      expect(await alarms()).to.deep.equal([`calendar-unreachable ${calendar.url}`]);
      expect(well.status().state).to.equal('ok');
      calendar.fault = undefined;
      await ill.turn();
      expect(ill.status().state).to.equal('ok');
      expect(await alarms()).to.deep.equal([]);
      expect(await rows(1n)).to.have.length(2);
    });
  }

  it('never stores a wrong block, raises the alarm at once, and takes the right one later', async () => {
    const worker = work();
    await publish(1n);
    await worker.turn();
    calendar.mine(now / 1000);
    calendar.fault = 'wrong-block';
    now += 2 * MINUTE;
    await worker.turn();
    expect(await rows(1n)).to.deep.equal([{ source: calendar.url, complete: false, status: 'pending' }]);
    expect(await alarms()).to.deep.equal([`calendar-wrong-block ${calendar.url}`]);
    calendar.fault = undefined;
    now += 2 * MINUTE;
    await worker.turn();
    expect(await rows(1n)).to.deep.equal([{ source: calendar.url, complete: true, status: 'passed' }]);
    expect(await alarms()).to.deep.equal([]);
  });

  it('completes old proofs of a calendar that takes nothing new', async () => {
    const worker = work();
    await publish(1n);
    await worker.turn();
    calendar.mine(now / 1000);
    await publish(2n);
    now += 2 * MINUTE;
    const client = new CalendarClient({ url: calendar.url, timeoutMs: patienceMs, headersAt });
    const closed = {
      url: calendar.url,
      upgrade: client.upgrade.bind(client),
      stamp: () => Promise.reject(new Error('full')),
    };
    await new CalendarWorker({ db, client: closed, intervalMs: 0, now: () => now, onTrouble: () => {} }).turn();
    expect(await rows(1n)).to.deep.equal([{ source: calendar.url, complete: true, status: 'passed' }]);
  });

  it('keeps what a calendar gave that has stopped existing', async () => {
    const worker = work(other);
    await publish(1n);
    await worker.turn();
    other.mine(now / 1000);
    now += 2 * MINUTE;
    await worker.turn();
    await publish(2n);
    const { url } = other;
    await worker.turn();
    await other.stop();
    now += HOUR;
    await worker.turn();
    expect(worker.status().state).to.equal('unreachable');
    expect(await rows(1n)).to.deep.equal([{ source: url, complete: true, status: 'passed' }]);
    expect(await rows(2n)).to.deep.equal([{ source: url, complete: false, status: 'pending' }]);
    other = await TestCalendar.start();
  });
});
