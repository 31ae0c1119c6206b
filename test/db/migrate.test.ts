import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { createTestDatabase } from '../support/postgres.ts';

describe('migrate', () => {
  let first: Database;
  let second: Database;

  let test: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeEach(async function () {
    this.timeout(60_000);
    test = await createTestDatabase('empty');
    const { url } = test;
    first = openDatabase({ url, maxConnections: 2 });
    second = openDatabase({ url, maxConnections: 2 });
  });
  afterEach(async () => {
    await Promise.all([first.close(), second.close()]);
    await test.drop();
  });

  it('applies every migration once when two processes begin together', async () => {
    const applied = await Promise.all([migrate(first), migrate(second), migrate(first), migrate(second)]);
    const all = readdirSync(new URL('../../src/db/migrations/', import.meta.url)).sort();
    expect(applied.flat()).to.deep.equal(all);
    expect((await first.pool.query('select name from schema_migration')).rows).to.have.length(all.length);
  });

  it('refuses a database whose migration had other content', async () => {
    await migrate(first);
    await first.pool.query(`update schema_migration set sha256 = 'other'`);
    await rejectionOf(migrate(first), 'migration-changed');
  });

  it('refuses a database that a later version has moved on', async () => {
    await migrate(first);
    await first.pool.query(`insert into schema_migration (name, sha256) values ('9999-later.sql', 'x')`);
    await rejectionOf(migrate(first), 'schema-newer');
  });

  it('leaves nothing behind when a migration fails', async () => {
    await first.pool.query('create table certificate (clash text)');
    await migrate(first).then(
      () => expect.fail('migrated over a foreign table'),
      (error: { code: string }) => expect(error.code).to.equal('42P07'),
    );
    const { rows } = await first.pool.query(`select tablename from pg_tables where schemaname = 'public'`);
    expect(rows).to.deep.equal([{ tablename: 'certificate' }]);
  });
});
