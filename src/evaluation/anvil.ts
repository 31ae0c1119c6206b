import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HDNodeWallet, Mnemonic } from 'ethers';
import { syncFolder, writeSynced } from '../storage/durable-file.ts';
import {
  type ChildExit,
  EmbeddedError,
  endProcess,
  freePort,
  type GuardedChild,
  openFolder,
  processProgram,
  recordedProcess,
  recordProcess,
  spawnGuarded,
} from './child-process.ts';

export interface EmbeddedAnvilOptions {
  /** Made if absent. Holds the chain's state, the mnemonic of its two accounts and nothing of anybody else. */
  folder: string;
  /** What happens to the node: starts, ends, restarts. */
  onLog: (line: string) => void;
  /** A block is mined when the newest is older than this, so that a recent block hash always exists. Default: 30 minutes. */
  idleBlockMs?: number;
  /** Default: 31337. The same folder wants the same at each start. */
  chainId?: number;
}

export interface EmbeddedAccount {
  /** EIP-55 spelling. */
  address: string;
  /** 32 bytes, `0x` hex. */
  privateKey: string;
}

export interface EmbeddedAnvil {
  /** Stays the same while this runs and, unless somebody takes the port in between, over restarts. 127.0.0.1 only. */
  rpcUrl: string;
  chain: `eip155:${number}`;
  anchorer: EmbeddedAccount;
  guardian: EmbeddedAccount;
  /** Process id of the node; another one after it was restarted. */
  pid(): number;
  /**
   * Number of the highest block that is surely in the last state written to disk. Blocks above it are gone if the node is
   * killed, so on this chain an anchor is final only at or below it. Never falls; whoever makes anvil throw blocks away
   * (`anvil_reorg`, `evm_revert`) cannot rely on it.
   */
  durableBlock(): bigint;
  /** Writes the state now and resolves to `durableBlock()`, which then covers every block mined before the call. */
  flush(): Promise<bigint>;
  /**
   * Called each time the node ended by itself and stands again with the last state written: blocks above `durableBlock()` may be
   * gone, and with them the transactions in them. Returns what takes the listener off.
   */
  onRestart(listener: () => void): () => void;
  /** Writes the state and ends the node. */
  stop(): Promise<void>;
}

const CHAIN_ID = 31337;
const START_TIMEOUT_MS = 30_000;
const RPC_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 5_000;
/** How often a new block is looked for, and so about how long one waits to be written to disk. */
const POLL_MS = 200;
const IDLE_BLOCK_MS = 30 * 60_000;
const RESTART_DELAY_MS = { first: 50, last: 10_000 };
const PORT_ATTEMPTS = 3;
const LINES_KEPT = 12;
/** In wei. Anchors cost some 10¹⁴; both accounts are filled up to this at each start. */
const BALANCE = 10n ** 24n;

/**
 * Starts anvil from the npm package `@foundry-rs/anvil` as a chain that keeps its blocks. anvil's own state file loses blocks on
 * SIGKILL and can be left truncated; here the state is asked for after new blocks, written beside the old one, fsynced and renamed.
 * @throws EmbeddedError `embedded-folder-in-use`, `embedded-folder-unreachable`, `embedded-binary-missing`,
 * `embedded-start-failed`, `embedded-state-unreadable` if anvil refuses the state kept.
 */
export async function startAnvil(options: EmbeddedAnvilOptions): Promise<EmbeddedAnvil> {
  const folder = resolve(options.folder);
  const release = await openFolder(folder);
  let node: Node | undefined;
  try {
    const accounts = await readOrMakeAccounts(folder);
    await endLeftOver(folder, options.onLog);
    node = await startNode(folder, options.chainId ?? CHAIN_ID, options.onLog);
    const chain = new DurableChain(folder, node, options.idleBlockMs ?? IDLE_BLOCK_MS, options.onLog);
    for (const { address } of [accounts.anchorer, accounts.guardian]) {
      await node.call('anvil_setBalance', [address, `0x${BALANCE.toString(16)}`]);
    }
    await chain.flush();
    chain.watch();
    return {
      rpcUrl: node.rpcUrl,
      chain: `eip155:${node.chainId}`,
      ...accounts,
      pid: () => chain.node.child.pid,
      durableBlock: () => chain.durableBlock,
      flush: () => chain.flush(),
      onRestart: (listener) => chain.onRestart(listener),
      async stop() {
        await chain.stop();
        await release();
      },
    };
  } catch (error) {
    await node?.child.stop('SIGTERM', STOP_GRACE_MS);
    await release();
    throw error;
  }
}

/** A running anvil. */
interface Node {
  child: GuardedChild;
  port: number;
  chainId: number;
  rpcUrl: string;
  ended(): boolean;
  call(method: string, params: unknown[]): Promise<unknown>;
}

/** Keeps a node running and its state on disk. */
class DurableChain {
  readonly #folder: string;
  readonly #idleBlockMs: number;
  readonly #onLog: (line: string) => void;
  readonly #listeners = new Set<() => void>();
  /** One write at a time: they share a temporary file. */
  #writing: Promise<unknown> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  node: Node;
  durableBlock = -1n;

  constructor(folder: string, node: Node, idleBlockMs: number, onLog: (line: string) => void) {
    this.#folder = folder;
    this.node = node;
    this.#idleBlockMs = idleBlockMs;
    this.#onLog = onLog;
  }

  onRestart(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(): void {
    this.#watching = this.#watch();
  }

  async flush(): Promise<bigint> {
    const write = this.#writing.then(() => this.#writeState());
    this.#writing = write.catch(() => {});
    await write;
    return this.durableBlock;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
    try {
      await this.flush();
    } catch (error) {
      // The node is gone: what was durable is on disk, and no more can be had.
      this.#onLog(`anvil: last state not written: ${(error as Error).message}`);
    }
    await this.node.child.stop('SIGTERM', STOP_GRACE_MS);
    await rm(join(this.#folder, 'anvil.pid'), { force: true });
  }

  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const exit = await Promise.race([this.#pause(POLL_MS), this.node.child.exited]);
      if (this.#stopped.signal.aborted) return;
      if (exit !== undefined) {
        this.#onLog(`anvil ended (${exit.signal ?? exit.code}): starting it again from block ${this.durableBlock}`);
        if (!(await this.#restart())) return;
      }
      try {
        const newest = await newestBlock(this.node);
        if (newest.number > this.durableBlock) await this.flush();
        else if (Date.now() - newest.timeMs > this.#idleBlockMs) await this.node.call('evm_mine', []);
      } catch (error) {
        // It is ending, or the disk is full: the next round sees to it.
        this.#onLog(`anvil: state not written: ${(error as Error).message}`);
        await this.#pause(POLL_MS);
      }
    }
  }

  async #restart(): Promise<boolean> {
    for (let waitMs = RESTART_DELAY_MS.first; ; waitMs = Math.min(2 * waitMs, RESTART_DELAY_MS.last)) {
      try {
        this.node = await launch(this.#folder, this.node.port, this.node.chainId);
        this.#onLog(`anvil runs again as process ${this.node.child.pid}`);
        for (const listener of this.#listeners) listener();
        return true;
      } catch (error) {
        this.#onLog(`anvil does not start: ${(error as Error).message}`);
      }
      await this.#pause(waitMs);
      if (this.#stopped.signal.aborted) return false;
    }
  }

  /** Resolves early when stopped. */
  async #pause(ms: number): Promise<undefined> {
    await delay(ms, undefined, { signal: this.#stopped.signal }).catch(() => {});
  }

  async #writeState(): Promise<void> {
    const { node } = this;
    // Asked first: blocks mined while the state is being made may or may not be in it.
    const { number } = await newestBlock(node);
    const state = (await node.call('anvil_dumpState', [])) as string;
    // Then its successor on the same port may have given the state, which lacks the block.
    if (node.ended()) throw new EmbeddedError('embedded-not-running', 'anvil ended while its state was asked for');
    const path = join(this.#folder, STATE_FILE);
    const unfinished = `${path}.new`;
    await rm(unfinished, { force: true });
    await writeSynced(unfinished, Buffer.from(state.slice(2), 'hex'));
    // A crash before this line leaves the old state, after it the new one.
    await rename(unfinished, path);
    await syncFolder(this.#folder);
    if (number > this.durableBlock) this.durableBlock = number;
  }
}

async function newestBlock(node: Node): Promise<{ number: bigint; timeMs: number }> {
  const block = (await node.call('eth_getBlockByNumber', ['latest', false])) as { number: string; timestamp: string };
  return { number: BigInt(block.number), timeMs: Number(block.timestamp) * 1000 };
}

/** The JSON that `anvil --load-state` reads, compressed as `anvil_dumpState` gives it. */
const STATE_FILE = 'state.json.gz';

/** anvil itself never learns these keys: it is given balances, and we sign. */
async function readOrMakeAccounts(folder: string): Promise<Pick<EmbeddedAnvil, 'anchorer' | 'guardian'>> {
  const path = join(folder, 'mnemonic');
  if (!existsSync(path)) {
    const phrase = Mnemonic.fromEntropy(randomBytes(16)).phrase;
    await rm(`${path}.new`, { force: true });
    await writeSynced(`${path}.new`, Buffer.from(`${phrase}\n`));
    await rename(`${path}.new`, path);
    await syncFolder(folder);
  }
  const mnemonic = Mnemonic.fromPhrase((await readFile(path, 'utf8')).trim());
  const [anchorer, guardian] = [0, 1].map((index) => {
    const { address, privateKey } = HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${index}`);
    return { address, privateKey };
  }) as [EmbeddedAccount, EmbeddedAccount];
  return { anchorer, guardian };
}

/** The node of a process of ours that was killed together with its watchdog still runs, and holds the port. */
async function endLeftOver(folder: string, onLog: (line: string) => void): Promise<void> {
  const left = await recordedProcess(join(folder, 'anvil.pid'));
  if (left === undefined || !/(^|\/)anvil(\.exe)?$/.test((await processProgram(left.pid)) ?? '')) return;
  onLog(`stopping the anvil ${left.pid} that an earlier process left behind`);
  await endProcess(left.pid, left.identity, 'SIGKILL', STOP_GRACE_MS);
}

/** On the port of the last time, else on a free one. */
async function startNode(folder: string, chainId: number, onLog: (line: string) => void): Promise<Node> {
  const path = join(folder, 'port');
  const last = existsSync(path) ? Number(await readFile(path, 'utf8')) : undefined;
  for (let attempt = 1; ; attempt++) {
    const port = attempt === 1 && last !== undefined ? last : await freePort();
    try {
      const node = await launch(folder, port, chainId);
      if (port !== last) await writeFile(path, `${port}\n`);
      return node;
    } catch (error) {
      const portTaken = (error as Error).message.includes('Address already in use');
      if (!portTaken || attempt === PORT_ATTEMPTS) throw error;
      onLog(`anvil: port ${port} is taken, looking for another`);
    }
  }
}

/** Resolves once the node answers with the kept state loaded: nobody ever sees it empty. */
async function launch(folder: string, port: number, chainId: number): Promise<Node> {
  const state = await unpackState(folder);
  const kept: string[] = [];
  let listens = () => {};
  const listening = new Promise<void>((resolveListening) => {
    listens = resolveListening;
  });
  const child = await spawnGuarded({
    command: anvilBinary(),
    args: [
      ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(chainId)],
      // Pages in a browser on this machine have no business here.
      '--no-cors',
      // Neither the well-known test accounts, nor old states, of which it would write 80 kB a block to disk.
      ...['--accounts', '0', '--prune-history', '--cache-path', join(folder, 'cache')],
      ...(state === undefined ? [] : ['--load-state', state]),
    ],
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOME: folder, NO_COLOR: '1' },
    onLine: (line) => {
      if (line.startsWith('Listening on ')) listens();
      kept.push(line);
      if (kept.length > LINES_KEPT) kept.shift();
    },
    signalOnParentDeath: 'SIGKILL',
  });
  try {
    await recordProcess(join(folder, 'anvil.pid'), child.pid);
    const exit = await Promise.race([listening, child.exited, delay(START_TIMEOUT_MS, 'timeout', { ref: false })]);
    if (exit !== undefined) throw notStarted(exit, kept);
    const rpcUrl = `http://127.0.0.1:${port}`;
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    return { child, port, chainId, rpcUrl, ended: () => ended, call: (method, params) => call(rpcUrl, method, params) };
  } catch (error) {
    await child.stop('SIGKILL', STOP_GRACE_MS);
    throw error;
  } finally {
    if (state !== undefined) await rm(state, { force: true });
  }
}

function notStarted(exit: ChildExit | string, lines: readonly string[]): EmbeddedError {
  const why =
    typeof exit === 'string'
      ? `did not listen within ${START_TIMEOUT_MS} ms`
      : `ended with ${exit.signal ?? exit.code}`;
  const output = lines.filter((line) => line !== '').join(' / ');
  const code = output.includes('--load-state') ? 'embedded-state-unreadable' : 'embedded-start-failed';
  return new EmbeddedError(code, `anvil ${why}: ${output}`);
}

async function unpackState(folder: string): Promise<string | undefined> {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path)) return undefined;
  const unpacked = join(folder, 'state.json');
  try {
    await writeFile(unpacked, await promisify(gunzip)(await readFile(path)), { mode: 0o600 });
  } catch (cause) {
    throw new EmbeddedError('embedded-state-unreadable', `${path}: ${(cause as Error).message}`, { cause });
  }
  return unpacked;
}

function anvilBinary(): string {
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  try {
    // It is a dependency of `@foundry-rs/anvil`, so it is looked for from there.
    const from = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
    const folder = dirname(from.resolve(`${name}/package.json`));
    return join(folder, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
  } catch (cause) {
    throw new EmbeddedError('embedded-binary-missing', `no anvil for this platform: ${name} is not installed`, {
      cause,
    });
  }
}

async function call(rpcUrl: string, method: string, params: unknown[]): Promise<unknown> {
  let answer: { result?: unknown; error?: { message: string } };
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw new EmbeddedError('embedded-not-running', `anvil does not answer ${method}: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (answer.error !== undefined) throw new EmbeddedError('embedded-not-running', `${method}: ${answer.error.message}`);
  return answer.result;
}
