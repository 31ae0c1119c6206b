import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Transaction } from 'ethers';
import type { ChainError } from '../../src/anchor/chain-error.ts';
import { clearAlarm, selectAlarmsAbout } from '../../src/db/alarms.ts';
import { selectAnchorEvents } from '../../src/db/anchors.ts';
import { encodeHex0x } from '../../src/format/bytes.ts';
import { nodeHash } from '../../src/merkle/hash.ts';
import { useAnvil } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';
import {
  AFTER_THREE,
  AnchorWorld,
  AT_ONCE,
  INTERVAL_MS,
  STUCK_AFTER_MS,
  untilIdle,
  WHEN_ON_DISK,
} from './anchor-world.ts';

describe('AnchorWorker', () => {
  const anvil = useAnvil();
  const proxy = useJsonRpcServer();
  let world: AnchorWorld;
  beforeEach(async () => {
    world = await AnchorWorld.open(anvil());
  });
  afterEach(async () => {
    await world.rpc('evm_setAutomine', [true]);
    await world.rpc('anvil_dropAllTransactions');
    await world.close();
  });

  const lastRow = async () => (await world.rows()).at(-1)!;
  const rawOf = async (index: number) => {
    const row = await lastRow();
    return Transaction.from(encodeHex0x((await world.transactions(row.anchorId)).at(index)!.raw));
  };
  const subject = () => `eip155:31337 ${world.contract}`;

  describe('when checkpoints are published', () => {
    it('anchors the newest one, with a proof that it extends the last, and keeps an attestation that verifies', async () => {
      const worker = world.worker();
      expect(worker.status()).to.deep.include({ state: 'ok', headTreeSize: undefined, lastFinal: undefined });
      const sizes: bigint[] = [];
      for (const count of [4, 1, 250, 300]) {
        sizes.push(await world.publish(count));
        await worker.turn();
        world.nowMs += INTERVAL_MS;
      }
      expect(world.trouble).to.deep.equal([]);
      expect((await world.events()).map((e) => [e.previousTreeSize, e.treeSize])).to.deep.equal([
        [0n, 5n],
        [5n, 6n],
        [6n, 256n],
        [256n, 556n],
      ]);
      expect(await world.states()).to.deep.equal(sizes.map((size) => [Number(size), 'final']));
      await world.audit();
      const [first] = await world.rows();
      expect(await world.history(first!.anchorId)).to.deep.equal(['intended', 'sent', 'mined', 'final']);
      const { contract } = world;
      expect(worker.status()).to.deep.equal({
        state: 'ok',
        chain: 'eip155:31337',
        contract,
        headTreeSize: 556n,
        lastFinal: { treeSize: 556n, since: new Date(world.nowMs - INTERVAL_MS) },
        inFlight: undefined,
        providers: [],
      });
    });

    it('anchors nothing twice, nothing before the interval has passed, and then only the newest', async () => {
      const worker = world.worker();
      await worker.turn();
      expect(await world.rows(), 'nothing is published').to.deep.equal([]);
      await world.publish();
      await worker.turn();
      world.nowMs += INTERVAL_MS - 1;
      await worker.turn();
      await world.publish();
      await world.publish();
      await worker.turn();
      expect(await world.states()).to.deep.equal([[2, 'final']]);
      world.nowMs += 1;
      await worker.turn();
      expect(await world.states()).to.deep.equal([
        [2, 'final'],
        [4, 'final'],
      ]);
      await world.audit();
    });

    it('works by itself once started, and stops', async () => {
      const worker = world.worker({ intervalMs: 200, now: Date.now });
      await world.publish();
      worker.start();
      for (let i = 0; worker.status().lastFinal === undefined; i++) {
        expect(i, 'no anchor within ten seconds').to.be.lessThan(1000);
        await delay(10);
      }
      await worker.stop();
      await world.audit();
    });
  });

  describe('when several servers step at the same moments', () => {
    it('anchors each checkpoint once', async () => {
      for (let round = 0; round < 4; round++) {
        world.nowMs += INTERVAL_MS;
        const treeSize = await world.publish(3);
        // Past the lock that has servers take turns.
        const steppers = Array.from({ length: 3 }, () => world.stepper());
        for (let i = 0; i < 12; i++) {
          const outcomes = await Promise.allSettled(steppers.map((stepper) => stepper.step()));
          for (const outcome of outcomes) {
            if (outcome.status === 'fulfilled') continue;
            const { code, message } = outcome.reason as ChainError;
            // One that lost a race says so and goes on. anvil refuses a call on the newest block if the next comes just then.
            if (code === 'rpc-refused') expect(message).to.match(/BlockOutOfRange/);
            else expect(code, message).to.be.oneOf(['node-inconsistent', 'nonce-conflict']);
          }
        }
        expect((await lastRow()).treeSize).to.equal(treeSize);
        expect((await lastRow()).state).to.equal('final');
      }
      await world.audit();
    });

    it('does not undo what another has done since one looked', async () => {
      const slow = world.client();
      let meanwhile = async () => {};
      slow.head = async () => {
        await meanwhile();
        return world.client().head();
      };
      const stepper = world.stepper({ client: slow });
      await world.publish();
      for (const before of ['intended', 'sent', 'mined']) {
        world.nowMs += INTERVAL_MS;
        const treeSize = await world.publish();
        const other = world.stepper();
        do await other.step();
        while ((await lastRow()).treeSize !== treeSize || (await lastRow()).state !== before);
        meanwhile = () => untilIdle(other);
        await stepper.step();
        meanwhile = async () => {};
        expect((await lastRow()).state, `seen as ${before}`).to.equal('final');
      }
      await world.audit();
    });

    it('lets one work and the others wait their turn', async () => {
      await world.publish();
      const workers = Array.from({ length: 4 }, () => world.worker());
      await Promise.all(workers.map((worker) => worker.turn()));
      await Promise.all(workers.map((worker) => worker.turn()));
      expect(world.trouble).to.deep.equal([]);
      const row = await lastRow();
      expect(await world.history(row.anchorId)).to.deep.equal(['intended', 'sent', 'mined', 'final']);
      expect((await world.transactions(row.anchorId)).length).to.equal(1);
    });
  });

  describe('when a block disappears', () => {
    it('sends the same transaction again and anchors once', async () => {
      const stepper = world.stepper({ client: world.client(AFTER_THREE) });
      const before = await world.rpc('evm_snapshot');
      await world.publish();
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[2, 'mined']]);
      const first = await lastRow();
      await world.rpc('evm_revert', [before]);
      expect(await world.events()).to.deep.equal([]);
      await world.mine();
      await untilIdle(stepper);
      await untilIdle(stepper);
      const second = await lastRow();
      expect(second.state).to.equal('mined');
      expect(encodeHex0x(second.blockHash!)).to.not.equal(encodeHex0x(first.blockHash!));
      expect(second.transactionHash).to.deep.equal(first.transactionHash);
      await world.mine(3);
      await untilIdle(stepper);
      const history = ['intended', 'sent', 'mined', 'sent', 'mined', 'final'];
      expect(await world.history(second.anchorId)).to.deep.equal(history);
      expect((await world.transactions(second.anchorId)).length).to.equal(1);
      await world.audit();
    });

    it('follows the transaction into the block that took it over', async () => {
      const stepper = world.stepper({ client: world.client(AFTER_THREE) });
      const before = await world.rpc('evm_snapshot');
      await world.publish();
      await untilIdle(stepper);
      const first = await lastRow();
      const raw = encodeHex0x((await world.transactions(first.anchorId))[0]!.raw);
      await world.rpc('evm_revert', [before]);
      await world.mine();
      await world.client().sendRaw(raw);
      await untilIdle(stepper);
      const second = await lastRow();
      expect(second.state).to.equal('mined');
      expect(encodeHex0x(second.blockHash!)).to.not.equal(encodeHex0x(first.blockHash!));
      await world.mine(3);
      await untilIdle(stepper);
      expect(await world.history(first.anchorId)).to.deep.equal(['intended', 'sent', 'mined', 'mined', 'final']);
      await world.audit();
    });

    it('is not final a block too early', async () => {
      const stepper = world.stepper({ client: world.client(AFTER_THREE) });
      await world.publish();
      await untilIdle(stepper);
      await world.mine(2);
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[2, 'mined']]);
      await world.mine(1);
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[2, 'final']]);
    });

    it('stops, and says which, if the block was final; an operator who has seen it lets it go on', async () => {
      const worker = world.worker();
      await world.publish();
      const before = await world.rpc('evm_snapshot');
      await worker.turn();
      expect(await world.states()).to.deep.equal([[2, 'final']]);
      const lost = await lastRow();
      await world.rpc('evm_revert', [before]);
      await world.publish();
      world.nowMs += INTERVAL_MS;
      await worker.turn();
      // The chain is not as high as it was: perhaps a node that lags.
      expect(worker.status()).to.have.nested.property('reason.code', 'node-inconsistent');
      expect(await world.openAlarms()).to.deep.equal([]);
      await world.mine(2);
      await worker.turn();
      expect(worker.status()).to.deep.include({ state: 'stopped', headTreeSize: 0n });
      expect(worker.status()).to.have.nested.property('reason.code', 'final-anchor-lost');
      expect(await world.openAlarms()).to.deep.equal(['final-anchor-lost']);
      await clearAlarm(world.db.pool, 'final-anchor-lost', new Date(world.nowMs), subject());
      await worker.turn();
      expect(worker.status().state).to.equal('ok');
      expect(await world.states()).to.deep.equal([
        [2, 'final'],
        [3, 'final'],
      ]);
      expect((await world.rows())[0], 'certificates name this block').to.deep.equal(lost);
      expect((await world.events()).map((e) => e.treeSize)).to.deep.equal([3n]);
    });
  });

  describe('on the embedded chain', () => {
    it('is final only once the block is on disk', async () => {
      let durable = -1n;
      const client = world.client(WHEN_ON_DISK, undefined, () => durable);
      const stepper = world.stepper({ client });
      await world.publish();
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[2, 'mined']]);
      durable = await anvil().flush();
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[2, 'final']]);
      await world.audit();
    });

    it('anchors again what the node lost when it was killed, and nothing twice', async () => {
      const stepper = world.stepper({ client: world.client(WHEN_ON_DISK) });
      await anvil().flush();
      await world.publish();
      const restarted = new Promise<void>((resolve) => {
        const off = anvil().onRestart(() => {
          off();
          resolve();
        });
      });
      await untilIdle(stepper);
      process.kill(anvil().pid(), 'SIGKILL');
      await restarted;
      for (let i = 0; (await lastRow()).state !== 'final'; i++) {
        expect(i, 'not final within ten seconds').to.be.lessThan(1000);
        await untilIdle(stepper);
        await delay(10);
      }
      await world.audit();
      expect((await world.transactions((await lastRow()).anchorId)).length).to.equal(1);
    });
  });

  describe('when no block takes the transaction', () => {
    it('offers an eighth more under the same nonce, and the anchor is made once', async () => {
      const worker = world.worker();
      await world.rpc('evm_setAutomine', [false]);
      await world.publish();
      await worker.turn();
      expect(worker.status().inFlight).to.deep.include({ treeSize: 2n, state: 'sent' });
      world.nowMs += STUCK_AFTER_MS - 1;
      await worker.turn();
      expect((await world.transactions((await lastRow()).anchorId)).length).to.equal(1);
      world.nowMs += 1;
      await worker.turn();
      const [first, second] = [await rawOf(0), await rawOf(1)];
      expect(second.nonce).to.equal(first.nonce);
      expect(second.data).to.equal(first.data);
      expect(second.maxFeePerGas! * 8n >= first.maxFeePerGas! * 9n).to.equal(true);
      expect(second.maxPriorityFeePerGas! * 8n >= first.maxPriorityFeePerGas! * 9n).to.equal(true);
      expect(await world.rpc('eth_getTransactionByHash', [first.hash]), 'replaced').to.equal(null);
      await world.mine();
      await worker.turn();
      expect(world.trouble).to.deep.equal([]);
      expect(encodeHex0x((await lastRow()).transactionHash!)).to.equal(second.hash);
      await world.audit();
    });

    it('sends again what the node has forgotten', async () => {
      const stepper = world.stepper();
      await world.rpc('evm_setAutomine', [false]);
      await world.publish();
      await untilIdle(stepper);
      const { hash } = await rawOf(0);
      await world.rpc('anvil_dropTransaction', [hash]);
      await untilIdle(stepper);
      expect(await world.rpc('eth_getTransactionByHash', [hash])).to.not.equal(null);
      expect((await world.transactions((await lastRow()).anchorId)).length).to.equal(1);
      await world.mine();
      await untilIdle(stepper);
      await world.audit();
    });

    it('never offers more than the operator allows, and alarms', async () => {
      await world.rpc('evm_setAutomine', [false]);
      await world.publish();
      const maxFeePerGas = 3n * 10n ** 9n;
      const worker = world.worker({ maxFeePerGas });
      for (let i = 0; i < 12; i++) {
        await worker.turn();
        world.nowMs += STUCK_AFTER_MS;
      }
      const row = await lastRow();
      for (const { raw } of await world.transactions(row.anchorId)) {
        expect(Transaction.from(encodeHex0x(raw)).maxFeePerGas! <= maxFeePerGas).to.equal(true);
      }
      expect(worker.status()).to.have.property('state', 'waiting');
      expect(worker.status()).to.have.nested.property('reason.code', 'anchor-fee-ceiling');
      expect(await world.openAlarms()).to.deep.equal(['anchor-fee-ceiling']);
      await world.mine();
      await worker.turn();
      expect((await lastRow()).state).to.equal('final');
      expect(await world.openAlarms()).to.deep.equal([]);
      await world.audit();
    });

    it('offers more until the node takes it for one that no row knows of', async () => {
      let refusals = 3;
      proxy.behave((request, response) => {
        const refused = request.method === 'eth_sendRawTransaction' && refusals-- > 0;
        if (refused) return { error: { code: -32000, message: 'replacement transaction underpriced' } };
        return throughTo(world.anvil.rpcUrl, (_, answer) => answer)(request, response);
      });
      await world.publish();
      await untilIdle(world.stepper({ client: world.client(AT_ONCE, proxy.url()) }));
      const row = await lastRow();
      expect(row.state).to.equal('final');
      const signed = await world.transactions(row.anchorId);
      expect(new Set(signed.map(({ nonce }) => nonce)).size).to.equal(1);
      expect(signed.length).to.equal(4);
      await world.audit();
    });

    it('waits for a transaction of its key that no row knows of, and goes on from what it did', async () => {
      await world.rpc('evm_setAutomine', [false]);
      const client = world.client();
      const nonce = await client.nonce(world.anchorer.address, 'latest');
      const call = { treeSize: 1n, rootHash: world.rootAt(1n), consistencyProof: [] };
      const terms = { nonce, gasLimit: 300_000n, fee: await client.suggestFee() };
      await client.sendRaw(client.signAnchor(world.anchorer, call, terms).raw);
      await world.publish();
      const worker = world.worker();
      await worker.turn();
      expect(worker.status()).to.have.nested.property('reason.code', 'node-inconsistent');
      await world.rpc('evm_setAutomine', [true]);
      await world.mine();
      await worker.turn();
      expect((await world.events()).map((e) => e.treeSize)).to.deep.equal([1n, 2n]);
      expect(await world.states()).to.deep.equal([[2, 'final']]);
    });

    it('signs anew when the head has moved under the one it has signed', async () => {
      const stepper = world.stepper();
      const one = await world.publish();
      await world.publish();
      await world.rpc('evm_setAutomine', [false]);
      await untilIdle(stepper);
      // Somebody with the key anchors an older state of ours; the waiting transaction now proves too much.
      await world.rpc('anvil_dropAllTransactions');
      await world.rpc('evm_setAutomine', [true]);
      await world.anchorBehindOurBack({ treeSize: one, rootHash: world.rootAt(one), consistencyProof: [] });
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[3, 'final']]);
      const row = await lastRow();
      const nonces = (await world.transactions(row.anchorId)).map(({ nonce }) => nonce);
      expect(nonces[1]).to.equal(nonces[0]! + 1n);
      expect((await world.events()).map((e) => [e.previousTreeSize, e.treeSize])).to.deep.equal([
        [0n, 2n],
        [2n, 3n],
      ]);
    });
  });

  describe('when the chain is away', () => {
    it('says so, keeps what it has, and goes on when the chain is back', async () => {
      let away = false;
      proxy.behave((request, response) => {
        if (away) return void response.destroy();
        return throughTo(world.anvil.rpcUrl, (_, answer) => answer)(request, response);
      });
      const worker = world.worker({ client: world.client(AFTER_THREE, proxy.url()) });
      await world.publish();
      await worker.turn();
      const before = await lastRow();
      expect(before.state).to.equal('mined');
      away = true;
      await world.publish();
      const pauses = [await worker.turn(), await worker.turn(), await worker.turn()];
      expect(worker.status()).to.deep.include({ state: 'unreachable', headTreeSize: 2n });
      expect(worker.status()).to.have.nested.property('reason.code', 'rpc-unreachable');
      expect(worker.status().inFlight).to.deep.include({ treeSize: 2n, state: 'mined' });
      expect(pauses[1]).to.be.greaterThan(pauses[0]!);
      expect(pauses[2]).to.be.greaterThan(pauses[1]!);
      expect(await lastRow()).to.deep.equal(before);
      expect(await world.openAlarms()).to.deep.equal([]);
      away = false;
      await world.mine(3);
      world.nowMs += INTERVAL_MS;
      await worker.turn();
      expect(worker.status().state).to.equal('ok');
      await world.mine(3);
      await worker.turn();
      expect(await world.states()).to.deep.equal([
        [2, 'final'],
        [3, 'final'],
      ]);
      await world.audit();
    });
  });

  describe('when the node, contract or profile is another', () => {
    const wrong = [
      ['another chain', () => ({ client: world.client({ ...AT_ONCE, chain: 'eip155:1' }) })],
      ['another log', () => ({ originHash: new Uint8Array(32) })],
      ['hashes that do not fit', () => ({ client: world.client({ ...AT_ONCE, headerHash: 'qbft' }) })],
      ['no proofs', () => ({ client: world.client({ ...AT_ONCE, receipts: 'none' }) })],
    ] as const;
    for (const [what, changed] of wrong) {
      it(`signs nothing for ${what}, and alarms until it is mended`, async () => {
        await world.publish();
        const worker = world.worker(changed());
        await worker.turn();
        expect(worker.status()).to.have.property('state', 'stopped');
        expect(worker.status()).to.have.nested.property('reason.code', 'chain-misconfigured');
        expect(await world.rows()).to.deep.equal([]);
        const { rows: open } = await world.db.pool.query('select code from alarm where cleared_at is null');
        expect(open).to.deep.equal([{ code: 'chain-misconfigured' }]);
      });
    }

    it('goes on by itself when the right one answers', async () => {
      let chainId = '0x1';
      proxy.behave(
        throughTo(world.anvil.rpcUrl, (method, answer) => (method === 'eth_chainId' ? { result: chainId } : answer)),
      );
      await world.publish();
      const worker = world.worker({ client: world.client(AT_ONCE, proxy.url()) });
      await worker.turn();
      expect(await world.openAlarms()).to.deep.equal(['chain-misconfigured']);
      chainId = '0x7a69';
      await worker.turn();
      expect(await world.openAlarms()).to.deep.equal([]);
      expect((await lastRow()).state).to.equal('final');
    });
  });

  describe('when the contract has a head that is not ours', () => {
    const garbage = new Uint8Array(32).fill(0x66);
    const forged = [
      ['a larger tree', { treeSize: 1000n, rootHash: garbage, consistencyProof: [] }],
      ['a tree of a size that we have', { treeSize: 2n, rootHash: garbage, consistencyProof: [] }],
    ] as const;
    for (const [what, call] of forged) {
      it(`stops at ${what}, alarms, and signs nothing in this process or the next`, async () => {
        await world.publish();
        await world.anchorBehindOurBack(call);
        const worker = world.worker();
        await worker.turn();
        expect(worker.status()).to.deep.include({ state: 'stopped', headTreeSize: call.treeSize });
        expect(worker.status()).to.have.nested.property('reason.code', 'chain-head-unknown');
        await world.publish();
        world.nowMs += INTERVAL_MS;
        await worker.turn();
        await rejectionOf(world.stepper().step(), 'chain-head-unknown');
        expect(await world.openAlarms()).to.deep.equal(['chain-head-unknown']);
        expect(await world.rows()).to.deep.equal([]);
        expect((await world.events()).length).to.equal(1);

        await clearAlarm(world.db.pool, 'chain-head-unknown', new Date(world.nowMs), subject());
        await worker.turn();
        expect(worker.status()).to.have.nested.property('reason.code', 'chain-head-unknown');
        const alarms = await selectAlarmsAbout(world.db.pool, subject(), ['chain-head-unknown']);
        expect(alarms.map((alarm) => alarm.clearedAt === null)).to.deep.equal([true, false]);
      });
    }

    it('goes on only when an operator has cleared the alarm, though the head be ours again', async () => {
      const before = await world.rpc('evm_snapshot');
      await world.anchorBehindOurBack(forged[0][1]);
      await world.publish();
      const worker = world.worker();
      await worker.turn();
      await world.rpc('evm_revert', [before]);
      await worker.turn();
      expect(worker.status()).to.have.nested.property('reason.code', 'chain-head-unknown');
      expect(await world.rows()).to.deep.equal([]);
      await clearAlarm(world.db.pool, 'chain-head-unknown', new Date(world.nowMs), subject());
      await worker.turn();
      expect(worker.status().state).to.equal('ok');
      await world.audit();
    });

    it('still follows to its end what was anchored before', async () => {
      const worker = world.worker({ client: world.client(AFTER_THREE) });
      await world.publish();
      await worker.turn();
      const leaf = new Uint8Array(32).fill(1);
      const rootHash = nodeHash(world.rootAt(2n), leaf);
      await world.anchorBehindOurBack({ treeSize: 3n, rootHash, consistencyProof: [leaf] });
      await world.mine(3);
      await worker.turn();
      expect(worker.status()).to.have.nested.property('reason.code', 'chain-head-unknown');
      expect(await world.states()).to.deep.equal([[2, 'final']]);
    });
  });

  describe('when somebody else anchors a state that is ours', () => {
    it('takes it over, and anchors on from there', async () => {
      const treeSize = await world.publish(5);
      await world.anchorBehindOurBack({ treeSize, rootHash: world.rootAt(treeSize), consistencyProof: [] });
      await world.mine(40);
      const worker = world.worker();
      await worker.turn();
      expect(await world.states()).to.deep.equal([[6, 'final']]);
      const row = await lastRow();
      expect(await world.history(row.anchorId)).to.deep.equal(['mined', 'final']);
      expect(await world.transactions(row.anchorId)).to.deep.equal([]);
      await world.publish();
      await worker.turn();
      expect((await world.events()).map((e) => [e.previousTreeSize, e.treeSize])).to.deep.equal([
        [0n, 6n],
        [6n, 7n],
      ]);
      expect((await lastRow()).state).to.equal('final');
    });

    it('goes on from one that was never published, without a row of it', async () => {
      await world.publish(5);
      await world.anchorBehindOurBack({ treeSize: 3n, rootHash: world.rootAt(3n), consistencyProof: [] });
      const worker = world.worker();
      await worker.turn();
      expect(await world.states()).to.deep.equal([[6, 'final']]);
      expect((await world.events()).map((e) => [e.previousTreeSize, e.treeSize])).to.deep.equal([
        [0n, 3n],
        [3n, 6n],
      ]);
    });

    it('gives up the one in flight when the contract has gone on without it', async () => {
      const stepper = world.stepper();
      await world.publish();
      await world.rpc('evm_setAutomine', [false]);
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([[2, 'sent']]);
      await world.rpc('anvil_dropAllTransactions');
      await world.rpc('evm_setAutomine', [true]);
      const treeSize = await world.publish();
      await world.anchorBehindOurBack({ treeSize, rootHash: world.rootAt(treeSize), consistencyProof: [] });
      await untilIdle(stepper);
      expect(await world.states()).to.deep.equal([
        [2, 'superseded'],
        [3, 'final'],
      ]);
      world.nowMs += INTERVAL_MS;
      await world.publish();
      await untilIdle(stepper);
      expect((await world.states()).at(-1)).to.deep.equal([4, 'final']);
    });
  });

  describe('when the guardian acts', () => {
    it('stops with the reason after the log was closed', async () => {
      const worker = world.worker();
      await world.publish();
      await worker.turn();
      await world.guard('close', [2, `0x${'00'.repeat(20)}`]);
      await world.publish();
      world.nowMs += INTERVAL_MS;
      await worker.turn();
      expect(worker.status()).to.deep.include({ state: 'stopped', headTreeSize: 2n });
      expect(worker.status()).to.have.nested.property('reason.code', 'contract-closed');
      expect(worker.status())
        .to.have.nested.property('reason.message')
        .that.matches(/lastGoodTreeSize 2/);
      expect(await world.openAlarms()).to.deep.equal(['contract-closed']);
      await worker.turn();
      expect((await world.events()).length).to.equal(1);
      expect(await world.transactions((await lastRow()).anchorId)).to.deep.equal([]);
    });

    for (const [what, lastGood, state] of [
      ['makes final an anchor that he vouches for', 2, 'final'],
      ['never makes final one that he does not', 0, 'mined'],
    ] as const) {
      it(`after the close, ${what}`, async () => {
        const worker = world.worker({ client: world.client(AFTER_THREE) });
        await world.publish();
        await worker.turn();
        await world.guard('close', [lastGood, `0x${'00'.repeat(20)}`]);
        await world.mine(3);
        await worker.turn();
        await worker.turn();
        expect(await world.states()).to.deep.equal([[2, state]]);
        expect(await world.openAlarms()).to.deep.equal(lastGood === 0 ? ['contract-closed'] : []);
      });
    }

    it('alarms while another key anchors, and goes on when it is ours again', async () => {
      const worker = world.worker();
      await world.publish();
      await world.guard('setAnchorer', [world.guardian.address]);
      await worker.turn();
      expect(worker.status()).to.have.property('state', 'waiting');
      expect(worker.status()).to.have.nested.property('reason.code', 'anchor-refused');
      expect(worker.status())
        .to.have.nested.property('reason.message')
        .that.matches(/NotAnchorer/);
      expect(await world.openAlarms()).to.deep.equal(['anchor-refused']);
      expect(await world.transactions((await lastRow()).anchorId)).to.deep.equal([]);
      await world.guard('setAnchorer', [world.anchorer.address]);
      await worker.turn();
      expect(await world.states()).to.deep.equal([[2, 'final']]);
      expect(await world.openAlarms()).to.deep.equal([]);
    });
  });

  describe('when the anchorer runs out of money', () => {
    it('signs nothing, alarms, and goes on when there is some', async () => {
      const balance = await world.rpc('eth_getBalance', [world.anchorer.address, 'latest']);
      await world.rpc('anvil_setBalance', [world.anchorer.address, '0x1']);
      await world.publish();
      const worker = world.worker();
      await worker.turn();
      expect(worker.status()).to.have.nested.property('reason.code', 'anchor-balance-low');
      expect(await world.openAlarms()).to.deep.equal(['anchor-balance-low']);
      expect(await world.transactions((await lastRow()).anchorId)).to.deep.equal([]);
      await world.rpc('anvil_setBalance', [world.anchorer.address, balance]);
      await worker.turn();
      expect(await world.states()).to.deep.equal([[2, 'final']]);
      expect(await world.openAlarms()).to.deep.equal([]);
    });

    it('alarms before that, while it can still pay', async () => {
      const balance = await world.rpc('eth_getBalance', [world.anchorer.address, 'latest']);
      const fee = await world.client().suggestFee();
      const offer = fee.type === 'eip1559' ? fee.maxFeePerGas : fee.gasPrice;
      await world.rpc('anvil_setBalance', [world.anchorer.address, `0x${(offer * 100_000n * 10n).toString(16)}`]);
      await world.publish();
      await world.worker().turn();
      await world.rpc('anvil_setBalance', [world.anchorer.address, balance]);
      expect(await world.states()).to.deep.equal([[2, 'final']]);
      expect(await world.openAlarms()).to.deep.equal(['anchor-balance-low']);
    });
  });

  describe('when the node gives something else than the block holds', () => {
    for (const [what, method, change] of [
      ['receipts', 'eth_getBlockReceipts', { cumulativeGasUsed: '0x1' }],
      ['a header', 'eth_getBlockByHash', { stateRoot: `0x${'77'.repeat(32)}` }],
    ] as const) {
      it(`does not make an anchor final with ${what} that do not fit, and alarms`, async () => {
        let lies = false;
        proxy.behave(
          throughTo(world.anvil.rpcUrl, (asked, { result }) => {
            if (!lies || asked !== method) return { result };
            return {
              result: Array.isArray(result) ? result.map((r) => ({ ...r, ...change })) : { ...result, ...change },
            };
          }),
        );
        const worker = world.worker({ client: world.client(AFTER_THREE, proxy.url()) });
        await world.publish();
        await worker.turn();
        lies = true;
        await world.mine(3);
        await worker.turn();
        expect(worker.status()).to.have.nested.property('reason.code', 'attestation-invalid');
        expect(await world.states()).to.deep.equal([[2, 'mined']]);
        expect(await world.openAlarms()).to.deep.equal(['attestation-invalid']);
        lies = false;
        await worker.turn();
        expect(await world.states()).to.deep.equal([[2, 'final']]);
        expect(await world.openAlarms()).to.deep.equal([]);
        await world.audit();
      });
    }
  });

  it('writes down why each state changed', async () => {
    await world.publish();
    await untilIdle(world.stepper());
    const events = await selectAnchorEvents(world.db.pool, (await lastRow()).anchorId);
    for (const { detail } of events) expect(detail).to.match(/0 leaves|0x[0-9a-f]{64}/);
  });
});
