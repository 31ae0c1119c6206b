import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const SAMPLE_MS = 50;

/** What one process holds, and the processes that it forked from its own program. Bytes. */
export interface Residence {
  now: number;
  /** The kernel's own high-water mark since `restart`, so that no peak falls between two samples. */
  peak: number;
  /** The most that the process and its helper processes held at one sample. */
  peakWithHelpers: number;
}

/** Follows the resident set of a process. Linux only. */
export class ResidentMemory {
  readonly #pid: number;
  #peakWithHelpers = 0;
  #watching = true;
  readonly #watched: Promise<void>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#watched = this.#watch();
  }

  async read(): Promise<Residence> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'latin1');
    return {
      now: field(status, 'VmRSS'),
      peak: field(status, 'VmHWM'),
      peakWithHelpers: Math.max(this.#peakWithHelpers, field(status, 'VmHWM')),
    };
  }

  /** Forgets the peaks. */
  async restart(): Promise<void> {
    // proc_pid_clear_refs(5): 5 resets the high-water mark.
    await writeFile(`/proc/${this.#pid}/clear_refs`, '5');
    this.#peakWithHelpers = 0;
  }

  async stop(): Promise<void> {
    this.#watching = false;
    await this.#watched;
  }

  async #watch(): Promise<void> {
    for (; this.#watching; await sleep(SAMPLE_MS)) {
      const sizes = await Promise.all([this.#pid, ...(await helpersOf(this.#pid))].map(residentBytes));
      const sum = sizes.reduce((a, b) => a + b, 0);
      this.#peakWithHelpers = Math.max(this.#peakWithHelpers, sum);
    }
  }
}

/** Children that run Node: previews and the like, not PostgreSQL or the chain. */
async function helpersOf(pid: number): Promise<number[]> {
  const children = (await readOrEmpty(`/proc/${pid}/task/${pid}/children`)).trim().split(' ').filter(Boolean);
  const named = await Promise.all(
    children.map(async (child) => ({ child, name: (await readOrEmpty(`/proc/${child}/comm`)).trim() })),
  );
  return named.filter(({ name }) => /^(?:node|MainThread)/.test(name)).map(({ child }) => Number(child));
}

async function residentBytes(pid: number): Promise<number> {
  return field(await readOrEmpty(`/proc/${pid}/status`), 'VmRSS');
}

/** A process may end at any moment. */
function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

function field(status: string, name: string): number {
  return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
