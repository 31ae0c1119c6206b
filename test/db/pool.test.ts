import { expect } from 'chai';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { createTestDatabase } from '../support/postgres.ts';

describe('openDatabase', () => {
  let url: string;
  let db: Database;

  let test: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeEach(async function () {
    this.timeout(60_000);
    test = await createTestDatabase();
    url = test.url;
    db = openDatabase({ url, maxConnections: 2 });
    await db.pool.query('create table t (n bigint, b bytea)');
  });
  afterEach(async () => {
    await db.close();
    await test.drop();
  });

  it('gives int8 as bigint and bytea as bytes, also from arrays of parameters', async () => {
    await db.pool.query('insert into t select * from unnest($1::bigint[], $2::bytea[])', [
      [2n ** 62n],
      [Uint8Array.of(0, 255, 92)],
    ]);
    const { rows } = await db.pool.query('select n, b from t');
    expect(rows[0].n).to.equal(2n ** 62n);
    expect([...rows[0].b]).to.deep.equal([0, 255, 92]);
  });

  describe('transaction', () => {
    const count = async () => (await db.pool.query('select count(*) as n from t')).rows[0].n;

    it('commits what the work did', async () => {
      expect(await db.transaction(async (c) => (await c.query('insert into t values (1)')).rowCount)).to.equal(1);
      expect(await count()).to.equal(1n);
    });

    it('rolls back and rejects with the error of the work', async () => {
      const broken = new Error('broken');
      const outcome = await db
        .transaction(async (c) => {
          await c.query('insert into t values (1)');
          throw broken;
        })
        .catch((error: unknown) => error);
      expect(outcome).to.equal(broken);
      expect(await count()).to.equal(0n);
    });

    it('rejects with commit-refused when the work hid the failure of a statement', async () => {
      const work = db.transaction(async (c) => {
        await c.query('insert into t values (1)');
        await c.query('select 1/0').catch(() => {});
      });
      await rejectionOf(work, 'commit-refused');
      expect(await count()).to.equal(0n);
    });

    it('rejects with commit-refused when a deferred rule fails at the commit', async () => {
      await db.pool.query('create table u (n int unique deferrable initially deferred)');
      await rejectionOf(
        db.transaction((c) => c.query('insert into u values (1), (1)')),
        'commit-refused',
      );
    });

    it('rejects with commit-unknown when the connection breaks at the commit', async () => {
      const other = new pg.Client(url);
      await other.connect();
      const work = db.transaction(async (c) => {
        const { rows } = await c.query('select pg_backend_pid() as pid');
        await c.query('insert into t values (1)');
        await other.query('select pg_terminate_backend($1)', [rows[0].pid]);
        await new Promise((resolve) => setTimeout(resolve, 100));
      });
      await rejectionOf(work, 'commit-unknown');
      await other.end();
      expect(await count(), 'the pool goes on with another connection').to.equal(0n);
    });
  });
});
