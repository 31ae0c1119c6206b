import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { openDatabase } from '../../src/db/pool.ts';
import { processIdentity } from '../../src/evaluation/child-process.ts';
import { type LastingPostgres, startLastingPostgres } from '../../src/evaluation/lasting-postgres.ts';
import { startEmbeddedPostgres } from '../../src/evaluation/postgres.ts';
import { untilGone } from '../support/other-process.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('startLastingPostgres', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  const running: LastingPostgres[] = [];
  const start = async (restartWithinMs: number) => {
    const postgres = await startLastingPostgres({ folder: folder(), onLog: () => {} }, restartWithinMs);
    running.push(postgres);
    return postgres;
  };
  afterEach(async () => {
    for (const postgres of running.splice(0)) await postgres.stop();
  });

  it('starts again after SIGKILL, where its clients look for it and with what they had committed', async () => {
    const postgres = await start(30_000);
    const db = openDatabase({ url: postgres.url, maxConnections: 2 });
    try {
      await db.pool.query('create table kept as select 7 as n');
      const first = postgres.pid();
      process.kill(first, 'SIGKILL');
      // An orphaned backend may answer once more before it notices.
      await until(() => postgres.pid() !== first);
      const { rows } = await untilAnswered(() => db.pool.query('select n from kept'));
      expect(rows).to.deep.equal([{ n: 7 }]);
    } finally {
      await db.close();
    }
  });

  it('is lost, with a code, when its port is taken before it starts again', async () => {
    const postgres = await start(3000);
    const squatter = await takePortOf(postgres);
    try {
      const error = await postgres.lost;
      expect(error.code).to.equal('embedded-not-running');
      expect(error.message).to.include('Address already in use');
    } finally {
      squatter.close();
    }
  });

  it('gives the folder back when it is stopped while it starts again', async () => {
    const postgres = await start(30_000);
    process.kill(postgres.pid(), 'SIGKILL');
    await delay(100);
    await postgres.stop();
    const next = await startEmbeddedPostgres({ folder: folder(), onLog: () => {} });
    await next.stop();
  });
});

/** Kills PostgreSQL and takes its port before it is back. Either may be first, so a lost race is run again with the next process. */
async function takePortOf(postgres: LastingPostgres): Promise<Server> {
  const port = Number(new URL(postgres.url).port);
  for (let races = 0; races < 50; races++) {
    const pid = postgres.pid();
    const identity = (await processIdentity(pid))!;
    process.kill(pid, 'SIGKILL');
    await untilGone(pid, identity);
    const squatter = createServer();
    const isTaken = await new Promise<boolean>((resolve) => {
      squatter.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isTaken) return squatter;
    await until(() => postgres.pid() !== pid);
  }
  throw new Error(`PostgreSQL was faster 50 times on port ${port}`);
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('not within 30 s');
    await delay(20);
  }
}

async function untilAnswered(ask: () => Promise<pg.QueryResult>): Promise<pg.QueryResult> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}
