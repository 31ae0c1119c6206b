import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { selectCheckpoints, selectLeaves, selectLog } from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { insertSubmission } from '../../src/db/submissions.ts';
import { equalBytes, type LeafData, type LeafHash } from '../../src/format/bytes.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { parseLogRecord } from '../../src/format/log.ts';
import { verifyNote } from '../../src/format/note.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import type { Integration } from '../../src/log/integration-waiters.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { parseRegisterEntry } from '../../src/log/register-entry.ts';
import { Sequencer, type SequencerParts, type SequencerTimings } from '../../src/log/sequencer.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { verifyInclusion } from '../../src/merkle/inclusion.ts';
import { RightEdge } from '../../src/merkle/tree.ts';
import type { CheckpointRegister } from '../../src/storage/checkpoint-register.ts';
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { createTestDatabase } from '../support/postgres.ts';

export const ORIGIN = 'log.example.org/test';
/** Fast enough for tests; a lease that no healthy step outlives. */
export const TIMINGS: SequencerTimings = {
  batchWindowMs: 0,
  maxBatchLeaves: 2000,
  leaseMs: 1500,
  pollMs: 50,
  retryMs: 50,
};

/** Leaf data as a salted commitment would be: no two alike. */
export function leafData(name: string | number): LeafData {
  return new Uint8Array(createHash('sha256').update(`leaf data ${name}`).digest()) as LeafData;
}

export interface Acknowledged extends Integration {
  leaf: LeafData;
}

/** One log with its real database, register and objects, and any number of servers on it. */
export class LogWorld {
  readonly url: string;
  readonly db: Database;
  readonly register: CheckpointRegister;
  readonly registerFolder: string;
  objects: ObjectStore = new MemoryObjectStore();
  readonly signer = new CheckpointSigner(ORIGIN, new Uint8Array(32).fill(7));
  readonly acknowledged: Acknowledged[] = [];
  readonly #drop: () => Promise<void>;
  readonly #sequencers: Sequencer[] = [];
  readonly #databases: Database[] = [];

  private constructor(url: string, folder: string, register: CheckpointRegister, drop: () => Promise<void>) {
    this.url = url;
    this.registerFolder = folder;
    this.register = register;
    this.#drop = drop;
    this.db = this.openDatabase();
  }

  static async open(): Promise<LogWorld> {
    const { url, drop } = await createTestDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'tiezheng-register-'));
    const world = new LogWorld(url, folder, await FileCheckpointRegister.open(folder), drop);
    await migrate(world.db);
    return world;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sequencers.map((sequencer) => sequencer.stop()));
    await Promise.all(this.#databases.map((db) => db.close()));
    await this.#drop();
    await rm(this.registerFolder, { recursive: true, force: true });
  }

  /** @param name by which `killConnections` finds its connections */
  openDatabase(name = 'test'): Database {
    const url = new URL(this.url);
    url.searchParams.set('application_name', name);
    const db = openDatabase({ url: url.href, maxConnections: 8 });
    this.#databases.push(db);
    return db;
  }

  /** What the operating system does for a process that ends. */
  async killConnections(name: string): Promise<void> {
    await this.db.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      name,
    ]);
  }

  parts(changed: Partial<SequencerParts> = {}): SequencerParts {
    const db = changed.db ?? this.openDatabase();
    return {
      db,
      objects: this.objects,
      register: this.register,
      signer: this.signer,
      reader: new LogReader(db.pool),
      identity: { origin: ORIGIN, keys: [this.signer.vkey], contracts: [], predecessor: null },
      ...changed,
    };
  }

  /** A server of its own: own connections, own reader. */
  async server(
    changed: Partial<SequencerParts> = {},
    timings: Partial<SequencerTimings> = {},
  ): Promise<{ sequencer: Sequencer; reader: LogReader; db: Database }> {
    const parts = this.parts(changed);
    const sequencer = new Sequencer(parts, { ...TIMINGS, ...timings });
    this.#sequencers.push(sequencer);
    await sequencer.start();
    return { sequencer, reader: parts.reader, db: parts.db };
  }

  /** Hands a leaf in, waits for its place, checks it as a depositor would, and remembers it. */
  async deposit(sequencer: Sequencer, name: string | number, timeoutMs = 15_000): Promise<Acknowledged> {
    const leaf = leafData(name);
    const integration = await sequencer.integrated(await insertSubmission(this.db.pool, leaf), timeoutMs);
    const acknowledged = { ...integration, leaf };
    this.check(acknowledged);
    this.acknowledged.push(acknowledged);
    return acknowledged;
  }

  /** The note is the log's own, and its root has the leaf at the index promised. */
  check({ leaf, leafIndex, treeSize, note, inclusionProof }: Acknowledged): void {
    const checkpoint = parseCheckpoint(note);
    expect(verifyNote(checkpoint.note, this.signer.key)).to.equal('valid');
    expect(checkpoint.treeSize).to.equal(treeSize);
    verifyInclusion(leafHash(leaf), { leafIndex, treeSize, hashes: inclusionProof }, checkpoint.rootHash);
  }

  /**
   * What a restore of the database does: it is again as it was at `size` leaves. The triggers that refuse this are switched
   * off for it, which takes a superuser.
   * @param forgetSubmissions false keeps the submissions of the lost leaves, as waiting
   */
  async setBack(size: bigint, forgetSubmissions = true): Promise<void> {
    await this.db.transaction(async (client) => {
      await client.query(`set local session_replication_role = 'replica'`);
      await client.query('delete from publication where tree_size > $1', [size]);
      await client.query('delete from checkpoint where tree_size > $1', [size]);
      await client.query('delete from leaf where leaf_index >= $1', [size]);
      await client.query('delete from tile where (tile_index + 1) * 256 ^ (level + 1) > $1', [size]);
      await client.query(
        forgetSubmissions
          ? 'delete from submission where leaf_index >= $1'
          : 'update submission set leaf_index = null where leaf_index >= $1',
        [size],
      );
      await client.query('update log set size = $1', [size]);
    });
  }

  async leaves(): Promise<Buffer[]> {
    return selectLeaves(this.db.pool, 0n, 2n ** 48n);
  }

  /**
   * The whole log again, from its leaves alone: leaf 0 is its record, every checkpoint row and the register lie on this one
   * tree, every acknowledged leaf is at its index and nowhere else, every submission that has an index is there.
   */
  async audit(): Promise<{ size: bigint }> {
    const log = await selectLog(this.db.pool);
    const leaves = await this.leaves();
    expect(BigInt(leaves.length)).to.equal(log?.size);
    expect(equalBytes(leaves[0] as Buffer, plainLeafData(parseLogRecord(log?.record as Buffer)))).to.equal(true);

    const edge = new RightEdge();
    const roots = [edge.root()];
    for (const leaf of leaves) {
      edge.append(leafHash(leaf) as LeafHash);
      roots.push(edge.root());
    }
    const promised: { treeSize: bigint; note: Uint8Array }[] = await selectCheckpoints(this.db.pool, 0n, 100_000);
    const entry = await this.register.read();
    const registered = entry && parseRegisterEntry(entry.bytes, this.signer.key);
    for (const { treeSize, note } of [...promised, ...this.acknowledged]) {
      const checkpoint = parseCheckpoint(note);
      expect(checkpoint.treeSize).to.equal(treeSize);
      expect(Buffer.from(checkpoint.rootHash).toString('hex'), `root of checkpoint ${treeSize}`).to.equal(
        Buffer.from(roots[Number(treeSize)] ?? []).toString('hex'),
      );
      expect(treeSize <= (registered?.checkpoint.treeSize ?? 0n), 'nothing is beyond the register').to.equal(true);
    }
    for (const { leaf, leafIndex } of this.acknowledged) {
      expect(leaves[Number(leafIndex)]).to.deep.equal(Buffer.from(leaf));
    }
    const { rows } = await this.db.pool.query(
      'select count(*) as n from submission s join leaf l using (leaf_index) where s.leaf_data <> l.leaf_data',
    );
    expect(rows[0].n).to.equal(0n);
    const { rows: twice } = await this.db.pool.query(
      'select leaf_data from leaf group by leaf_data having count(*) > 1',
    );
    expect(twice).to.deep.equal([]);
    return { size: BigInt(leaves.length) };
  }
}

/** Resolves when `holds` does; fails after `timeoutMs`, naming `what`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  for (const endMs = performance.now() + timeoutMs; !(await holds()); ) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
