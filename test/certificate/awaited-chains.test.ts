import { expect } from 'chai';
import { AwaitedChains } from '../../src/certificate/awaited-chains.ts';
import { insertAnchor } from '../../src/db/anchors.ts';
import { parseHex0x } from '../../src/format/bytes.ts';
import { AnchorWorld } from '../anchor/anchor-world.ts';
import { useAnvil } from '../support/anvil.ts';

const CONTRACT = '0x00000000000000000000000000000000000000aa';
const WAIT_MS = 1_800_000;

describe('AwaitedChains', () => {
  const anvil = useAnvil();
  let world: AnchorWorld;
  beforeEach(async () => {
    world = await AnchorWorld.open(anvil());
  });
  afterEach(() => world.close());

  const awaited = (chains: string[], nowMs: number) => {
    const contracts = chains.map((chain) => ({ chain, address: CONTRACT }));
    return new AwaitedChains({ q: world.db.pool, contracts, waitMs: WAIT_MS, nowMs: () => nowMs });
  };
  async function finalOn(chain: string, treeSize: bigint): Promise<void> {
    const contract = parseHex0x(CONTRACT);
    const at = new Date(world.nowMs);
    const id = await insertAnchor(world.db.pool, { chain, contract, treeSize, rootHash: world.rootAt(treeSize), at });
    await world.db.pool.query(`update anchor set state = 'final' where anchor_id = $1`, [id]);
  }

  it('waits for nothing once the only chain covers the leaf', async () => {
    const treeSize = await world.publish(4);
    const one = ['eip155:1'];
    expect(await awaited(one, world.nowMs).awaits({ leafIndex: 0n })).to.equal(true);
    await finalOn('eip155:1', treeSize);
    expect(await awaited(one, world.nowMs).awaits({ leafIndex: treeSize - 1n })).to.equal(false);
    expect(await awaited(one, world.nowMs).awaits({ leafIndex: treeSize })).to.equal(true);
  });

  it('waits for the second until it covers the leaf too, or until the first is as old as the wait', async () => {
    const both = ['eip155:1', 'eip155:10'];
    const small = await world.publish(4);
    const large = await world.publish(4);
    await finalOn('eip155:1', large);
    await finalOn('eip155:10', small);
    const at = (ms: number, leafIndex: bigint) => awaited(both, world.nowMs + ms).awaits({ leafIndex });
    expect(await at(0, small - 1n), 'both cover it').to.equal(false);
    expect(await at(0, small), 'only the first covers it').to.equal(true);
    expect(await at(WAIT_MS - 1, large - 1n)).to.equal(true);
    expect(await at(WAIT_MS, large - 1n), 'the wait is over').to.equal(false);
    expect(await at(10 * WAIT_MS, large), 'nobody covers it').to.equal(true);
  });

  it('looks again after a moment, and after a failure at once', async () => {
    const treeSize = await world.publish(4);
    let nowMs = world.nowMs;
    let isAway = true;
    const q = {
      query: (...args: unknown[]) => {
        if (isAway) throw new Error('connection refused');
        return (world.db.pool.query as (...args: unknown[]) => unknown)(...args);
      },
    } as never;
    const contracts = [{ chain: 'eip155:1', address: CONTRACT }];
    const chains = new AwaitedChains({ q, contracts, waitMs: WAIT_MS, nowMs: () => nowMs });
    const outcome = await chains.awaits({ leafIndex: 0n }).catch((error: Error) => error.message);
    expect(outcome).to.equal('connection refused');
    isAway = false;
    expect(await chains.awaits({ leafIndex: 0n })).to.equal(true);
    await finalOn('eip155:1', treeSize);
    nowMs += 500;
    expect(await chains.awaits({ leafIndex: 0n })).to.equal(false);
  });
});
