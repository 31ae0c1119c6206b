import { createHash } from 'node:crypto';
import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { DigestAnswer, DigestRequest } from './digest-worker.ts';
import { IntakeError } from './upload-error.ts';

/** Both digests of the same bytes, lower-case hex. */
export interface ContentDigests {
  sha256: string;
  sm3: string;
}

/** At once and on this thread: 64 KiB take about a third of a millisecond. For small content only. */
export function digestBytes(bytes: Uint8Array): ContentDigests {
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sm3: createHash('sm3').update(bytes).digest('hex'),
  };
}

/** What travels to a worker at a time: a socket's usual read. */
const BUFFER_BYTES = 64 * 1024;
/** Bounds what all streams together have under way at one worker: 1 MiB. */
const BUFFERS_PER_WORKER = 16;

export interface DigestPoolOptions {
  /** SM3 is the slow one, and one stream uses one worker. Default: one less than the processors, 1 to 4. */
  workers?: number;
}

/**
 * Worker threads for SM3, shared by all streams; SHA-256 runs on the calling thread beside them. Workers start with the first
 * stream. Memory is 1 MiB of buffers per worker, however many streams there are.
 */
export class DigestPool {
  readonly #lanes: Sm3Lane[];

  constructor(options: DigestPoolOptions = {}) {
    const workers = options.workers ?? Math.min(4, Math.max(1, availableParallelism() - 1));
    this.#lanes = Array.from({ length: workers }, () => new Sm3Lane());
  }

  /** Each must end by `finish` or `abort`. */
  open(): DigestStream {
    const lane = this.#lanes.reduce((least, other) => (other.openStreams < least.openStreams ? other : least));
    return new DigestStream(lane);
  }

  /** Streams still open reject with IntakeError `digest-failed`. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

/** The digests of one stream of bytes, in one pass. */
export class DigestStream {
  readonly #sha256 = createHash('sha256');
  readonly #lane: Sm3Lane;
  readonly #id: number;

  constructor(lane: Sm3Lane) {
    this.#lane = lane;
    this.#id = lane.open();
  }

  /**
   * Takes the next bytes; they may be changed once this resolves. Wait for it before the next call: while the worker is busy
   * it holds the source back.
   * @throws IntakeError `digest-failed` if the worker died; the stream is lost then.
   */
  async update(bytes: Uint8Array): Promise<void> {
    this.#sha256.update(bytes);
    for (let at = 0; at < bytes.length; at += BUFFER_BYTES) {
      await this.#lane.update(this.#id, bytes.subarray(at, at + BUFFER_BYTES));
    }
  }

  /** @throws IntakeError `digest-failed` */
  async finish(): Promise<ContentDigests> {
    return { sha256: this.#sha256.digest('hex'), sm3: await this.#lane.finish(this.#id) };
  }

  /** Lets go of a stream that will not be finished. Harmless after `finish`. */
  abort(): void {
    this.#lane.abort(this.#id);
  }
}

/** One worker thread, what is under way to it, and who waits. Starts the worker when first needed and again after it died. */
class Sm3Lane {
  #worker: Worker | undefined;
  #nextId = 0;
  /** Open streams, each with what to call when its digest comes. */
  readonly #streams = new Map<number, { resolve: (sm3: string) => void; reject: (error: Error) => void } | undefined>();
  #free: ArrayBuffer[] = [];
  #made = 0;
  #waiting: { resolve: (buffer: ArrayBuffer) => void; reject: (error: Error) => void }[] = [];
  #failed = new Map<number, IntakeError>();

  get openStreams(): number {
    return this.#streams.size;
  }

  open(): number {
    const id = this.#nextId++;
    this.#streams.set(id, undefined);
    this.#worker ??= this.#start();
    // An idle worker does not keep the process alive, one at work does.
    this.#worker.ref();
    return id;
  }

  async update(id: number, bytes: Uint8Array): Promise<void> {
    this.#throwIfFailed(id);
    const buffer = await this.#takeBuffer();
    if (!this.#streams.has(id)) {
      this.#giveBack(buffer);
      this.#throwIfFailed(id);
      throw new IntakeError('digest-failed', 'the digest stream is closed');
    }
    new Uint8Array(buffer).set(bytes);
    this.#post({ kind: 'update', id, buffer, length: bytes.length }, [buffer]);
  }

  finish(id: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#throwIfFailed(id);
      this.#streams.set(id, { resolve, reject });
      this.#post({ kind: 'finish', id });
    });
  }

  abort(id: number): void {
    this.#failed.delete(id);
    if (!this.#streams.delete(id)) return;
    this.#post({ kind: 'abort', id });
    this.#rest();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail(new IntakeError('digest-failed', 'the digest pool was closed'));
    await worker?.terminate();
  }

  #start(): Worker {
    // The same module runs unbuilt and compiled: the worker has the ending that this file has.
    const file = `./digest-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;
    const worker = new Worker(new URL(file, import.meta.url), {
      name: 'sm3',
      // Only where a clone keeps its modules stripped of types: doing that here takes 20 MB.
      env: { NODE_COMPILE_CACHE: getCompileCacheDir() ?? '' },
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    });
    worker.on('message', (answer: DigestAnswer) => this.#take(answer));
    const died = (cause: unknown) => {
      if (this.#worker !== worker) return;
      this.#fail(new IntakeError('digest-failed', 'the SM3 worker thread died', { cause }));
    };
    worker.on('error', died);
    worker.on('exit', died);
    return worker;
  }

  #take(answer: DigestAnswer): void {
    if (answer.kind === 'buffer') {
      this.#giveBack(answer.buffer);
      return;
    }
    const stream = this.#streams.get(answer.id);
    this.#streams.delete(answer.id);
    this.#rest();
    stream?.resolve(answer.sm3);
  }

  #rest(): void {
    if (this.#streams.size === 0) this.#worker?.unref();
  }

  #takeBuffer(): Promise<ArrayBuffer> | ArrayBuffer {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made < BUFFERS_PER_WORKER) {
      this.#made++;
      return new ArrayBuffer(BUFFER_BYTES);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #giveBack(buffer: ArrayBuffer): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve(buffer);
    else this.#free.push(buffer);
  }

  #post(request: DigestRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(request, transfer);
  }

  /** Buffers that were with the worker are lost with it. */
  #fail(error: IntakeError): void {
    this.#worker = undefined;
    this.#free = [];
    this.#made = 0;
    for (const [id, stream] of this.#streams) {
      if (stream === undefined) this.#failed.set(id, error);
      else stream.reject(error);
    }
    this.#streams.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }

  #throwIfFailed(id: number): void {
    const error = this.#failed.get(id);
    if (error !== undefined) throw error;
  }
}
