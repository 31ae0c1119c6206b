import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/evaluation/postgres.ts';

// One server for the whole run, started when the first suite asks; a database of its own for each suite.
let starting: Promise<{ folder: string; server: EmbeddedPostgres }> | undefined;
let databases = 0;

async function startServer(): Promise<{ folder: string; server: EmbeddedPostgres }> {
  const folder = await mkdtemp(join(tmpdir(), 'tiezheng-test-postgres-'));
  const server = await startEmbeddedPostgres({ folder, onLog: () => {}, settings: { max_connections: '200' } });
  return { folder, server };
}

after(async () => {
  if (starting === undefined) return;
  const { folder, server } = await starting;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A new, empty database on a real PostgreSQL server. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  starting ??= startServer();
  const { server } = await starting;
  const name = `test_${++databases}`;
  await run(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(server.url, `drop database if exists ${name} with (force)`) };
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

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
