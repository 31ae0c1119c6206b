import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ChildExit, type GuardedChild, spawnGuarded } from '../../src/evaluation/child-process.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(REPOSITORY, 'bin/tiezheng.mjs');
const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 30_000;
/** Of the service's output, for the message of a failure. */
const LINES_KEPT = 60;
const LINE_KEPT = 400;

/** What one command of the command line wrote. */
export interface CommandOutcome {
  code: number | null;
  output: string;
}

/** A new folder below the system's temporary one, with one in it that PostgreSQL's own user may walk through. */
export async function makeTrialFolder(): Promise<{ folder: string; data: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tiezheng-resilience-'));
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o755 });
  return { folder, data };
}

/** `tiezheng serve …` as a process of its own, on one port over all its starts. */
export class ServiceProcess {
  readonly url: string;
  /** Its last lines of output. */
  readonly lines: string[] = [];
  readonly #options: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #child: GuardedChild | undefined;
  /** Has its exit if the process has ended by itself. */
  #ended: ChildExit | undefined;

  /** @param environment settings of the service, besides PATH, HOME and PORT */
  constructor(port: number, options: readonly string[], environment: Readonly<Record<string, string>>) {
    this.url = `http://127.0.0.1:${port}`;
    this.#options = options;
    this.#environment = { ...environment, PORT: String(port) };
  }

  /** Returns when the process runs, which is long before it answers. */
  async start(): Promise<void> {
    this.#ended = undefined;
    const child = await spawnTiezheng(['serve', ...this.#options], this.#environment, (line) => {
      this.lines.push(line.slice(0, LINE_KEPT));
      if (this.lines.length > LINES_KEPT) this.lines.shift();
    });
    this.#child = child;
    void child.exited.then((exit) => {
      if (this.#child === child) this.#ended = exit;
    });
  }

  /** Resolves when deposits are taken. Rejects with the last lines if the process ends first. */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await this.isReady())) {
      if (this.#ended !== undefined) throw this.failure(`the service ended with ${JSON.stringify(this.#ended)}`);
      if (performance.now() > deadline) throw this.failure(`the service was not ready within ${READY_WITHIN_MS} ms`);
      await delay(50);
    }
  }

  /** What `/readyz` says. */
  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  }

  /** Of the service's own process. */
  get pid(): number {
    return this.#running().pid;
  }

  /** SIGKILL of the service's own process. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#take().stop('SIGKILL', 0);
  }

  /** SIGSTOP: it stands still, with its connections open. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** SIGTERM. Resolves when it has ended. */
  async stop(): Promise<ChildExit> {
    return this.#take().stop('SIGTERM', STOP_GRACE_MS);
  }

  async stopIfRunning(): Promise<void> {
    if (this.#child !== undefined) await this.stop();
  }

  /** Runs `tiezheng …` with the service's settings. */
  async command(...args: string[]): Promise<CommandOutcome> {
    const lines: string[] = [];
    const child = await spawnTiezheng(args, this.#environment, (line) => lines.push(line));
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

  #take(): GuardedChild {
    const child = this.#running();
    this.#child = undefined;
    return child;
  }
}

function spawnTiezheng(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<GuardedChild> {
  return spawnGuarded({
    command: process.execPath,
    args: [BIN, ...args],
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    onLine,
    signalOnParentDeath: 'SIGTERM',
  });
}
