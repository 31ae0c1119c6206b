import { createHash, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { withAdvisoryLock } from '../../src/db/advisory-lock.ts';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { selectIntendedStamps } from '../../src/db/archive.ts';
import type { Database } from '../../src/db/pool.ts';
import { fenced } from '../../src/db/row-security.ts';
import { parseEvidenceRecord } from '../../src/format/evidence-record.ts';
import { ArchiveWorker } from '../../src/renewal/archive-worker.ts';
import { archiveNewDeposits } from '../../src/renewal/deposit-archive.ts';
import { monthsLater, selectDue } from '../../src/renewal/due.ts';
import { EvidenceRecords } from '../../src/renewal/evidence-records.ts';
import { ARCHIVE_LOCK } from '../../src/renewal/renew.ts';
import { checkEvidenceRecord } from '../../src/verify/evidence-record.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { useTestDatabase } from '../support/postgres.ts';
import { ArchiveWorld, dataObject } from './archive-world.ts';

const text = (content: string) => new Uint8Array(Buffer.from(content));
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest();

describe('the archive over decades', function () {
  this.timeout(60_000);
  const databaseUrl = useTestDatabase();
  let world: ArchiveWorld;
  let single: string;
  let several: string;
  let publication: { treeSize: bigint; note: Uint8Array; sources: string[] };
  const photo = text('a photograph');
  const papers = ['invoice', 'contract', 'letter'].map(text);

  before(async () => {
    world = await ArchiveWorld.open(databaseUrl());
    world.useAuthority('First authority', 2026, 2029);
    single = await world.deposit([photo]);
    several = await world.deposit(papers);
    publication = await world.publish();
  });
  after(() => world.db.close());

  /** Read as a request of the depositor reads them. */
  const records = () =>
    new EvidenceRecords(fenced(world.db, { accountId: world.accountId, at: new Date(world.nowMs) }));
  /** Verified by a reader who trusts all authorities: outcomes that are not passed, how many timestamps, and the earliest time. */
  async function verdict(record: Uint8Array, ...contents: Uint8Array[]) {
    const parsed = parseEvidenceRecord(record);
    const { checks, times } = await checkEvidenceRecord(parsed, contents.map(dataObject), world.trust());
    return {
      wrong: checks.filter(({ status }) => status !== 'passed'),
      chains: parsed.chains.map((chain) => chain.length),
      first: times[0] && new Date(times[0].unixMs).toISOString().slice(0, 10),
    };
  }
  async function everything() {
    const [one] = await records().ofDeposit(single);
    const many = await records().ofDeposit(several);
    const published = await records().ofPublication(publication.treeSize, publication.sources[0] as string);
    expect(many.map(({ index }) => index)).to.deep.equal([0, 1, 2, null]);
    const group = many.at(-1)?.bytes as Uint8Array;
    return [
      await verdict(one?.bytes as Uint8Array, photo),
      ...(await Promise.all(papers.map((paper, i) => verdict(many[i]?.bytes as Uint8Array, paper)))),
      await verdict(group, ...papers),
      await verdict(published as Uint8Array, publication.note),
    ];
  }
  const all = (chains: number[]) => Array(6).fill({ wrong: [], chains, first: '2026-11-22' });

  it('has no record before the first stamp', async () => {
    expect(await records().ofDeposit(single)).to.deep.equal([]);
  });

  it('begins a record for every file, and for all files of a deposit that has several, with one token', async () => {
    world.imprints.length = 0;
    expect(await world.archive()).to.equal(2);
    expect(world.imprints).to.have.lengthOf(1);
    expect(await everything()).to.deep.equal(all([1]));
    expect(await world.archive()).to.equal(0);
  });

  it('shows neither an authority nor the reader of one record the digest of another file', async () => {
    const digests = [photo, ...papers].map(sha256);
    for (const digest of digests) expect(world.imprints.some((imprint) => digest.equals(imprint))).to.equal(false);
    const [one] = await records().ofDeposit(single);
    const [first] = await records().ofDeposit(several, 0);
    for (const [i, record] of [one, first].entries()) {
      const shown = digests.filter((digest) => Buffer.from(record?.bytes as Uint8Array).includes(digest));
      expect(shown).to.deep.equal([digests[i]]);
    }
  });

  it('shows nobody else any record', async () => {
    const stranger = new EvidenceRecords(fenced(world.db, { accountId: randomUUID(), at: new Date(world.nowMs) }));
    expect(await stranger.ofDeposit(single)).to.deep.equal([]);
    expect(await stranger.ofDeposit(several, null)).to.deep.equal([]);
  });

  it('says of all files together that they are the whole group', async () => {
    const [group] = await records().ofDeposit(several, null);
    const parsed = parseEvidenceRecord(group?.bytes as Uint8Array);
    const { checks } = await checkEvidenceRecord(parsed, papers.map(dataObject), world.trust());
    expect(checks.filter(({ name }) => name === 'ers.object').map(({ facts }) => facts.group)).to.deep.equal(
      Array(3).fill('complete'),
    );
  });

  it('finds nothing due while everything lasts, and says what ends first', async () => {
    const due = await selectDue(world.db.pool, world.settings(), world.nowMs);
    expect(due.filter((item) => item.due)).to.deep.equal([]);
    expect(due.slice(0, 2).map(({ action, until }) => [action, until])).to.deep.equal([
      ['timestamp-renewal', '2029-01-01T00:00:00.000Z'],
      ['timestamp-renewal', '2029-01-01T00:00:00.000Z'],
    ]);
    expect(await world.renew()).to.deep.equal({ resumed: 0, timestamps: 0, objects: 0, left: [] });
  });

  it('does not renew with an authority whose own certificate is about to end', async () => {
    world.nowMs = Date.parse('2028-03-01T00:00:00Z');
    const due = (await selectDue(world.db.pool, world.settings(), world.nowMs)).filter((item) => item.due);
    expect(due.map(({ action, what, count, because }) => [action, what, count, because])).to.have.deep.members([
      ['timestamp-renewal', 'publication tokens', 1, 'certificate-ends'],
      ['timestamp-renewal', 'archive timestamps', 1, 'certificate-ends'],
    ]);
    const error = await rejectionOf(world.renew(), 'no-lasting-authority');
    expect(error.message).to.contain('First authority').and.to.contain('2029-01-01');
    expect(await everything()).to.deep.equal(all([1]));
  });

  it('goes on with the tree that it had begun, and renews all timestamps with one token', async () => {
    expect(await selectIntendedStamps(world.db.pool)).to.have.lengthOf(1);
    world.useAuthority('Second authority', 2027, 2040);
    world.imprints.length = 0;
    expect(await world.renew()).to.deep.equal({ resumed: 1, timestamps: 0, objects: 0, left: [] });
    expect(world.imprints).to.have.lengthOf(1);
    expect(await everything()).to.deep.equal(all([2]));
    const due = await selectDue(world.db.pool, world.settings(), world.nowMs);
    expect(due.filter((item) => item.due)).to.deep.equal([]);
  });

  it('proves the first time long after the first authority is gone', async () => {
    world.nowMs = Date.parse('2033-01-01T00:00:00Z');
    expect(await everything()).to.deep.equal(all([2]));
  });

  it('hashes the originals again when the digest algorithm ends', async () => {
    const settings = { digests: { sha256: '2034-01-01T00:00:00.000Z' } };
    world.nowMs = Date.parse('2033-06-01T00:00:00Z');
    const due = (await selectDue(world.db.pool, world.settings(settings), world.nowMs)).filter((item) => item.due);
    expect(due.map(({ action, of, count }) => [action, of, count])).to.deep.include.members([
      ['hash-tree-renewal', 'SHA-256', 5],
    ]);
    const outcome = await world.renew(settings);
    expect(outcome).to.deep.equal({ resumed: 0, timestamps: 0, objects: 6, left: [] });
    expect(await everything()).to.deep.equal(all([2, 1]));
    expect(await world.renew(settings)).to.deep.equal({ resumed: 0, timestamps: 0, objects: 0, left: [] });
  });

  it('renews the timestamp of the new chain alone', async () => {
    world.nowMs = Date.parse('2035-02-01T00:00:00Z');
    world.useAuthority('Third authority', 2034, 2048);
    // No kind of key is known today to last beyond 2035, so that nothing would last; by then more will be known.
    const error = await rejectionOf(world.renew(), 'no-lasting-authority');
    expect(error.message).to.contain('P-384').and.to.contain('2035-12-31');
    const settings = { keys: { 'P-384': '2050-01-01T00:00:00.000Z' } };
    expect(await world.renew(settings)).to.deep.equal({ resumed: 1, timestamps: 0, objects: 0, left: [] });
    expect(await everything()).to.deep.equal(all([2, 2]));
  });
});

describe('renewing what cannot all be renewed', function () {
  this.timeout(60_000);
  const databaseUrl = useTestDatabase();
  let world: ArchiveWorld;
  const settings = { digests: { sha256: '2030-01-01T00:00:00.000Z' } };

  before(async () => {
    world = await ArchiveWorld.open(databaseUrl());
    world.useAuthority('Authority', 2026, 2035);
  });
  after(() => world.db.close());

  it('names the files whose original is not held or is another one, and renews the others', async () => {
    const declared = await world.deposit([text('declared')], { held: false });
    const mixed = await world.deposit([text('kept'), text('rotten')], { held: false });
    await world.hold(mixed, 0, text('kept'));
    await world.hold(mixed, 1, text('ROTTEN'));
    await world.archive();
    world.nowMs = Date.parse('2029-06-01T00:00:00Z');
    const outcome = await world.renew(settings);
    expect(outcome.objects).to.equal(1);
    expect(outcome.left).to.have.deep.members([
      { object: `file 0 of deposit ${declared}`, because: 'original-not-held' },
      { object: `file 1 of deposit ${mixed}`, because: 'original-differs' },
    ]);
    const made = await new EvidenceRecords(world.db.pool).ofDeposit(mixed);
    expect(made.map(({ bytes }) => parseEvidenceRecord(bytes).chains.length)).to.deep.equal([2, 1, 1]);
  });

  it('keeps the timestamps alive on which those others still rest', async () => {
    const due = await selectDue(world.db.pool, world.settings({ monthsBefore: 72 }), world.nowMs);
    const stamps = due.filter((item) => item.due && item.what === 'archive timestamps');
    expect(stamps).to.have.lengthOf(2);
  });

  it('refuses to go over to a digest that ends as soon', async () => {
    const both = { digests: { ...settings.digests, sha512: '2030-02-01T00:00:00.000Z' } };
    await rejectionOf(world.renew(both), 'no-lasting-digest');
  });

  it('leaves the work to a process that is at it', async () => {
    await withAdvisoryLock(world.db, ARCHIVE_LOCK, async () => {
      await rejectionOf(world.renew(settings), 'renewal-running');
    });
  });

  it('gives no record once what it needs was erased', async () => {
    const erased = await world.deposit([text('to be erased')]);
    await world.archive();
    expect(await new EvidenceRecords(world.db.pool).ofDeposit(erased)).to.have.lengthOf(1);
    await world.db.pool.query('delete from archive_blind where deposit_id = $1', [erased]);
    expect(await new EvidenceRecords(world.db.pool).ofDeposit(erased)).to.deep.equal([]);
  });
});

describe('a crash while the archive is stamped', function () {
  this.timeout(60_000);
  const databaseUrl = useTestDatabase();
  let world: ArchiveWorld;
  const content = text('crash');

  before(async () => {
    world = await ArchiveWorld.open(databaseUrl());
    world.useAuthority('Authority', 2026, 2035);
  });
  after(() => world.db.close());

  /** A database of which the n-th statement of this kind ends in an error, done or not. */
  function failing(pattern: RegExp, done: boolean): Database {
    let failed = false;
    const wrap = <T extends { query: unknown }>(client: T): T =>
      new Proxy(client, {
        get(target, name) {
          const value = Reflect.get(target, name, target);
          if (name !== 'query') return typeof value === 'function' ? value.bind(target) : value;
          return async (...args: unknown[]) => {
            if (failed || !pattern.test(String(args[0])))
              return (value as (...a: unknown[]) => unknown).apply(target, args);
            failed = true;
            if (done) await (value as (...a: unknown[]) => unknown).apply(target, args);
            throw new Error('crash');
          };
        },
      });
    return {
      pool: wrap(world.db.pool),
      transaction: (work) => world.db.transaction((client) => work(wrap(client))),
      close: () => world.db.close(),
    };
  }

  for (const [where, pattern] of [
    ['writing the blinds', /insert into archive_blind/],
    ['writing the tree', /insert into archive_stamp/],
    ['writing the leaves', /insert into archive_leaf/],
    ['writing the token', /update archive_stamp/],
  ] as const) {
    for (const done of [false, true]) {
      it(`${where}${done ? ', done,' : ''} leaves a deposit that the next run gives one record`, async () => {
        const depositId = await world.deposit([content]);
        const broken = world.stamper({ db: failing(pattern, done) });
        let message = '';
        await archiveNewDeposits(world.db.pool, broken).catch((error: Error) => {
          message = error.message;
        });
        expect(message).to.equal('crash');
        await world.stamper().complete();
        await world.archive();
        expect(await selectIntendedStamps(world.db.pool)).to.deep.equal([]);
        const [record, ...more] = await new EvidenceRecords(world.db.pool).ofDeposit(depositId);
        expect(more).to.deep.equal([]);
        const { checks } = await checkEvidenceRecord(
          parseEvidenceRecord(record?.bytes as Uint8Array),
          [dataObject(content)],
          world.trust(),
        );
        expect(checks.every(({ status }) => status === 'passed')).to.equal(true);
      });
    }
  }

  it('of an authority leaves the tree for the next run, and the deposit in it', async () => {
    const depositId = await world.deposit([content]);
    const working = world.authorities;
    world.authorities = [];
    await rejectionOf(world.archive(), 'no-authority');
    expect(await world.archive()).to.equal(0);
    world.authorities = working;
    expect(await world.stamper().complete()).to.equal(1);
    expect(await new EvidenceRecords(world.db.pool).ofDeposit(depositId)).to.have.lengthOf(1);
  });
});

describe('ArchiveWorker', function () {
  this.timeout(60_000);
  const databaseUrl = useTestDatabase();
  let world: ArchiveWorld;

  before(async () => {
    world = await ArchiveWorld.open(databaseUrl());
    world.useAuthority('First authority', 2026, 2029);
  });
  after(() => world.db.close());

  const worker = (settings: Record<string, unknown> = {}) =>
    new ArchiveWorker({ ...world.parts(settings), intervalMs: 1000, onTrouble: () => {} });
  const alarms = async () => (await selectOpenAlarms(world.db.pool)).map(({ code }) => code);

  it('begins records, and raises no alarm while nothing is due', async () => {
    const depositId = await world.deposit([text('one')]);
    expect(await worker().turn()).to.equal(1000);
    expect(await new EvidenceRecords(world.db.pool).ofDeposit(depositId)).to.have.lengthOf(1);
    expect(await alarms()).to.deep.equal([]);
  });

  it('raises the alarm when something is due, and renews nothing by itself', async () => {
    world.nowMs = Date.parse('2028-06-01T00:00:00Z');
    world.useAuthority('Second authority', 2028, 2035);
    await worker().turn();
    const [alarm] = await selectOpenAlarms(world.db.pool);
    expect(alarm?.code).to.equal('renewal-due');
    expect(alarm?.detail).to.contain('First authority').and.to.contain('2029-01-01');
    const { rows } = await world.db.pool.query("select 1 from archive_stamp where round <> 'initial'");
    expect(rows).to.deep.equal([]);
  });

  it('renews timestamps by itself where the settings allow it, and clears the alarm', async () => {
    await worker({ automatic: 'timestamp-renewal' }).turn();
    expect(await alarms()).to.deep.equal([]);
  });

  it('raises an alarm when no authority gives a token three times, and waits longer each time', async () => {
    await world.deposit([text('two')]);
    const authorities = world.authorities;
    world.authorities = [];
    const failing = worker();
    expect([await failing.turn(), await failing.turn(), await failing.turn()]).to.deep.equal([2000, 4000, 8000]);
    expect(await alarms()).to.deep.equal(['archive-stamping-failed']);
    world.authorities = authorities;
    await failing.turn();
    expect(await alarms()).to.deep.equal([]);
  });
});

describe('monthsLater', () => {
  it('keeps to the last day of a shorter month', () => {
    const later = (at: string, months: number) => new Date(monthsLater(Date.parse(at), months)).toISOString();
    expect(later('2027-01-31T10:00:00.000Z', 1)).to.equal('2027-02-28T10:00:00.000Z');
    expect(later('2027-11-30T10:00:00.000Z', 12)).to.equal('2028-11-30T10:00:00.000Z');
    expect(later('2027-12-31T10:00:00.000Z', 2)).to.equal('2028-02-29T10:00:00.000Z');
  });
});
