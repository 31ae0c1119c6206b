import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { FinalBlocks, type FinalBlocksParts } from '../../src/anchor/final-blocks.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { parseBlockHeader } from '../../src/format/block-header.ts';
import { encodeHex0x } from '../../src/format/bytes.ts';
import { rpc } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { EVALUATION_PROFILE, useEvidenceLogChain } from '../support/evidence-log-chain.ts';
import { throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';
import { useTestDatabase } from '../support/postgres.ts';

const AFTER_TWO: ChainProfile = { ...EVALUATION_PROFILE, finality: { rule: 'depth', depth: 2 } };
const HOUR_MS = 3_600_000;

describe('FinalBlocks', () => {
  const chain = useEvidenceLogChain();
  const proxy = useJsonRpcServer();
  const url = useTestDatabase();
  let db: Database;
  let trouble: unknown[];
  before(async () => {
    db = openDatabase({ url: url(), maxConnections: 4 });
    await migrate(db);
  });
  after(() => db.close());
  beforeEach(async () => {
    trouble = [];
    await db.pool.query('delete from block_header');
    await rpc(chain().anvil.rpcUrl, 'anvil_mine', ['0x5']);
  });

  const open = (changed: Partial<FinalBlocksParts> = {}) =>
    new FinalBlocks({
      db,
      client: chain().open({ profile: AFTER_TWO }),
      pollMs: 20,
      now: Date.now,
      onTrouble: (error) => trouble.push(error),
      ...changed,
    });
  const block = (at: string) => rpc(chain().anvil.rpcUrl, 'eth_getBlockByNumber', [at, false]);
  const twoBehind = async () => block(`0x${(Number((await block('latest')).number) - 2).toString(16)}`);
  const stored = async () =>
    (await db.pool.query('select chain, block_hash, block_number, block_time, header from block_header')).rows;

  it('names the newest final block, whose header is stored first and has its hash', async () => {
    const final = await twoBehind();
    const blocks = open();
    await blocks.refresh();
    expect(await stored(), 'nobody has named it yet').to.deep.equal([]);
    const timeMs = Number(final.timestamp) * 1000;
    expect(await blocks.newestFinalBlock(timeMs)).to.deep.equal({ chain: 'eip155:31337', blockHash: final.hash });
    const [row, ...others] = await stored();
    expect(others).to.deep.equal([]);
    expect(row).to.deep.include({ chain: 'eip155:31337', block_number: BigInt(final.number) });
    expect(row.block_time.getTime()).to.equal(timeMs);
    expect(encodeHex0x(parseBlockHeader(row.header).hash)).to.equal(final.hash);
    expect(encodeHex0x(row.block_hash)).to.equal(final.hash);
    await blocks.newestFinalBlock(timeMs + 5);
    expect((await stored()).length).to.equal(1);
  });

  it('names none that is older than an hour or not yet there, by the clock of the one who asks', async () => {
    const timeMs = Number((await twoBehind()).timestamp) * 1000;
    const blocks = open();
    await blocks.refresh();
    expect(await blocks.newestFinalBlock(timeMs - 1)).to.equal(null);
    expect(await blocks.newestFinalBlock(timeMs + HOUR_MS)).to.not.equal(null);
    expect(await blocks.newestFinalBlock(timeMs + HOUR_MS + 1)).to.equal(null);
  });

  it('names an older one while the newest lies in the future', async () => {
    const blocks = open();
    await blocks.refresh();
    const older = await twoBehind();
    await rpc(chain().anvil.rpcUrl, 'evm_increaseTime', [1000]);
    await rpc(chain().anvil.rpcUrl, 'anvil_mine', ['0x3']);
    await blocks.refresh();
    const newer = await twoBehind();
    const at = Number(older.timestamp) * 1000 + 999_000;
    expect((await blocks.newestFinalBlock(at))?.blockHash).to.equal(older.hash);
    expect((await blocks.newestFinalBlock(Number(newer.timestamp) * 1000))?.blockHash).to.equal(newer.hash);
  });

  it('names only blocks that are on disk where that is the rule', async () => {
    const durable = await chain().anvil.flush();
    await rpc(chain().anvil.rpcUrl, 'anvil_mine', ['0x3']);
    const blocks = open({ client: chain().open({ durableBlock: () => durable }) });
    await blocks.refresh();
    const onDisk = await block(`0x${durable.toString(16)}`);
    const at = Number((await block('latest')).timestamp) * 1000;
    expect((await blocks.newestFinalBlock(at))?.blockHash).to.equal(onDisk.hash);
  });

  it('names none, at once, while the chain has never been seen; a deposit does not wait for it', async () => {
    proxy.behave(() => undefined); // Never answers.
    const blocks = open({ client: chain().open({ rpcUrl: proxy.url(), timeoutMs: 500 }) });
    blocks.start();
    const before = performance.now();
    expect(await blocks.newestFinalBlock(Date.now())).to.equal(null);
    expect(performance.now() - before).to.be.lessThan(250);
    await blocks.stop();
    expect((trouble[0] as { code: string }).code).to.equal('rpc-timeout');
  });

  it('after a start without a chain, names what the database knows to be final', async () => {
    const blocks = open();
    await blocks.refresh();
    const at = Number((await twoBehind()).timestamp) * 1000;
    const named = await blocks.newestFinalBlock(at);
    proxy.behave((_, response) => void response.destroy());
    const next = open({ client: chain().open({ rpcUrl: proxy.url(), profile: AFTER_TWO }) });
    next.start();
    await next.stop();
    expect(trouble.length).to.equal(1);
    expect(await next.newestFinalBlock(at)).to.deep.equal(named);
  });

  it('takes no block of another chain, and none whose header has another hash', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: every method answers with a shape of its own
    let answers = (method: string, { result }: { result?: any }) =>
      method === 'eth_chainId' ? { result: '0x1' } : { result };
    proxy.behave((...call) => throughTo(chain().anvil.rpcUrl, answers)(...call));
    const blocks = open({ client: chain().open({ rpcUrl: proxy.url(), profile: AFTER_TWO }) });
    await rejectionOf(blocks.refresh(), 'wrong-chain');
    answers = (method, { result }) => ({
      result: method === 'eth_getBlockByNumber' ? { ...result, gasUsed: '0x77' } : result,
    });
    await rejectionOf(blocks.refresh(), 'header-not-reproduced');
    expect(await blocks.newestFinalBlock(Date.now() + HOUR_MS / 2)).to.equal(null);
  });

  it('follows the chain by itself once started', async () => {
    const blocks = open();
    blocks.start();
    const at = Number((await block('latest')).timestamp) * 1000 + HOUR_MS / 2;
    await rpc(chain().anvil.rpcUrl, 'anvil_mine', ['0x4']);
    const { hash } = await twoBehind();
    for (let i = 0; (await blocks.newestFinalBlock(at))?.blockHash !== hash; i++) {
      expect(i, 'not seen within ten seconds').to.be.lessThan(1000);
      await delay(10);
    }
    await blocks.stop();
    expect(trouble).to.deep.equal([]);
  });
});
