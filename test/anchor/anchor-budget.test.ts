import { expect } from 'chai';
import { costOf } from '../../src/anchor/anchor-fee.ts';
import type { Fee, RpcReceipt } from '../../src/anchor/chain-client.ts';
import { selectAnchorCostSince, selectDailyAnchorCosts } from '../../src/db/anchor-costs.ts';
import { encodeHex0x, parseHex0x } from '../../src/format/bytes.ts';
import { useAnvil } from '../support/anvil.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';
import { AnchorWorld, AT_ONCE, INTERVAL_MS, STUCK_AFTER_MS } from './anchor-world.ts';

const DAY_MS = 24 * 3600_000;

describe('costOf', () => {
  const fee: Fee = { type: 'eip1559', maxFeePerGas: 30n, maxPriorityFeePerGas: 1n };
  const receipt = { gasUsed: 1000n, effectiveGasPrice: 20n, l1Fee: 0n } as RpcReceipt;

  it('is what was paid for gas, and what another chain took besides', () => {
    expect(costOf(receipt, fee)).to.equal(20_000n);
    expect(costOf({ ...receipt, l1Fee: 5n }, fee)).to.equal(20_005n);
  });

  it('is never more for gas than was offered, and all of it where the node does not say', () => {
    expect(costOf({ ...receipt, effectiveGasPrice: 10n ** 30n }, fee)).to.equal(30_000n);
    expect(costOf({ ...receipt, effectiveGasPrice: undefined }, fee)).to.equal(30_000n);
    expect(costOf({ ...receipt, effectiveGasPrice: undefined }, { type: 'legacy', gasPrice: 7n })).to.equal(7_000n);
  });
});

describe('AnchorWorker and its means', () => {
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
  const contract = () => parseHex0x(world.contract);
  const spentSince = (ms: number) => selectAnchorCostSince(world.db.pool, 'eip155:31337', contract(), new Date(ms));
  const reasonOf = (worker: ReturnType<AnchorWorld['worker']>) => {
    const status = worker.status();
    return status.state === 'ok' ? 'ok' : `${status.state} ${status.reason.code}`;
  };

  it('keeps what each anchor has cost, as the receipt says', async () => {
    const worker = world.worker();
    let paid = 0n;
    for (let i = 0; i < 3; i++) {
      await world.publish();
      await worker.turn();
      world.nowMs += INTERVAL_MS;
      const row = (await world.rows()).at(-1)!;
      const receipt = await world.rpc('eth_getTransactionReceipt', [encodeHex0x(row.transactionHash as Buffer)]);
      paid += BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
    }
    expect(await spentSince(0)).to.equal(paid);
    const [today, ...others] = await selectDailyAnchorCosts(world.db.pool, 'eip155:31337', contract(), 10);
    expect(today).to.deep.include({ day: '2026-11-22', transactions: 3, costWei: paid });
    expect(others).to.deep.equal([]);
    expect(await selectAnchorCostSince(world.db.pool, 'eip155:1', contract(), new Date(0))).to.equal(0n);
  });

  it('counts a transaction that replaced another once, and one that failed too', async () => {
    await world.rpc('evm_setAutomine', [false]);
    await world.publish();
    const worker = world.worker({ maxFeePerGas: 10n ** 24n });
    await worker.turn();
    world.nowMs += STUCK_AFTER_MS;
    await worker.turn();
    const [row] = await world.rows();
    expect((await world.transactions(row!.anchorId)).length).to.equal(2);
    await world.mine();
    await worker.turn();
    const { rows } = await world.db.pool.query('select * from anchor_cost');
    expect(rows.length).to.equal(1);
  });

  it('waits until midnight UTC when the day’s budget does not reach for one more, and takes deposits’ anchors up again', async () => {
    await world.publish();
    await world.worker().turn();
    const one = await spentSince(0);
    expect(one > 0n).to.equal(true);
    world.nowMs += INTERVAL_MS;
    const worker = world.worker({ dailyBudget: one });
    await world.publish();
    await worker.turn();
    expect(reasonOf(worker)).to.equal('waiting anchor-budget-spent');
    const status = worker.status();
    expect(status.state !== 'ok' && status.reason.message).to.include('waits until 2026-11-23T00:00:00.000Z');
    expect(await world.openAlarms()).to.deep.equal(['anchor-budget-spent']);
    expect((await world.states()).length, 'nothing is begun').to.equal(1);
    // One moment before midnight, and one after it.
    const midnight = world.nowMs - (world.nowMs % DAY_MS) + DAY_MS;
    world.nowMs = midnight - 1;
    await worker.turn();
    expect(reasonOf(worker)).to.equal('waiting anchor-budget-spent');
    world.nowMs = midnight;
    const richer = world.worker({ dailyBudget: 100n * one });
    await richer.turn();
    expect(reasonOf(richer)).to.equal('ok');
    expect(await world.openAlarms()).to.deep.equal([]);
    expect((await world.states()).map(([, state]) => state)).to.deep.equal(['final', 'final']);
    expect(await spentSince(midnight)).not.to.equal(0n);
    await world.audit();
  });

  it('signs nothing that could cost more than is left, and replaces nothing either', async () => {
    await world.rpc('evm_setAutomine', [false]);
    await world.publish();
    const worker = world.worker({ dailyBudget: 1000n });
    await worker.turn();
    expect(reasonOf(worker)).to.equal('waiting anchor-budget-spent');
    const [row] = await world.rows();
    expect(await world.transactions(row!.anchorId)).to.deep.equal([]);
    const enough = world.worker();
    await enough.turn();
    world.nowMs += STUCK_AFTER_MS;
    await worker.turn();
    expect((await world.transactions(row!.anchorId)).length, 'the one that waits is followed, not replaced').to.equal(
      1,
    );
    await world.mine();
    await worker.turn();
    expect((await world.states())[0]?.[1]).to.equal('final');
  });

  it('does not send what takes more gas than is allowed', async () => {
    await world.publish();
    const worker = world.worker({ maxGasPerAnchor: 50_000n });
    await worker.turn();
    expect(reasonOf(worker)).to.equal('waiting anchor-gas-ceiling');
    expect(await world.openAlarms()).to.deep.equal(['anchor-gas-ceiling']);
    expect(await world.events()).to.deep.equal([]);
    const [row] = await world.rows();
    expect(await world.transactions(row!.anchorId)).to.deep.equal([]);
    const allowed = world.worker();
    await allowed.turn();
    expect(await world.openAlarms()).to.deep.equal([]);
    await world.audit();
  });

  it('allows no more gas than the ceiling, whatever the node’s estimate would have in addition', async () => {
    proxy.behave(
      throughTo(anvil().rpcUrl, (method, answer) =>
        method === 'eth_estimateGas' ? { result: `0x${(190_000).toString(16)}` } : answer,
      ),
    );
    await world.publish();
    await world.worker({ client: world.client(AT_ONCE, proxy.url()), maxGasPerAnchor: 200_000n }).turn();
    const [row] = await world.rows();
    const { gas } = await world.rpc('eth_getTransactionByHash', [encodeHex0x(row!.transactionHash as Buffer)]);
    expect(Number(gas)).to.equal(200_000);
  });
});
