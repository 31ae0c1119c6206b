import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { type EmbeddedAnvil, startAnvil } from '../../src/evaluation/anvil.ts';
import { processIdentity, recordProcess } from '../../src/evaluation/child-process.ts';
import { rpc } from '../support/anvil.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { childrenOf, runInOtherProcess, untilGone } from '../support/other-process.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

/** Sends one wei to nobody and resolves to the block that holds it. */
async function mine({
  rpcUrl,
  anchorer,
}: Pick<EmbeddedAnvil, 'rpcUrl' | 'anchorer'>): Promise<{ number: bigint; hash: string }> {
  const nonce = Number(await rpc(rpcUrl, 'eth_getTransactionCount', [anchorer.address, 'latest']));
  const raw = await new Wallet(anchorer.privateKey).signTransaction({
    ...{ type: 2, chainId: 31337, nonce, to: `0x${'11'.repeat(20)}`, value: 1n, gasLimit: 30_000n },
    ...{ maxFeePerGas: 3n * 10n ** 9n, maxPriorityFeePerGas: 1n },
  });
  const hash = await rpc(rpcUrl, 'eth_sendRawTransaction', [raw]);
  for (;;) {
    const receipt = await rpc(rpcUrl, 'eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return { number: BigInt(receipt.blockNumber), hash: receipt.blockHash };
    await delay(5);
  }
}

const hashOf = async (url: string, number: bigint) =>
  (await rpc(url, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false]))?.hash;

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await delay(10);
  }
}

describe('startAnvil', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  const running: EmbeddedAnvil[] = [];
  const lines: string[] = [];
  const start = async (idleBlockMs?: number) => {
    const onLog = (line: string) => lines.push(line);
    const anvil = await startAnvil({ folder: folder(), onLog, ...(idleBlockMs === undefined ? {} : { idleBlockMs }) });
    running.push(anvil);
    return anvil;
  };
  const startInOtherProcess = () =>
    runInOtherProcess<{ rpcUrl: string; pid: number; anchorer: EmbeddedAnvil['anchorer'] }>(`
      const { startAnvil } = await import(${JSON.stringify(new URL('../../src/evaluation/anvil.ts', import.meta.url).href)});
      const anvil = await startAnvil({ folder: ${JSON.stringify(folder())}, onLog: () => {} });
      return { rpcUrl: anvil.rpcUrl, pid: anvil.pid(), anchorer: anvil.anchorer };`);
  beforeEach(() => {
    lines.length = 0;
  });
  afterEach(async () => {
    for (const anvil of running.splice(0)) await anvil.stop();
  });

  it('runs a chain with two funded accounts whose keys only we have', async () => {
    const anvil = await start();
    expect(anvil.chain).to.equal('eip155:31337');
    expect(await rpc(anvil.rpcUrl, 'eth_chainId')).to.equal('0x7a69');
    expect(await rpc(anvil.rpcUrl, 'eth_accounts')).to.deep.equal([]);
    expect(anvil.anchorer.address).not.to.equal(anvil.guardian.address);
    for (const { address, privateKey } of [anvil.anchorer, anvil.guardian]) {
      expect(new Wallet(privateKey).address).to.equal(address);
      expect(BigInt(await rpc(anvil.rpcUrl, 'eth_getBalance', [address, 'latest']))).to.equal(10n ** 24n);
    }
    expect(statSync(join(folder(), 'mnemonic')).mode & 0o777).to.equal(0o600);
    expect(lines.join('\n')).not.to.include(readFileSync(join(folder(), 'mnemonic'), 'utf8').trim());
  });

  it('keeps blocks, port and keys over a restart', async () => {
    const first = await start();
    const block = await mine(first);
    await first.stop();
    const second = await start();
    expect(second.rpcUrl).to.equal(first.rpcUrl);
    expect(second.anchorer).to.deep.equal(first.anchorer);
    expect(await hashOf(second.rpcUrl, block.number)).to.equal(block.hash);
    expect(second.durableBlock() >= block.number).to.equal(true);
    expect((await rpc(second.rpcUrl, 'eth_getBlockReceipts', [block.hash])).length).to.equal(1);
    const next = await mine(second);
    expect(next.number).to.equal(block.number + 1n);
    const { timestamp } = await rpc(second.rpcUrl, 'eth_getBlockByNumber', ['latest', false]);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).to.be.lessThan(5);
  });

  it('writes a mined block to disk without being asked', async () => {
    const anvil = await start();
    const { number } = await mine(anvil);
    await until('the block is durable', () => anvil.durableBlock() >= number);
  });

  it('stands again by itself, on the same port, after SIGKILL of the node', async () => {
    const anvil = await start();
    const pid = anvil.pid();
    const block = await mine(anvil);
    expect(await anvil.flush()).to.equal(block.number);
    const restarted = new Promise<void>((resolve) => {
      anvil.onRestart(resolve);
    });
    process.kill(pid, 'SIGKILL');
    await restarted;
    expect(anvil.pid()).not.to.equal(pid);
    expect(await hashOf(anvil.rpcUrl, block.number)).to.equal(block.hash);
    expect((await mine(anvil)).number).to.equal(block.number + 1n);
  });

  it('has every block that it called durable, whenever the node is killed', async () => {
    const anvil = await start();
    const seen = new Map<bigint, string>();
    let restarts = 0;
    anvil.onRestart(() => restarts++);
    for (let round = 1; round <= 5; round++) {
      let killed = false;
      const mining = (async () => {
        while (!killed) {
          const { number, hash } = await mine(anvil);
          seen.set(number, hash);
        }
      })().catch(() => {}); // Cut off by the kill.
      await delay(200 + 500 * Math.random());
      const durable = anvil.durableBlock();
      const promised = [...seen].filter(([number]) => number <= durable);
      process.kill(anvil.pid(), 'SIGKILL');
      killed = true;
      await mining;
      await until('the node is back', () => restarts === round);
      for (const [number, hash] of promised)
        expect(await hashOf(anvil.rpcUrl, number), `block ${number}`).to.equal(hash);
      // Blocks above may be lost: their numbers are given again.
      for (const number of [...seen.keys()]) if (number > durable) seen.delete(number);
    }
    expect(seen.size).to.be.greaterThan(0);
  });

  it('ends with the process that started it, SIGKILL included, and goes on from the last state', async () => {
    const { node, result } = await startInOtherProcess();
    const block = await mine(result);
    await delay(1000);
    const identity = (await processIdentity(result.pid))!;
    node.kill('SIGKILL');
    await untilGone(result.pid, identity);
    const anvil = await start();
    expect(anvil.rpcUrl).to.equal(result.rpcUrl);
    expect(await hashOf(anvil.rpcUrl, block.number)).to.equal(block.hash);
  });

  it('ends a node left behind', async function () {
    if (process.platform !== 'linux') this.skip();
    const { node, result } = await startInOtherProcess();
    const identity = (await processIdentity(result.pid))!;
    for (const child of childrenOf(node.pid!)) if (child !== result.pid) process.kill(child, 'SIGKILL');
    node.kill('SIGKILL');
    await delay(100);
    expect(await processIdentity(result.pid), 'the node is left behind').to.equal(identity);
    const anvil = await start();
    expect(await processIdentity(result.pid)).not.to.equal(identity);
    expect(anvil.rpcUrl).to.equal(result.rpcUrl);
  });

  it('spares a stranger who stands in its pid file', async () => {
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      await recordProcess(join(folder(), 'anvil.pid'), stranger.pid!);
      await start();
      expect(stranger.exitCode ?? stranger.signalCode).to.equal(null);
    } finally {
      stranger.kill();
    }
  });

  it('takes another port where its own was taken', async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => {
      squatter.listen(Number(new URL(first.rpcUrl).port), '127.0.0.1', resolve);
    });
    try {
      const second = await start();
      expect(second.rpcUrl).not.to.equal(first.rpcUrl);
      expect(await rpc(second.rpcUrl, 'eth_chainId')).to.equal('0x7a69');
    } finally {
      squatter.close();
    }
  });

  it('mines a block when the newest has grown old', async () => {
    const anvil = await start(1500);
    const before = BigInt(await rpc(anvil.rpcUrl, 'eth_blockNumber'));
    await until('a block came by itself', async () => BigInt(await rpc(anvil.rpcUrl, 'eth_blockNumber')) > before);
    await until('it is durable', () => anvil.durableBlock() > before);
  });

  it('mines none when a young block exists', async () => {
    const anvil = await start();
    await delay(600);
    expect(await rpc(anvil.rpcUrl, 'eth_blockNumber')).to.equal('0x0');
  });

  it('refuses a folder that a living process has', async () => {
    await start();
    await rejectionOf(start(), 'embedded-folder-in-use');
  });

  it('passes over a state whose writing was cut short, and refuses one that is damaged', async () => {
    const first = await start();
    const block = await mine(first);
    await first.stop();
    const path = join(folder(), 'state.json.gz');
    writeFileSync(`${path}.new`, readFileSync(path).subarray(0, 100));
    const second = await start();
    expect(await hashOf(second.rpcUrl, block.number)).to.equal(block.hash);
    await second.stop();
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    await rejectionOf(start(), 'embedded-state-unreadable');
  });

  it('keeps what it had when the state cannot be written', async () => {
    const anvil = await start();
    const block = await mine(anvil);
    await anvil.flush();
    // A folder in the way of the temporary file stands for a full disk.
    mkdirSync(join(folder(), 'state.json.gz.new'));
    await mine(anvil);
    await anvil.flush().then(
      () => expect.fail('the state was written'),
      () => {},
    );
    expect(anvil.durableBlock()).to.equal(block.number);
  });
});
