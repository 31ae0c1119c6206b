import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/db/migrate.ts';
import { openDatabase } from '../../src/db/pool.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/evaluation/postgres.ts';

// One server for the whole run, started when the first suite asks; a database of its own for each suite, copied from one that
// was migrated once.
let starting: Promise<{ folder: string; server: EmbeddedPostgres }> | undefined;
let template: Promise<string> | undefined;
let databases = 0;

/** Nothing here outlives the run, so nothing need survive the machine. */
const FLEETING = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

async function startServer(): Promise<{ folder: string; server: EmbeddedPostgres }> {
  const folder = await mkdtemp(join(tmpdir(), 'tiezheng-test-postgres-'));
  const settings = { max_connections: '200', ...FLEETING };
  return { folder, server: await startEmbeddedPostgres({ folder, onLog: () => {}, settings }) };
}

async function makeTemplate(server: EmbeddedPostgres): Promise<string> {
  const name = 'migrated';
  await run(server.url, `create database ${name}`);
  const db = openDatabase({ url: urlOf(server, name), maxConnections: 1 });
  try {
    await migrate(db);
  } finally {
    await db.close();
  }
  return name;
}

after(async () => {
  if (starting === undefined) return;
  const { folder, server } = await starting;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A new database on a real PostgreSQL server: migrated, with nothing in it, unless it is to be `empty`. */
export async function createTestDatabase(
  state: 'migrated' | 'empty' = 'migrated',
): Promise<{ url: string; drop(): Promise<void> }> {
  starting ??= startServer();
  const { server } = await starting;
  if (state === 'migrated') template ??= makeTemplate(server);
  const name = `test_${++databases}`;
  await run(server.url, `create database ${name}${state === 'migrated' ? ` template ${await template}` : ''}`);
  return { url: urlOf(server, name), drop: () => run(server.url, `drop database if exists ${name} with (force)`) };
}

/** Inside a `describe`: a database that is new for the suite and dropped after it. */
export function useTestDatabase(): () => string {
  let database: { url: string; drop(): Promise<void> } | undefined;
  before(async function () {
    this.timeout(60_000); // The first suite waits for initdb.
    database = await createTestDatabase();
  });
  after(() => database?.drop());
  return () => {
    if (database === undefined) throw new Error('the database exists only while the tests of its suite run');
    return database.url;
  };
}

function urlOf(server: EmbeddedPostgres, database: string): string {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
