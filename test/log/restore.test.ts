import { rm } from 'node:fs/promises';
import { expect } from 'chai';
import { selectAlarms, selectOpenAlarms } from '../../src/db/alarms.ts';
import { insertSubmission, insertSubmissions } from '../../src/db/submissions.ts';
import { parseUtf8 } from '../../src/format/bytes.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { EntryBundles } from '../../src/log/entry-bundles.ts';
import { encodeRegisterEntry } from '../../src/log/register-entry.ts';
import { Sequencer } from '../../src/log/sequencer.ts';
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { LogWorld, leafData, ORIGIN, TIMINGS, until } from './log-world.ts';

const CLAIM = '00000000-0000-4000-8000-000000000001';

describe('a database restored to an earlier state', () => {
  let world: LogWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
  });
  afterEach(() => world.close());

  /** A log of `size` leaves, its last four each under a receipt of its own, and no server. */
  async function fourReceipts(size: number): Promise<void> {
    const { sequencer } = await world.server();
    await until('leads', () => sequencer.state().leading);
    if (size > 5) {
      const ids = await insertSubmissions(
        world.db.pool,
        Array.from({ length: size - 5 }, (_, i) => leafData(`bulk ${i}`)),
      );
      await sequencer.integrated(ids.at(-1) as bigint, 15_000);
    }
    for (let i = 0; i < 4; i++) await world.deposit(sequencer, `receipt ${i}`);
    expect(sequencer.state().size).to.equal(BigInt(size));
    await sequencer.stop();
  }

  for (const size of [5, 256, 258, 600]) {
    it(`before the last four of ${size} receipts: refuses to sign, refills, and every receipt verifies again`, async () => {
      await fourReceipts(size);
      await world.setBack(BigInt(size - 4));
      const { sequencer } = await world.server();
      const next = await world.deposit(sequencer, 'next');
      expect(next.leafIndex).to.equal(BigInt(size));
      expect(await world.audit()).to.deep.equal({ size: BigInt(size + 1) });
      const alarms = await selectAlarms(world.db.pool, 10);
      expect(alarms.map(({ code, subject, clearedAt }) => [code, subject, clearedAt !== null])).to.deep.equal([
        ['records-lost', `leaves ${size - 4} to ${size - 1}`, false],
        ['database-behind-register', '', true],
      ]);
      expect(alarms[0]?.detail).to.contain('The records of 4 of them');
      expect(alarms[1]?.detail).to.equal(`the register promises ${size} leaves, the database has ${size - 4}`);
    });
  }

  it('that is empty: everything comes back from objects and register', async () => {
    await fourReceipts(300);
    await world.setBack(0n);
    await world.db.transaction(async (client) => {
      await client.query(`set local session_replication_role = 'replica'`);
      await client.query('delete from log');
    });
    const { sequencer } = await world.server();
    await world.deposit(sequencer, 'next');
    expect(await world.audit()).to.deep.equal({ size: 301n });
  });

  it('with submissions that had been taken in waiting again: they keep the place they were promised', async () => {
    await fourReceipts(5);
    await world.setBack(1n, false);
    await insertSubmission(world.db.pool, leafData('waiting'));
    const { sequencer } = await world.server();
    await until('the waiting one is in', () => sequencer.state().size === 6n);
    expect(await world.audit()).to.deep.equal({ size: 6n });
    expect(await selectOpenAlarms(world.db.pool), 'no record is lost').to.deep.equal([]);
  });

  it('after leaves that no checkpoint ever covered: their bundles give way to those of other leaves', async () => {
    await fourReceipts(254);
    const stray = [leafData('stray')];
    const entries = [...(await world.leaves()), ...stray];
    await new EntryBundles(world.objects).put([{ index: 0n, entries }]);
    await world.setBack(250n);
    const { sequencer } = await world.server();
    expect((await world.deposit(sequencer, 'instead')).leafIndex).to.equal(254n);
    await world.deposit(sequencer, 'fills the tile');
    await sequencer.stop();
    await world.setBack(100n);
    const again = await world.server();
    await world.deposit(again.sequencer, 'after');
    expect(await world.audit()).to.deep.equal({ size: 257n });
  });

  const stopped = async () => {
    const { sequencer } = await world.server();
    await until('stops', () => sequencer.state().stopped !== undefined);
    const { code } = sequencer.state().stopped!;
    expect(sequencer.state().leading).to.equal(false);
    await rejectionOf(sequencer.integrated(1n, 100), 'log-stopped');
    expect((await selectOpenAlarms(world.db.pool)).map((alarm) => alarm.code)).to.deep.equal([code]);
    await sequencer.stop();
    return code;
  };

  describe('that cannot be refilled', () => {
    it('stays stopped while a bundle is missing, and goes on once it is back', async () => {
      await fourReceipts(300);
      await world.setBack(200n);
      const { objects } = world;
      world.objects = {
        put: (name, content) => objects.put(name, content),
        get: async (name) => (name === 'log/tile/entries/000' ? undefined : objects.get(name)),
        head: (name) => objects.head(name),
        delete: (name) => objects.delete(name),
        list: (prefix) => objects.list(prefix),
      };
      expect(await stopped()).to.equal('database-behind-register');
      expect((await world.leaves()).length, 'nothing was added').to.equal(200);
      world.objects = objects;
      await world.deposit((await world.server()).sequencer, 'next');
      expect(await world.audit()).to.deep.equal({ size: 301n });
      expect((await selectOpenAlarms(world.db.pool)).map(({ code }) => code)).to.deep.equal(['records-lost']);
    });

    it('stays stopped when the bundles lead to another root', async () => {
      await fourReceipts(5);
      await world.setBack(1n);
      await world.objects.delete('log/tile/entries/000.p/5');
      await world.objects.put(
        'log/tile/entries/000.p/5',
        Buffer.alloc(5 * 34, Buffer.from([0, 32, ...Array(32).fill(1)])),
      );
      expect(await stopped()).to.equal('database-behind-register');
      expect((await world.leaves()).length).to.equal(1);
    });

    it('stays stopped when a bundle is damaged', async () => {
      await fourReceipts(5);
      await world.setBack(1n);
      await world.objects.delete('log/tile/entries/000.p/5');
      await world.objects.put('log/tile/entries/000.p/5', Uint8Array.of(1));
      expect(await stopped()).to.equal('database-behind-register');
    });
  });

  describe('or a register that is not ours to go on from', () => {
    const writeRegister = async (bytes: Uint8Array) =>
      world.register.compareAndSwap((await world.register.read())?.version, bytes);
    const noteOf = (signer: CheckpointSigner, treeSize: bigint) =>
      encodeRegisterEntry({
        claim: CLAIM,
        checkpoint: parseUtf8(signer.sign({ treeSize, rootHash: new Uint8Array(32) as never })),
      });

    it('stops with register-forked when its root is not our tree’s', async () => {
      await fourReceipts(6);
      await writeRegister(noteOf(world.signer, 5n));
      await world.db.transaction(async (client) => {
        await client.query(`set local session_replication_role = 'replica'`);
        await client.query('delete from checkpoint where tree_size > 5');
      });
      expect(await stopped()).to.equal('register-forked');
      expect((await world.register.read())?.bytes).to.not.equal(undefined);
    });

    it('stops with register-behind-checkpoint when it was set back', async () => {
      await fourReceipts(5);
      await rm(world.registerFolder, { recursive: true });
      const register = await FileCheckpointRegister.open(world.registerFolder);
      const sequencer = new Sequencer(world.parts({ register }), TIMINGS);
      await sequencer.start();
      await until('stops', () => sequencer.state().stopped?.code === 'register-behind-checkpoint');
      await sequencer.stop();
    });

    it('stops with register-foreign when another key signed it', async () => {
      await fourReceipts(5);
      await writeRegister(noteOf(new CheckpointSigner(ORIGIN, new Uint8Array(32).fill(8)), 9n));
      expect(await stopped()).to.equal('register-foreign');
    });

    it('stops with register-foreign when it is another log’s', async () => {
      await fourReceipts(5);
      await writeRegister(noteOf(new CheckpointSigner('log.example.org/other', new Uint8Array(32).fill(7)), 9n));
      expect(await stopped()).to.equal('register-foreign');
    });

    it('stops with register-unreadable when it holds something else', async () => {
      await fourReceipts(5);
      await writeRegister(Buffer.from('{}'));
      expect(await stopped()).to.equal('register-unreadable');
    });
  });

  it('that lost leaves in its middle: stops with tree-incomplete', async () => {
    await fourReceipts(6);
    await world.db.transaction(async (client) => {
      await client.query(`set local session_replication_role = 'replica'`);
      await client.query('delete from leaf where leaf_index = 3');
    });
    expect(await stopped()).to.equal('tree-incomplete');
  });
});
