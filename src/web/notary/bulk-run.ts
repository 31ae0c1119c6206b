import { CodedError } from '../../errors.ts';
import type { ThingKind } from '../../verify/inspect/recognise.ts';
import type { BulkOrder, BulkRow, BulkTold } from './bulk-report.ts';
import BulkWorker from './bulk-worker.ts?worker';

/** More would fill a browser's memory with names alone; what is dropped beyond is refused, not left out. */
export const MAX_BULK_FILES = 5000;

export type BulkPhase = 'empty' | 'sorting' | 'verifying' | 'paused' | 'stopped' | 'done';

export interface BulkState {
  phase: BulkPhase;
  /** Certificates, packages and the like, in the order in which they were given. */
  rows: readonly BulkRow[];
  /** Of the files given, how many were looked at, and how many there are. */
  sorted: { done: number; of: number };
  /** Given, but neither to be verified nor listed in anything that was. Complete when all is done. */
  strangers: readonly string[];
  /** What is being read or verified. */
  current: string | null;
  /** Bytes read since the current file began. */
  readBytes: number;
}

export const EMPTY_BULK: BulkState = {
  phase: 'empty',
  rows: [],
  sorted: { done: 0, of: 0 },
  strangers: [],
  current: null,
  readBytes: 0,
};

interface Beside {
  path: string;
  sha256: string;
}

/**
 * Verifies a heap of files one after the other in a worker. First all are looked at, so that whatever lists a file can be held
 * against it in any order; then each subject is verified. A pause takes effect behind the current file; a stop at once.
 */
export class BulkRun {
  readonly #files: readonly File[];
  readonly #policy: readonly File[];
  readonly #onChange: (state: BulkState) => void;
  #worker: Worker | undefined;
  #state: BulkState;
  #subjects = new Map<number, BulkRow>();
  #beside: Beside[] = [];
  #listed = new Set<string>();
  #resume: (() => void) | undefined;
  /** Gives up waiting for the worker's answer. */
  #giveUp: (() => void) | undefined;

  /** @param files at most `MAX_BULK_FILES` */
  constructor(files: readonly File[], policy: readonly File[], onChange: (state: BulkState) => void) {
    this.#files = files;
    this.#policy = policy;
    this.#onChange = onChange;
    this.#state = { ...EMPTY_BULK, phase: 'sorting', sorted: { done: 0, of: files.length } };
  }

  /** Goes on from where it stopped. Ends when all is done or `stop` was called. @throws CodedError if the policy is unusable */
  async run(): Promise<void> {
    const worker = new BulkWorker();
    this.#worker = worker;
    try {
      await this.#ask(worker, { do: 'open', policy: this.#policy });
      await this.#sort(worker);
      await this.#verify(worker);
    } catch (error) {
      if (this.#worker === worker) throw error;
    } finally {
      worker.terminate();
    }
  }

  /** Takes effect behind the current file. */
  pause(): void {
    if (this.#state.phase === 'verifying') this.#set({ phase: 'paused' });
  }

  continue(): void {
    if (this.#state.phase !== 'paused') return;
    this.#set({ phase: 'verifying' });
    this.#resume?.();
  }

  /** What is verified stays; the rest can be gone on with by `run`. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#giveUp?.();
    this.#resume?.();
    this.#replace((row) => (row.state === 'running' ? { ...row, state: 'waiting' } : row));
    this.#set({ phase: 'stopped', current: null });
  }

  async #sort(worker: Worker): Promise<void> {
    this.#set({ phase: 'sorting', sorted: { done: 0, of: this.#files.length } });
    const found = new Map<number, BulkRow>();
    this.#beside = [];
    for (const [id, file] of this.#files.entries()) {
      this.#set({ current: pathOf(file), readBytes: 0 });
      try {
        const told = await this.#ask(worker, { do: 'sort', id, file });
        if (told.told !== 'sorted') throw new CodedError('internal', `unexpected ${told.told}`);
        if (told.kind !== null) found.set(id, this.#subjects.get(id) ?? rowOf(id, file, told.kind));
        if (told.sha256 !== null) this.#beside.push({ path: pathOf(file), sha256: told.sha256 });
      } catch (error) {
        if (!(error instanceof CodedError) || this.#worker !== worker) throw error;
        found.set(id, unusable(rowOf(id, file, 'certificate'), error));
      }
      this.#set({ sorted: { done: id + 1, of: this.#files.length } });
    }
    this.#subjects = found;
    this.#show();
  }

  async #verify(worker: Worker): Promise<void> {
    this.#set({ phase: 'verifying' });
    // What others made is looked into for itself only if nothing lists it as evidence, and that is known at the end.
    const rows = [...this.#subjects.values()];
    for (const row of [...rows.filter(isOwn), ...rows.filter((each) => !isOwn(each))]) {
      if (row.state === 'verified' || row.state === 'unusable') continue;
      if (this.#state.phase === 'paused') {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
        if (this.#worker !== worker) return;
      }
      await this.#verifyOne(worker, row);
    }
    const strangers = this.#beside.filter(({ sha256, path }) => !this.#listed.has(sha256) && !this.#isSubject(path));
    this.#set({ phase: 'done', current: null, strangers: strangers.map(({ path }) => path) });
  }

  async #verifyOne(worker: Worker, row: BulkRow): Promise<void> {
    const { id, file, kind, path } = row;
    if (!isOwn(row) && this.#beside.some((each) => each.path === path && this.#listed.has(each.sha256))) {
      this.#subjects.delete(id);
      this.#show();
      return;
    }
    this.#put({ ...row, state: 'running' });
    this.#set({ current: path, readBytes: 0 });
    try {
      const told = await this.#ask(worker, { do: 'verify', id, file, kind });
      if (told.told !== 'verified') throw new CodedError('internal', `unexpected ${told.told}`);
      for (const sha256 of told.listed) this.#listed.add(sha256);
      this.#put({ ...row, state: 'verified', summary: told.summary, report: told.report });
    } catch (error) {
      if (!(error instanceof CodedError) || this.#worker !== worker) throw error;
      this.#put(unusable(row, error));
    }
  }

  #isSubject(path: string): boolean {
    return [...this.#subjects.values()].some((row) => row.path === path);
  }

  #ask(worker: Worker, order: BulkOrder): Promise<BulkTold> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(new CodedError('stopped', 'stopped by the reader'));
      worker.onmessage = ({ data }: MessageEvent<BulkTold>) => {
        if (data.told === 'bytes') this.#set({ readBytes: this.#state.readBytes + data.bytes });
        else if (data.told === 'problem') reject(new CodedError(data.error.code, data.error.message));
        else resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new CodedError('internal', event.message ?? 'the worker did not start'));
      };
      worker.postMessage(order);
    });
  }

  #put(row: BulkRow): void {
    this.#subjects.set(row.id, row);
    this.#show();
  }

  #replace(change: (row: BulkRow) => BulkRow): void {
    for (const row of this.#subjects.values()) this.#subjects.set(row.id, change(row));
    this.#show();
  }

  #show(): void {
    this.#set({ rows: [...this.#subjects.values()] });
  }

  #set(change: Partial<BulkState>): void {
    this.#state = { ...this.#state, ...change };
    this.#onChange(this.#state);
  }
}

function rowOf(id: number, file: File, kind: ThingKind): BulkRow {
  return { id, file, path: pathOf(file), kind, state: 'waiting', summary: null, report: null, error: null };
}

function unusable(row: BulkRow, { code, message }: CodedError): BulkRow {
  return { ...row, state: 'unusable', error: { code, message } };
}

function isOwn({ kind }: BulkRow): boolean {
  return kind !== 'signed-pdf' && kind !== 'bag';
}

function pathOf(file: File): string {
  return file.webkitRelativePath === '' ? file.name : file.webkitRelativePath;
}
