import { expect } from 'chai';
import {
  insertCheckpoint,
  insertLeaves,
  insertLog,
  insertPublication,
  insertTiles,
  updateLogLeader,
} from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { insertSubmission, updateSubmissionsSequenced } from '../../src/db/submissions.ts';
import { useTestDatabase } from '../support/postgres.ts';

const bytes32 = (fill: number) => new Uint8Array(32).fill(fill);

describe('schema: what was written stays', () => {
  const databaseUrl = useTestDatabase();
  let db: Database;

  before(async () => {
    db = openDatabase({ url: databaseUrl(), maxConnections: 2 });
    await migrate(db);
    await insertLog(db.pool, { origin: 'log.example.org', record: Uint8Array.of(1), leafData: bytes32(0) });
    await insertLeaves(db.pool, 1n, [bytes32(1)]);
    await insertTiles(db.pool, [{ level: 0, tileIndex: 0n, hashes: Buffer.alloc(8192) }]);
    const term = await updateLogLeader(db.pool, '00000000-0000-4000-8000-000000000001', 1000, false);
    await insertCheckpoint(db.pool, { treeSize: 2n, rootHash: bytes32(2), note: Uint8Array.of(1) });
    await insertPublication(db.pool, term!, 0);
    await updateSubmissionsSequenced(db.pool, [await insertSubmission(db.pool, bytes32(1))], 1n);
  });
  after(() => db.close());

  const refused = [
    ['a leaf changed', `update leaf set leaf_data = '\\x${'00'.repeat(32)}' where leaf_index = 1`],
    ['a leaf removed', 'delete from leaf where leaf_index = 1'],
    ['all leaves removed', 'truncate leaf'],
    ['a tile changed', 'update tile set level = 1'],
    ['a tile removed', 'delete from tile'],
    ['all tiles removed', 'truncate tile'],
    ['a checkpoint changed', 'update checkpoint set tree_size = 3'],
    ['a checkpoint removed', 'delete from checkpoint'],
    ['all checkpoints removed', 'truncate checkpoint cascade'],
    ['a publication removed', 'delete from publication'],
    ['a submission given another index', 'update submission set leaf_index = 7'],
    ['a submission put back to waiting', 'update submission set leaf_index = null'],
    ['a submission removed', 'delete from submission'],
    ['the log made smaller', 'update log set size = 0'],
    ['an epoch taken back', 'update log set epoch = 0'],
    ['the log renamed', `update log set origin = 'other'`],
    ['the log removed', 'delete from log'],
  ] as const;
  for (const [what, statement] of refused) {
    it(`refuses ${what}`, async () => {
      const code = await db.pool.query(statement).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect(code).to.equal('23000');
    });
  }

  it('refuses a second leaf under one index, and a second log', async () => {
    const code = await insertLeaves(db.pool, 1n, [bytes32(9)]).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    expect(code).to.equal('23505');
    expect(await insertLog(db.pool, { origin: 'o', record: Uint8Array.of(1), leafData: bytes32(0) })).to.equal(false);
  });

  it('refuses a leaf that is not 32 bytes', async () => {
    const code = await insertSubmission(db.pool, new Uint8Array(31)).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    expect(code).to.equal('23514');
  });
});
