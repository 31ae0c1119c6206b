import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { processIdentity } from '../../src/evaluation/child-process.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/evaluation/postgres.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { childrenOf, runInOtherProcess, untilGone } from '../support/other-process.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A second Node process that starts PostgreSQL on `folder`. */
async function startInOtherProcess(folder: string): Promise<{ node: ChildProcess; url: string; pid: number }> {
  const module = new URL('../../src/evaluation/postgres.ts', import.meta.url).href;
  const { node, result } = await runInOtherProcess<{ url: string; pid: number }>(`
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const { url, pid } = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)}, onLog: () => {} });
    return { url, pid };`);
  return { node, ...result };
}

describe('startEmbeddedPostgres', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  const running: EmbeddedPostgres[] = [];
  const lines: string[] = [];
  const start = async () => {
    const postgres = await startEmbeddedPostgres({ folder: folder(), onLog: (line) => lines.push(line) });
    running.push(postgres);
    return postgres;
  };
  beforeEach(() => {
    lines.length = 0;
  });
  afterEach(async () => {
    for (const postgres of running.splice(0)) await postgres.stop();
  });

  it('makes a cluster, answers on 127.0.0.1 alone and keeps its rows over a restart', async () => {
    const first = await start();
    await query(first.url, 'create table kept (n int)');
    await query(first.url, 'insert into kept values (7)');
    const { port, password } = new URL(first.url);
    expect(await query(first.url, 'show listen_addresses')).to.deep.equal([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(first.url, 'show server_encoding')).to.deep.equal([{ server_encoding: 'UTF8' }]);
    for (const address of Object.values(networkInterfaces()).flat()) {
      if (address === undefined || address.internal || address.family !== 'IPv4') continue;
      expect(await canConnect(address.address, Number(port)), address.address).to.equal(false);
    }
    const kept = join(folder(), 'password');
    expect(statSync(kept).mode & 0o777).to.equal(0o600);
    expect(readFileSync(kept, 'utf8')).to.equal(`${password}\n`);
    expect(password).to.match(/^[0-9a-f]{64}$/);
    await first.stop();
    expect(await canConnect('127.0.0.1', Number(port))).to.equal(false);

    const second = await start();
    expect(await query(second.url, 'select n from kept')).to.deep.equal([{ n: 7 }]);
  });

  it('lets nobody in without the password', async () => {
    const url = new URL((await start()).url);
    url.password = 'wrong';
    let message = 'let in';
    await query(url.href, 'select 1').catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.match(/password authentication failed/);
  });

  it('refuses a folder that a living process has', async () => {
    await start();
    const refusal = await rejectionOf(start(), 'embedded-folder-in-use');
    expect(refusal.message).to.include(String(process.pid));
  });

  it('stops with its clients still connected', async () => {
    const postgres = await start();
    const client = new pg.Client({ connectionString: postgres.url });
    client.on('error', () => {});
    await client.connect();
    await postgres.stop();
    expect(await postgres.exited).to.deep.equal({ code: 0, signal: null });
    await client.end().catch(() => {});
  });

  it('starts with every committed row after SIGKILL of the server', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 8 as n');
    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).to.deep.equal({ code: null, signal: 'SIGKILL' });
    const second = await start();
    expect(await query(second.url, 'select n from kept')).to.deep.equal([{ n: 8 }]);
  });

  it('ends with the process that started it, SIGKILL included', async () => {
    const { node, url, pid } = await startInOtherProcess(folder());
    await query(url, 'create table kept as select 9 as n');
    const identity = (await processIdentity(pid))!;
    node.kill('SIGKILL');
    await untilGone(pid, identity);
    expect(await query((await start()).url, 'select n from kept')).to.deep.equal([{ n: 9 }]);
  });

  it('stops a server left behind and goes on with its rows', async function () {
    if (process.platform !== 'linux') this.skip();
    const { node, url, pid } = await startInOtherProcess(folder());
    await query(url, 'create table kept as select 10 as n');
    const identity = (await processIdentity(pid))!;
    for (const child of childrenOf(node.pid!)) if (child !== pid) process.kill(child, 'SIGKILL');
    node.kill('SIGKILL');
    await delay(100);
    expect(await processIdentity(pid), 'the server is left behind').to.equal(identity);
    expect(await query((await start()).url, 'select n from kept')).to.deep.equal([{ n: 10 }]);
    expect(await processIdentity(pid)).not.to.equal(identity);
    expect(lines.join('\n')).to.include(`stopping the PostgreSQL server ${pid}`);
  });

  it('spares a stranger who was given the id of the last server', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pidFile = join(folder(), 'cluster/postmaster.pid');
    const rest = readFileSync(pidFile, 'utf8').split('\n').slice(1);
    writeFileSync(pidFile, [String(stranger.pid), ...rest].join('\n'));
    try {
      expect(await query((await start()).url, 'select 1 as n')).to.deep.equal([{ n: 1 }]);
      expect(stranger.exitCode ?? stranger.signalCode).to.equal(null);
    } finally {
      stranger.kill();
    }
  });

  it('begins anew where making the cluster was cut short', async () => {
    mkdirSync(join(folder(), 'cluster.new/base'), { recursive: true });
    writeFileSync(join(folder(), 'cluster.new/PG_VERSION'), '18\n');
    expect(await query((await start()).url, 'select 1 as n')).to.deep.equal([{ n: 1 }]);
  });

  it('says with a code and the last lines why it does not start', async () => {
    await (await start()).stop();
    writeFileSync(join(folder(), 'cluster/PG_VERSION'), '9\n');
    const refusal = await rejectionOf(start(), 'embedded-start-failed');
    expect(refusal.message).to.include('incompatible');
    await rejectionOf(start(), 'embedded-start-failed'); // The folder was given back: this is not folder-in-use.
  });

  it('does not start with a password that is not the cluster’s', async () => {
    await (await start()).stop();
    writeFileSync(join(folder(), 'password'), `${'0'.repeat(64)}\n`);
    await rejectionOf(start(), 'embedded-start-failed');
  });
});

async function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 2000 });
    const answer = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket
      .once('connect', () => answer(true))
      .once('error', () => answer(false))
      .once('timeout', () => answer(false));
  });
}
