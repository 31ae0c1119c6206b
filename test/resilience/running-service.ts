import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EvaluationFile } from '../../src/cli/service-client.ts';
import { type ChildExit, freePort, type GuardedChild, spawnGuarded } from '../../src/evaluation/child-process.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(REPOSITORY, 'bin/tiezheng.mjs');
const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 30_000;
/** Of the service's output, for the message of a failure. */
const LINES_KEPT = 60;

/** A part of the evaluation service that can be killed alone. */
export type Part = 'anvil' | 'postgres';

/** What one command of the command line wrote. */
export interface CommandOutcome {
  code: number | null;
  output: string;
}

/** `tiezheng serve --evaluation` as a process of its own, on one port and one data folder over all its starts. */
export class RunningService {
  readonly folder: string;
  readonly url: string;
  /** Its last lines of output. */
  readonly lines: string[] = [];
  readonly #port: number;
  readonly #environment: Record<string, string>;
  #child: GuardedChild | undefined;
  /** Has its exit if the process has ended by itself. */
  #ended: ChildExit | undefined;

  private constructor(folder: string, port: number, environment: Record<string, string>) {
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.#port = port;
    this.#environment = environment;
  }

  /** A new data folder below the system's temporary one. Nothing runs yet. */
  static async create(environment: Record<string, string> = {}): Promise<RunningService> {
    const folder = await mkdtemp(join(tmpdir(), 'tiezheng-resilience-'));
    // PostgreSQL's own user has to walk through it.
    await mkdir(join(folder, 'data'), { mode: 0o755 });
    return new RunningService(folder, await freePort(), environment);
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** Returns when the process runs, which is long before it answers. */
  async start(): Promise<void> {
    this.#ended = undefined;
    const child = await spawnGuarded({
      command: process.execPath,
      args: [BIN, 'serve', '--evaluation'],
      cwd: REPOSITORY,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(this.#port),
        TIEZHENG_DATA: this.data,
        ...this.#environment,
      },
      onLine: (line) => {
        this.lines.push(line);
        if (this.lines.length > LINES_KEPT) this.lines.shift();
      },
      signalOnParentDeath: 'SIGTERM',
    });
    this.#child = child;
    void child.exited.then((exit) => {
      if (this.#child === child) this.#ended = exit;
    });
  }

  /** Resolves when `/readyz` says that deposits are taken and `evaluation.json` says how. Rejects with the last lines if the process ends first. */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(existsSync(join(this.data, 'evaluation.json')) && (await this.isReady()))) {
      if (this.#ended !== undefined) throw this.failure(`the service ended with ${JSON.stringify(this.#ended)}`);
      if (performance.now() > deadline) throw this.failure(`the service was not ready within ${READY_WITHIN_MS} ms`);
      await delay(50);
    }
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  }

  /** SIGKILL of the service's own process; its parts end with it. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#running();
    this.#child = undefined;
    await child.stop('SIGKILL', 0);
  }

  /** SIGKILL of one part, which the service is to notice. */
  async killPart(part: Part): Promise<void> {
    process.kill(await this.pidOf(part), 'SIGKILL');
  }

  /** Of the part as it last started. */
  async pidOf(part: Part): Promise<number> {
    const file = { anvil: 'chain/anvil.pid', postgres: 'postgres/cluster/postmaster.pid' }[part];
    const pid = Number.parseInt(await readFile(join(this.data, file), 'utf8'), 10);
    if (!(pid > 1)) throw new Error(`${file} names no process`);
    return pid;
  }

  /** SIGTERM. Resolves when it has ended. */
  async stop(): Promise<ChildExit> {
    const child = this.#running();
    this.#child = undefined;
    return child.stop('SIGTERM', STOP_GRACE_MS);
  }

  /** Stops what runs and removes the folder. */
  async close(): Promise<void> {
    if (this.#child !== undefined) await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async evaluation(): Promise<EvaluationFile> {
    return JSON.parse(await readFile(join(this.data, 'evaluation.json'), 'utf8')) as EvaluationFile;
  }

  /** The service's own trust policy as it stands now. */
  async policy(): Promise<Uint8Array> {
    return readFile(join(this.data, 'evaluation-policy.json'));
  }

  /** Runs `tiezheng …` on this service's data folder. */
  async command(...args: string[]): Promise<CommandOutcome> {
    const lines: string[] = [];
    const child = await spawnGuarded({
      command: process.execPath,
      args: [BIN, ...args],
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TIEZHENG_DATA: this.data },
      onLine: (line) => lines.push(line),
      signalOnParentDeath: 'SIGTERM',
    });
    const { code } = await child.exited;
    return { code, output: lines.join('\n') };
  }

  failure(what: string): Error {
    return new Error(`${what}\n${this.lines.join('\n')}`);
  }

  #running(): GuardedChild {
    if (this.#child === undefined) throw new Error('the service does not run');
    return this.#child;
  }
}
