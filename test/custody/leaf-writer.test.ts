import { expect } from 'chai';
import type { PoolClient } from 'pg';
import { recordedBefore } from '../../src/custody/custodian.ts';
import { CustodyLeafWriter } from '../../src/custody/leaf-writer.ts';
import { selectCustodyChain, selectCustodyEvents, selectCustodyLeaves } from '../../src/db/custody.ts';
import type { Database } from '../../src/db/pool.ts';
import { parseCustodyRecord } from '../../src/format/custody.ts';
import { DEPOSIT_ID } from '../certificate/evidence-fixture.ts';
import { CustodyWorld } from './custody-world.ts';

const INTERVAL_MS = 600_000;

describe('CustodyLeafWriter', () => {
  let world: CustodyWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await CustodyWorld.open();
  });
  afterEach(() => world.close());

  const writer = (db: Database = world.db) =>
    new CustodyLeafWriter({ db, intervalMs: INTERVAL_MS, nowMs: () => world.nowMs, onTrouble: () => {} });
  const counts = async () =>
    (await selectCustodyLeaves(world.db.pool, DEPOSIT_ID)).map(({ body }) => parseCustodyRecord(body).count);

  it('writes nothing before the news is ten minutes old', async () => {
    await recordedBefore(world.db, world.act('viewed'));
    world.nowMs += INTERVAL_MS - 1;
    expect(await writer().writeDue()).to.equal(0);
    world.nowMs += 1;
    expect(await writer().writeDue()).to.equal(1);
    expect(await counts()).to.deep.equal([2]);
  });

  it('writes nothing where nothing new was recorded', async () => {
    await recordedBefore(world.db, world.act('viewed'));
    world.nowMs += INTERVAL_MS;
    await writer().writeDue();
    world.nowMs += 10 * INTERVAL_MS;
    expect(await writer().writeDue()).to.equal(0);
    await recordedBefore(world.db, world.act('certified'));
    world.nowMs += INTERVAL_MS;
    expect(await writer().writeDue()).to.equal(0);
  });

  it('covers a link that was opened a thousand times with one leaf in each ten minutes', async function () {
    this.timeout(60_000);
    const look = writer();
    for (let i = 0; i < 1000; i++) {
      const actor = { accountId: null, userId: null, by: 'link', linkId: 'l1' } as const;
      await recordedBefore(world.db, world.act('link-opened', { actor, detail: { opening: String(i) } }));
      world.nowMs += 1_200;
      if (i % 50 === 49) await look.writeDue();
    }
    world.nowMs += INTERVAL_MS;
    await look.writeDue();
    expect(await world.count('custody_event')).to.equal(1001);
    // Twenty minutes of openings: one leaf for each ten, and at most one for the rest.
    expect((await counts()).length).to.be.within(2, 3);
    expect((await counts()).at(-1)).to.equal(1001);
  });

  it('does not wait for a chain that somebody is adding to', async () => {
    await recordedBefore(world.db, world.act('viewed'));
    world.nowMs += INTERVAL_MS;
    await world.db.transaction(async (client) => {
      await client.query('select from custody_chain for update');
      expect(await writer().writeDue()).to.equal(0);
    });
    expect(await writer().writeDue()).to.equal(1);
  });

  it('writes one leaf, whichever of several servers is first', async () => {
    await recordedBefore(world.db, world.act('viewed'));
    world.nowMs += INTERVAL_MS;
    const written = await Promise.all([writer(), writer(), writer()].map((one) => one.writeDue()));
    expect(written.reduce((sum, n) => sum + n)).to.equal(1);
    expect(await counts()).to.deep.equal([2]);
  });

  describe('whatever breaks off', () => {
    const STATEMENTS: [string, RegExp][] = [
      ['the lock', /^select deposit_id .* for update skip locked/s],
      ['the submission', /^insert into submission/],
      ['the row of the leaf', /^insert into custody_leaf/],
      ['the note in the chain', /^update custody_chain/],
    ];
    for (const [act, pattern] of STATEMENTS) {
      it(`leaves no half leaf, and the next look writes it: ${act} fails`, async () => {
        await recordedBefore(world.db, world.act('viewed'));
        world.nowMs += INTERVAL_MS;
        const outcome = await writer(failingOnce(world.db, pattern))
          .writeDue()
          .catch((error: Error) => error.message);
        expect(outcome).to.equal('connection lost');
        expect(await world.count('custody_leaf')).to.equal(0);
        expect(await writer().writeDue()).to.equal(1);
        expect(await counts()).to.deep.equal([2]);
      });
    }

    it('leaves no second leaf when a commit was done and its answer lost', async () => {
      await recordedBefore(world.db, world.act('viewed'));
      world.nowMs += INTERVAL_MS;
      const forgetful: Database = {
        ...world.db,
        pool: world.db.pool,
        transaction: async (work) => {
          await world.db.transaction(work);
          throw new Error('connection lost');
        },
      };
      await writer(forgetful)
        .writeDue()
        .catch(() => {});
      expect(await writer().writeDue()).to.equal(0);
      expect(await counts()).to.deep.equal([2]);
    });

    const EVENT: [string, RegExp][] = [
      ['the lock of the deposit', /^select account_id .* for key share/s],
      ['the event', /^insert into custody_event/],
      ['who acted', /^insert into custody_actor/],
      ['the leaf', /^insert into custody_leaf/],
      ['the end of the chain', /^update custody_chain/],
    ];
    for (const [act, pattern] of EVENT) {
      it(`leaves no half event of an export: ${act} fails`, async () => {
        const failing = failingOnce(world.db, pattern);
        const outcome = await recordedBefore(failing, world.act('exported')).catch((error: Error) => error.message);
        expect(outcome).to.equal('connection lost');
        expect(await selectCustodyChain(world.db.pool, DEPOSIT_ID)).to.equal(undefined);
        expect(await world.count('custody_event')).to.equal(0);
        expect(await world.count('submission')).to.equal(1);
        await recordedBefore(failing, world.act('exported'));
        expect((await selectCustodyEvents(world.db.pool, DEPOSIT_ID, 9)).map(({ index }) => index)).to.deep.equal([
          0, 1,
        ]);
        expect(await counts()).to.deep.equal([2]);
      });
    }
  });
});

/** Refuses the first statement that looks so, inside a transaction. */
function failingOnce(db: Database, pattern: RegExp): Database {
  let failed = false;
  return {
    pool: db.pool,
    close: () => db.close(),
    transaction: (work) =>
      db.transaction((client) =>
        work(
          new Proxy(client, {
            get: (target, property) => {
              const value: unknown = Reflect.get(target, property);
              if (property !== 'query') return typeof value === 'function' ? value.bind(target) : value;
              return (text: string, values?: unknown[]) => {
                if (!failed && pattern.test(text.trim())) {
                  failed = true;
                  return Promise.reject(new Error('connection lost'));
                }
                return target.query(text, values);
              };
            },
          }) as PoolClient,
        ),
      ),
  };
}
