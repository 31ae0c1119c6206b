import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { insertSubmissions } from '../../src/db/submissions.ts';
import type { LeafHash, RootHash } from '../../src/format/bytes.ts';
import { encodeEntryBundle, parseTile, type TileId } from '../../src/format/tile.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import type { Sequencer } from '../../src/log/sequencer.ts';
import { verifyConsistency } from '../../src/merkle/consistency.ts';
import { verifyInclusion } from '../../src/merkle/inclusion.ts';
import { naiveRoot } from '../merkle/reference-tree.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { Interference, unknownOutcome } from './interference.ts';
import { LogWorld, leafData, until } from './log-world.ts';

/** Tiles as c2sp.org/tlog-tiles says, from the leaves, in the plainest way. */
class ReferenceTiles {
  readonly #leaves: Buffer[];
  /** For each tile level the hashes over 256^level leaves. */
  readonly #levels: Buffer[][];

  constructor(leaves: Buffer[]) {
    this.#leaves = leaves;
    this.#levels = [leaves.map((leaf) => createHash('sha256').update(Buffer.of(0)).update(leaf).digest())];
    for (let below = this.#levels[0] as Buffer[]; below.length >= 256; below = this.#levels.at(-1) as Buffer[]) {
      const groups = Array.from({ length: Math.floor(below.length / 256) }, (_, i) =>
        below.slice(i * 256, i * 256 + 256),
      );
      this.#levels.push(groups.map((group) => Buffer.from(naiveRoot(group))));
    }
  }

  /** Every tile that this tree has hashes for, as wide as it is. */
  *all(): Generator<TileId> {
    for (const [level, hashes] of [...this.#levels, this.#leaves].entries()) {
      for (let first = 0; first < hashes.length; first += 256) {
        const tile = { index: BigInt(first / 256), width: Math.min(256, hashes.length - first) };
        yield { ...tile, level: level === this.#levels.length ? 'entries' : level };
      }
    }
  }

  bytes({ level, index, width }: TileId): Buffer {
    const all = level === 'entries' ? this.#leaves : (this.#levels[level] ?? []);
    const part = all.slice(Number(index) * 256, Number(index) * 256 + width);
    return level === 'entries' ? Buffer.from(encodeEntryBundle(part)) : Buffer.concat(part);
  }

  hash(leafIndex: number): LeafHash {
    return this.#levels[0]?.[leafIndex] as Uint8Array as LeafHash;
  }
}

describe('LogReader', () => {
  let world: LogWorld;
  let sequencer: Sequencer;
  let reader: LogReader;
  before(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
    ({ sequencer, reader } = await world.server({}, { maxBatchLeaves: 100_000, leaseMs: 60_000 }));
    await until('leads', () => sequencer.state().leading);
  });
  after(() => world.close());

  async function growTo(size: number): Promise<void> {
    const missing = size - Number(sequencer.state().size);
    if (missing === 0) return;
    const leaves = Array.from({ length: missing }, (_, i) => leafData(`${size} ${i}`));
    const ids = await insertSubmissions(world.db.pool, leaves);
    await sequencer.integrated(ids.at(-1) as bigint, 60_000);
    expect(reader.latestCheckpoint()?.treeSize).to.equal(BigInt(size));
  }

  async function coldReader(): Promise<LogReader> {
    const cold = new LogReader(world.db.pool);
    await cold.refresh();
    return cold;
  }

  for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793]) {
    it(`at ${size} leaves gives tiles and entry bundles of every width that the leaves make, and proofs that verify`, async function () {
      this.timeout(60_000);
      await growTo(size);
      const reference = new ReferenceTiles(await world.leaves());
      const cold = await coldReader();
      for (const tile of reference.all()) {
        // Of hundreds of full tiles those at both ends are enough.
        if (tile.index > 1n && tile.index < BigInt(size >> 8) - 2n) continue;
        const widths = new Set([1, tile.width >> 1, tile.width - 1, tile.width].filter((w) => w > 0));
        for (const width of widths) {
          for (const from of [reader, cold]) {
            const bytes = await from.tile({ ...tile, width });
            expect(
              Buffer.from(bytes ?? []).equals(reference.bytes({ ...tile, width })),
              JSON.stringify({ ...tile, index: `${tile.index}`, width }),
            ).to.equal(true);
          }
        }
        if (tile.width < 256) expect(await cold.tile({ ...tile, width: tile.width + 1 })).to.equal(undefined);
        expect(await cold.tile({ ...tile, index: BigInt(size), width: 1 })).to.equal(undefined);
      }

      const { rootHash } = reader.latestCheckpoint()!;
      for (const from of [reader, cold]) {
        const indices = [0, 1, 254, 255, 256, Math.floor(size / 2), size - 2, size - 1];
        for (const leafIndex of indices.filter((i) => i >= 0 && i < size)) {
          const proof = { leafIndex: BigInt(leafIndex), treeSize: BigInt(size) };
          const hashes = await from.inclusionProof(proof.leafIndex, proof.treeSize);
          verifyInclusion(reference.hash(leafIndex), { ...proof, hashes }, rootHash);
        }
        for (const earlier of [1, 2, 200, 255, 256, 257, 512, 65_536].filter((n) => n <= size)) {
          const [size1, size2] = [BigInt(earlier), BigInt(size)];
          const hashes = await from.consistencyProof(size1, size2);
          verifyConsistency({ size1, size2, hashes }, await from.rootAt(size1), rootHash);
        }
      }
    });
  }

  it('keeps full tiles in the database, one row each', async () => {
    await growTo(65_793);
    const { rows } = await world.db.pool.query('select level, count(*) as n from tile group by level order by level');
    expect(rows).to.deep.equal([
      { level: 0, n: 257n },
      { level: 1, n: 1n },
    ]);
  });

  it('gives single leaves', async () => {
    expect(await reader.leafData(1n)).to.deep.equal(leafData('2 0'));
    await rejectionOf(reader.leafData(65_793n), 'beyond-checkpoint');
  });

  it('answers many at once alike', async () => {
    const cold = await coldReader();
    const tile: TileId = { level: 0, index: 256n, width: 100 };
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => cold.tile({ ...tile, width: 1 + (i % tile.width) })),
    );
    const whole = answers[99] as Uint8Array;
    for (const [i, bytes] of answers.entries()) expect(bytes).to.deep.equal(whole.slice(0, (1 + (i % 100)) * 32));
    expect(parseTile(whole, 100)).to.have.length(100);
  });
});

describe('LogReader: nothing beyond a checkpoint is told', () => {
  let world: LogWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
  });
  afterEach(() => world.close());

  it('while leaves are in the database that none covers', async () => {
    const interference = new Interference();
    const { sequencer } = await world.server({ register: interference.register(world.register) });
    await world.deposit(sequencer, 1);
    let wake = () => {};
    const asleep = interference.at('register', async () => {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      throw unknownOutcome('register');
    });
    const deposit = world.deposit(sequencer, 2);
    await asleep;
    try {
      expect(await world.leaves(), 'the leaf is there').to.have.length(3);
      const reader = new LogReader(world.db.pool);
      expect(await reader.size()).to.equal(2n);
      expect(await reader.tile({ level: 0, index: 0n, width: 3 })).to.equal(undefined);
      expect(await reader.entryBundle(0n, 3)).to.equal(undefined);
      expect(await reader.entryBundle(0n, 2)).to.have.length(68);
      await rejectionOf(reader.leafData(2n), 'beyond-checkpoint');
      await rejectionOf(reader.readNode(0, 2n), 'beyond-checkpoint');
      await rejectionOf(reader.rootAt(3n), 'beyond-checkpoint');
      await rejectionOf(reader.inclusionProof(2n, 3n), 'beyond-checkpoint');
      await rejectionOf(reader.consistencyProof(2n, 3n), 'beyond-checkpoint');
    } finally {
      wake();
    }
    await deposit;
    await world.audit();
  });

  it('before the first one', async () => {
    const reader = new LogReader(world.db.pool);
    expect(await reader.size()).to.equal(0n);
    expect(reader.latestCheckpoint()).to.equal(undefined);
    expect(reader.publishedCheckpoint()).to.equal(undefined);
    expect(await reader.tile({ level: 0, index: 0n, width: 1 })).to.equal(undefined);
    expect(await reader.rootAt(0n)).to.deep.equal(naiveRoot([]) as RootHash);
  });
});
