import { expect } from 'chai';
import pg from 'pg';
import { selectDepositProgress, selectDepositProgressOfAccount } from '../../src/db/deposit-progress.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { readWithin } from '../../src/db/row-security.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** Tables of which a row belongs to one account, by themselves or by their deposit, and that callers' requests read. */
const FENCED = ['deposit', 'record', 'annex', 'file_entry', 'object_key', 'certificate', 'certificate_status'];

describe('readWithin', () => {
  let world: ServiceWorld;
  let db: Database;
  let own: string;
  let foreign: string;
  let other: { accountId: string; apiKey: string };
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    db = world.db;
    const deposit = async (headers?: Record<string, string>) =>
      (
        (await (await world.upload([{ name: 'a.txt', bytes: 'x' }], { title: 't' }, headers)).json()) as {
          depositId: string;
        }
      ).depositId;
    other = await world.createAccount('乙');
    own = await deposit();
    foreign = await deposit({ authorization: `Bearer ${other.apiKey}` });
    for (const depositId of [own, foreign]) {
      await db.pool.query(
        `insert into certificate (certificate_no, deposit_id, digest, issued_at, json, pdf)
         values ($1::text, $1::uuid, sha256($1::text::bytea), now(), '\\x', '\\x')`,
        [depositId],
      );
    }
  });
  after(() => world.close());

  const seen = (table: string, accountId: string) =>
    readWithin(
      db,
      { accountId, at: new Date() },
      async (q) => (await q.query(`select * from ${table}`)).rows as Record<string, unknown>[],
    );

  for (const table of FENCED.filter((name) => name !== 'certificate_status')) {
    it(`shows a query that forgets to ask for the account no row of another's in ${table}`, async () => {
      const all = (await db.pool.query(`select * from ${table}`)).rows as Record<string, unknown>[];
      expect(all.map((row) => row.deposit_id)).to.include.members([own, foreign]);
      const mine = await seen(table, world.accountId);
      expect(mine.length).to.be.greaterThan(0);
      expect(new Set(mine.map((row) => row.deposit_id))).to.deep.equal(new Set([own]));
    });
  }

  it('answers the queries of the pages like one without a fence, where the rows are own', async () => {
    const fence = { accountId: world.accountId, at: new Date() };
    expect(await readWithin(db, fence, (q) => selectDepositProgress(q, own))).to.deep.equal(
      await selectDepositProgress(db.pool, own),
    );
    expect(await readWithin(db, fence, (q) => selectDepositProgress(q, foreign))).to.equal(undefined);
    expect(
      await readWithin(db, fence, (q) => selectDepositProgressOfAccount(q, other.accountId, 10, null)),
    ).to.deep.equal([]);
  });

  const refused: [string, string][] = [
    ['writes', `update account set name = 'x'`],
    ['deletes', 'delete from deposit'],
    ['reads keys', 'select * from api_key'],
    ['reads sessions', 'select * from session'],
    ['reads accounts', 'select * from account'],
    ['reads users', 'select * from auth."user"'],
    ['reads passwords', 'select * from auth."account"'],
    ['makes tables', 'create table x ()'],
  ];
  for (const [what, statement] of refused) {
    it(`neither ${what}`, async () => {
      const code = await readWithin(db, { accountId: world.accountId, at: new Date() }, (q) => q.query(statement)).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect(code).to.be.oneOf(['25006', '42501']);
    });
  }

  it('leaves the connection to the worker as it was', async () => {
    const single = openDatabase({
      url: (db.pool.options as { connectionString: string }).connectionString,
      maxConnections: 1,
    });
    try {
      await readWithin(single, { accountId: world.accountId, at: new Date() }, (q) => q.query('select from deposit'));
      await readWithin(single, { accountId: world.accountId, at: new Date() }, (q) => q.query('select broken')).catch(
        () => {},
      );
      const { rows } = await single.pool.query(
        `select current_user = session_user as worker, current_setting('tiezheng.account_id', true) as id,
           current_setting('transaction_read_only') as read_only, (select count(*) from deposit) as count`,
      );
      expect(rows[0]).to.deep.equal({ worker: true, id: '', read_only: 'off', count: 2n });
    } finally {
      await single.close();
    }
  });

  it('sees nothing at all where no account is named', async () => {
    const count = await db.transaction(async (client) => {
      await client.query('set local role tiezheng_caller');
      return (await client.query('select from deposit')).rowCount;
    });
    expect(count).to.equal(0);
  });

  it('is what every table stands behind that tells whose it is and that callers may read', async () => {
    const { rows } = await db.pool.query<{ name: string; fenced: boolean; readable: boolean }>(
      `select c.relname as name, c.relrowsecurity as fenced, has_table_privilege('tiezheng_caller', c.oid, 'select') as readable
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'public' and c.relkind = 'r' and exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname in ('account_id', 'deposit_id', 'matter_id', 'request_id', 'office_account_id') and not a.attisdropped)`,
    );
    expect(rows.map(({ name }) => name)).to.include.members(FENCED.filter((name) => name !== 'certificate_status'));
    expect(rows.filter(({ readable, fenced }) => readable && !fenced)).to.deep.equal([]);
  });
});

describe('migrate, by an owner who is no superuser', () => {
  it('makes the fence where an administrator has made the role', async function () {
    this.timeout(60_000);
    const { url, drop } = await createTestDatabase('empty');
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const owner = `owner_${process.pid}`;
    const ownerUrl = new URL(url);
    ownerUrl.username = owner;
    ownerUrl.password = 'p';
    const db = openDatabase({ url: ownerUrl.href, maxConnections: 2 });
    try {
      await admin.query(`create role ${owner} login password 'p'`);
      await admin.query(`alter database ${ownerUrl.pathname.slice(1)} owner to ${owner}`);
      await admin.query('grant create, usage on schema public to public');
      // Another suite's database has made the role by now, or this does.
      await admin.query(
        `do $$ begin create role tiezheng_caller nologin; exception when duplicate_object then null; end $$`,
      );
      await admin.query(`grant tiezheng_caller to ${owner}`);
      await migrate(db);
      await db.pool.query(
        `insert into account (account_id, name, kind) values ('00000000-0000-4000-8000-000000000001', 'n', 'person')`,
      );
      const rows = await readWithin(db, { accountId: '00000000-0000-4000-8000-000000000001', at: new Date() }, (q) =>
        q.query('select from deposit'),
      );
      expect(rows.rowCount).to.equal(0);
      const { rows: flags } = await db.pool.query(
        'select rolsuper as super, rolbypassrls as bypass from pg_roles where rolname = current_user',
      );
      expect(flags).to.deep.equal([{ super: false, bypass: false }]);
    } finally {
      await db.close();
      await admin.end();
      await drop();
    }
  });
});
