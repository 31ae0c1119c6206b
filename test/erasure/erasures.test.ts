import { expect } from 'chai';
import { migrate } from '../../src/db/migrate.ts';
import { insertObjectKeys } from '../../src/db/objects.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { encodeErasureNote } from '../../src/erasure/erasure-note.ts';
import type { ErasureOrder } from '../../src/erasure/erasures.ts';
import { Erasures } from '../../src/erasure/erasures.ts';
import { parseCustodyEvent, parseCustodyRecord } from '../../src/format/custody.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { DEPOSIT_ID, PHOTO } from '../certificate/evidence-fixture.ts';
import { storeDeposits } from '../certificate/issuer-world.ts';
import { StatusWorld, statusIn } from '../status/status-world.ts';
import { Crash, CrashingStore, crashing } from '../support/crash.ts';
import { createTestDatabase } from '../support/postgres.ts';

const CONTENT = ['record', 'annex', 'file_entry', 'object_key', 'file_digest', 'archive_blind', 'hand_over'] as const;

async function rowsOf(db: Database, depositId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of CONTENT) {
    const { rows } = await db.pool.query<{ n: number }>(
      `select count(*)::int as n from ${table} where deposit_id = $1`,
      [depositId],
    );
    counts[table] = rows[0]?.n ?? 0;
  }
  return counts;
}

async function namesIn(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of store.list(prefix)) names.push(name);
  return names.sort();
}

async function ownerOf(db: Database, depositId: string): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>('select account_id as id from deposit where deposit_id = $1', [
    depositId,
  ]);
  return rows[0]?.id as string;
}

const isEmpty = (counts: Record<string, number>) => Object.values(counts).every((n) => n === 0);

describe('Erasures: a certified deposit', function () {
  this.timeout(60_000);
  let world: StatusWorld;
  let store: MemoryObjectStore;
  let erasures: Erasures;
  let order: ErasureOrder;
  let statusBefore: Uint8Array;

  before(async () => {
    world = await StatusWorld.open();
    store = new MemoryObjectStore();
    await store.put(`deposit/${DEPOSIT_ID}/0`, Uint8Array.of(1, 2, 3));
    // Left by a crash: no row names it.
    await store.put(`deposit/${DEPOSIT_ID}/0-preview-0011`, Uint8Array.of(4));
    await store.put('deposit/01939f3e-0000-7b7e-9d2c-3f1d0e5b8a99/0', Uint8Array.of(5));
    erasures = new Erasures({
      db: world.db,
      store,
      nowMs: () => world.nowMs,
      onTrouble: (error) => {
        throw error;
      },
    });
    statusBefore = await world.ask();
    const accountId = await ownerOf(world.db, DEPOSIT_ID);
    order = {
      depositId: DEPOSIT_ID,
      depositNo: 7n,
      basis: 'depositor-request',
      acting: { accountId, userId: null, by: 'session' },
      mayNameMatters: true,
    };
  });
  after(() => world?.close());

  it('refuses the number of another deposit, and changes nothing', async () => {
    const rows = await rowsOf(world.db, DEPOSIT_ID);
    const code = await erasures.erase({ ...order, depositNo: 8n }).catch((error: { code: string }) => error.code);
    expect(code).to.equal('erasure-not-confirmed');
    expect(await rowsOf(world.db, DEPOSIT_ID)).to.deep.equal(rows);
    expect(rows.record).to.equal(1);
  });

  it('takes away what it says, every key, and every object of its own', async () => {
    const erased = await erasures.erase(order);
    expect(erased).to.include({ basis: 'depositor-request', fileCount: 1 });
    expect(erased.completedAt).to.not.equal(null);
    expect(await rowsOf(world.db, DEPOSIT_ID)).to.satisfy(isEmpty);
    expect(await namesIn(store, 'deposit/')).to.deep.equal(['deposit/01939f3e-0000-7b7e-9d2c-3f1d0e5b8a99/0']);
    const { rows } = await world.db.pool.query(
      `select c.json, c.pdf, c.digest is not null as named, d.request_digest, s.leaf_index::int as leaf
       from certificate c join deposit d using (deposit_id) join submission s on s.submission_id = d.submission_id`,
    );
    expect(rows).to.deep.equal([{ json: null, pdf: null, named: true, request_digest: null, leaf: 7 }]);
    // Nothing that is left of it holds its name, its digest or its title.
    const { rows: left } = await world.db.pool.query<{ body: Buffer }>(
      `select body from custody_event union all select body from custody_leaf union all select body from certificate_status`,
    );
    for (const { body } of left) {
      const said = body.toString('utf8');
      for (const secret of [PHOTO.name, PHOTO.sha256, '网店商品页面及实物照片']) expect(said).to.not.include(secret);
    }
  });

  it('records it in the custody, with a leaf at once', async () => {
    const { rows } = await world.db.pool.query<{ kind: string; event_index: number }>(
      'select kind, event_index from custody_event order by event_index',
    );
    expect(rows.slice(-2).map(({ kind }) => kind)).to.deep.equal(['withdrawn', 'erased']);
    const { rows: leaves } = await world.db.pool.query<{ body: Buffer }>(
      'select body from custody_leaf order by submission_id desc limit 1',
    );
    expect(parseCustodyRecord(new Uint8Array(leaves[0]?.body as Buffer)).count).to.equal(rows.length);
  });

  it('leaves certificates that were handed out verifiable, and says that they are withdrawn', async () => {
    // Offline: the reader holds the certificate and the file, and nothing newer.
    const offline = await world.report(statusBefore);
    expect(offline.since.filter(({ status }) => status === 'failed')).to.deep.equal([]);
    expect(offline.since.find(({ name }) => name === 'log.inclusion')?.status).to.equal('passed');
    expect(statusIn(offline).status).to.equal('passed');
    const online = await world.report(await world.ask());
    expect(statusIn(online)).to.include({ status: 'failed' });
    expect(online.since.filter(({ status }) => status === 'failed').map(({ name }) => name)).to.deep.equal(['status']);
  });

  it('answers a second time as the first, and records nothing more', async () => {
    const events = async () => (await world.db.pool.query('select from custody_event')).rowCount;
    const [count, first] = [await events(), await erasures.of(world.db.pool, DEPOSIT_ID)];
    world.nowMs += 60_000;
    expect(await erasures.erase(order)).to.deep.equal(first);
    expect(await events()).to.equal(count);
  });

  it('lets nothing of it come back', async () => {
    const key = {
      depositId: DEPOSIT_ID,
      fileIndex: 0,
      role: 'preview' as const,
      object: { kind: 'inline' as const, ciphertext: Uint8Array.of(1) },
      wrappedKey: Uint8Array.of(1),
      sizeBytes: 1n,
      mediaType: 'image/jpeg',
      sha256: new Uint8Array(32),
      sm3: new Uint8Array(32),
    };
    const refused = async (work: Promise<unknown>) =>
      work.then(
        () => 'accepted',
        (error: { constraint?: string; code?: string }) => error.constraint ?? error.code,
      );
    expect(await refused(insertObjectKeys(world.db.pool, [key]))).to.equal('deposit_erased');
    expect(await refused(world.db.pool.query(`update certificate set json = '', pdf = ''`))).to.equal('23000');
    expect(await refused(world.db.pool.query('delete from erasure'))).to.equal('23000');
    expect(await refused(world.db.pool.query('update erasure set completed_at = null'))).to.equal('23000');
    expect(await world.issuer.issueDue()).to.deep.equal([]);
  });
});

describe('Erasures', function () {
  this.timeout(120_000);
  let db: Database;
  let stopLog: () => Promise<void>;
  let drop: () => Promise<void>;
  const idAt = (leafIndex: number) => `01939f3e-7c1a-7b7e-9d2c-0000000000${String(leafIndex).padStart(2, '0')}`;
  let next = 1;

  before(async () => {
    const made = await createTestDatabase();
    drop = made.drop;
    db = openDatabase({ url: made.url, maxConnections: 8 });
    await migrate(db);
    const files = [PHOTO, { ...PHOTO, name: '第二张.jpg' }];
    const deposits = new Map(Array.from({ length: 40 }, (_, i) => [i + 1, { depositId: idAt(i + 1), files }] as const));
    const { log } = await storeDeposits(db, deposits);
    stopLog = () => log.stop();
  });
  after(async () => {
    await stopLog?.();
    await db?.close();
    await drop?.();
  });

  /** A deposit of two files that nobody has used yet; all of them hold the same bytes. */
  const deposited = async (store: ObjectStore) => {
    const leafIndex = next++;
    const depositId = idAt(leafIndex);
    for (const n of [0, 1]) await store.put(`deposit/${depositId}/${n}`, Uint8Array.of(leafIndex, n));
    const acting = { accountId: await ownerOf(db, depositId), userId: null, by: 'session' as const };
    const order: ErasureOrder = {
      ...{ depositId, depositNo: BigInt(leafIndex), acting },
      ...{ basis: 'court-order', mayNameMatters: true },
    };
    return { depositId, order };
  };

  describe('when the process dies at any write', () => {
    /** @returns how many writes there were */
    const survive = async (at: number, isPersisted: boolean): Promise<number> => {
      const store = new MemoryObjectStore();
      const { depositId, order } = await deposited(store);
      const crash = new Crash();
      crash.arm(at, isPersisted);
      const dying = new Erasures({
        db: crashing(db, crash),
        store: new CrashingStore(store, crash),
        nowMs: Date.now,
        onTrouble: () => {},
      });
      await dying.erase(order).catch(() => {});
      const { writes } = crash;

      // All or nothing: content without a tombstone, or a tombstone without content.
      const { rowCount } = await db.pool.query('select from erasure where deposit_id = $1', [depositId]);
      const left = await rowsOf(db, depositId);
      expect(isEmpty(left), `write ${at}`).to.equal(rowCount === 1);
      if (rowCount === 0) expect(await namesIn(store, 'deposit/')).to.have.length(2);

      // The next process begins with what is left, and the person may ask once more.
      const troubles: unknown[] = [];
      const server = new Erasures({ db, store, nowMs: Date.now, onTrouble: (error) => troubles.push(error) });
      await server.finishDue();
      const erased = await server.erase(order);
      expect(erased.completedAt, `write ${at}`).to.not.equal(null);
      expect(await namesIn(store, 'deposit/'), `write ${at}`).to.deep.equal([]);
      expect(await rowsOf(db, depositId)).to.satisfy(isEmpty);
      const { rows } = await db.pool.query<{ n: number }>(
        `select count(*)::int as n from custody_event where deposit_id = $1 and kind = 'erased'`,
        [depositId],
      );
      expect([rows[0]?.n, troubles], `write ${at}`).to.deep.equal([1, []]);
      return writes;
    };

    it('has either not begun, or comes to its end at the next start', async () => {
      const writes = await survive(Number.POSITIVE_INFINITY, false);
      expect(writes).to.be.within(7, 14);
      for (let at = 0; at < writes; at++) for (const isPersisted of [false, true]) await survive(at, isPersisted);
    });
  });

  it('takes nothing from another deposit of the same content', async () => {
    const store = new MemoryObjectStore();
    const [one, other] = [await deposited(store), await deposited(store)];
    const digests = await db.pool.query('select distinct sha256 from object_key where deposit_id = any($1::uuid[])', [
      [one.depositId, other.depositId],
    ]);
    expect(digests.rowCount).to.equal(1);
    await new Erasures({ db, store, nowMs: Date.now, onTrouble: () => {} }).erase(one.order);
    expect(await rowsOf(db, one.depositId)).to.satisfy(isEmpty);
    expect(await rowsOf(db, other.depositId)).to.include({ record: 1, file_entry: 2, object_key: 2, file_digest: 2 });
    expect(await namesIn(store, 'deposit/')).to.deep.equal([0, 1].map((n) => `deposit/${other.depositId}/${n}`));
  });

  it('goes on with the others where the store keeps an object, and comes back for it', async () => {
    const store = new MemoryObjectStore();
    const { depositId, order } = await deposited(store);
    let isLocked = true;
    const locking: Pick<ObjectStore, 'put' | 'get' | 'head' | 'delete' | 'list'> = {
      put: (name, content) => store.put(name, content),
      get: (name) => store.get(name),
      head: (name) => store.head(name),
      list: (prefix) => store.list(prefix),
      delete: async (name) => {
        if (isLocked && name.endsWith('/0'))
          throw new StorageError('object-retained', `${name} is kept until tomorrow`);
        await store.delete(name);
      },
    };
    const troubles: string[] = [];
    const erasures = new Erasures({
      db,
      store: locking,
      nowMs: Date.now,
      onTrouble: (error) => troubles.push((error as StorageError).code),
    });
    expect((await erasures.erase(order)).completedAt).to.equal(null);
    expect(troubles).to.include('object-retained');
    expect(await namesIn(store, 'deposit/')).to.deep.equal([`deposit/${depositId}/0`]);
    // What is left has no key any more.
    expect((await rowsOf(db, depositId)).object_key).to.equal(0);
    isLocked = false;
    await erasures.finishDue();
    expect((await erasures.of(db.pool, depositId)).completedAt).to.not.equal(null);
    expect(await namesIn(store, 'deposit/')).to.deep.equal([]);
  });

  it('erases again what a restored database has forgotten, and nothing else', async () => {
    const store = new MemoryObjectStore();
    const [forgotten, other] = [await deposited(store), await deposited(store)];
    // As an earlier erasure left it, before the database was set back.
    const row = { depositId: forgotten.depositId, depositNo: forgotten.order.depositNo, receivedAt: new Date() };
    const erasedAt = new Date('2026-11-22T08:00:00.000Z');
    const note = encodeErasureNote({ ...row, basis: 'court-order', fileCount: 2, erasedAt, completedAt: null });
    await store.put(`erasure/${forgotten.depositId}`, note);
    // Of a deposit that the restored database does not have at all.
    await store.put('erasure/01939f3e-7c1a-7b7e-9d2c-ffffffffffff', Uint8Array.of(1));
    const troubles: unknown[] = [];
    const erasures = new Erasures({ db, store, nowMs: Date.now, onTrouble: (error) => troubles.push(error) });
    expect([await erasures.eraseAgain(), troubles]).to.deep.equal([[forgotten.depositId], []]);
    expect(await rowsOf(db, forgotten.depositId)).to.satisfy(isEmpty);
    expect(await rowsOf(db, other.depositId)).to.include({ record: 1, object_key: 2 });
    expect(await namesIn(store, 'deposit/')).to.have.length(2);
    const { rows } = await db.pool.query<{ body: Buffer }>(
      `select body from custody_event where deposit_id = $1 and kind = 'erased'`,
      [forgotten.depositId],
    );
    expect(parseCustodyEvent(new Uint8Array(rows[0]?.body as Buffer)).detail).to.deep.equal({
      basis: 'court-order',
      depositNo: String(row.depositNo),
      firstAt: '2026-11-22T08:00:00.000Z',
    });
    expect(await erasures.eraseAgain(), 'a second start').to.deep.equal([]);
    expect(troubles).to.deep.equal([]);
  });

  it('waits for whoever is writing to the deposit, who then finds it erased', async () => {
    const store = new MemoryObjectStore();
    const { depositId, order } = await deposited(store);
    const erasures = new Erasures({ db, store, nowMs: Date.now, onTrouble: () => {} });
    const blind = 'insert into archive_blind (deposit_id, file_index, blind) values ($1, $2, $3)';
    let erasing: Promise<unknown> | undefined;
    await db.transaction(async (client) => {
      await client.query(blind, [depositId, 0, Buffer.alloc(32)]);
      erasing = erasures.erase(order);
      const outcome = await Promise.race([erasing, new Promise((done) => setTimeout(() => done('waits'), 300))]);
      expect(outcome).to.equal('waits');
    });
    await erasing;
    expect((await rowsOf(db, depositId)).archive_blind).to.equal(0);
    const refused = await db.pool.query(blind, [depositId, 1, Buffer.alloc(32)]).catch((error) => error.constraint);
    expect(refused).to.equal('deposit_erased');
  });
});
