import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ContentDigests, digestBytes } from './digest-stream.ts';
import type { PreviewAnswer, PreviewRequest } from './preview-process.ts';

export interface PreviewLimits {
  maxInputBytes: number;
  maxInputPixels: number;
  /** Longer edge of the preview. */
  maxEdgePx: number;
  /** For one image, from its first byte to the answer. Then its process is killed. */
  timeoutMs: number;
  /** Resident memory at which the process is killed. Watched where /proc is there. */
  maxProcessBytes: number;
  /** Images that may wait for the one that is being made. */
  maxWaiting: number;
  /** The process ends after so long without work. */
  idleMs: number;
}

export const DEFAULT_PREVIEW_LIMITS: PreviewLimits = {
  maxInputBytes: 64 * 1024 * 1024,
  maxInputPixels: 100_000_000,
  maxEdgePx: 1024,
  timeoutMs: 15_000,
  maxProcessBytes: 512 * 1024 * 1024,
  maxWaiting: 200,
  idleMs: 5_000,
};

export interface Preview extends ContentDigests {
  kind: 'preview';
  /** JPEG, so that browsers and the PDF both show it; sRGB, upright, without any metadata. */
  bytes: Uint8Array;
  mediaType: 'image/jpeg';
  widthPx: number;
  heightPx: number;
}

/** `busy`: too many wait. `process-died`: it crashed on this image. */
export type PreviewRefusal =
  | 'not-an-image'
  | 'too-many-bytes'
  | 'too-many-pixels'
  | 'too-much-memory'
  | 'timeout'
  | 'undecodable'
  | 'process-died'
  | 'busy'
  | 'closed';

export type PreviewOutcome = Preview | { kind: 'preview-not-possible'; reason: PreviewRefusal };

const SHOWABLE = new Set([
  'image/jpeg',
  'image/png',
  'image/apng',
  'image/webp',
  'image/gif',
  'image/tiff',
  'image/avif',
]);

/** Whether a preview is tried for content of this type. SVG is none of them: it is a program. */
export function isPreviewable(mediaType: string): boolean {
  return SHOWABLE.has(mediaType);
}

const WATCH_EVERY_MS = 50;
/** A decoder that leaks does so only for so long. */
const IMAGES_PER_PROCESS = 200;

/**
 * Makes previews of untrusted images, one at a time, in a child process that is killed when it takes too long or too much.
 * It starts with the first image and ends when idle. A preview is a convenience: whatever goes wrong, the answer says so and
 * nothing else suffers.
 */
export class PreviewMaker {
  readonly #limits: PreviewLimits;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #process: PreviewProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(limits: Partial<PreviewLimits> = {}) {
    this.#limits = { ...DEFAULT_PREVIEW_LIMITS, ...limits };
  }

  /**
   * @param mediaType of the content, by `detectMediaType`
   * @param open gives the plaintext; called only when it will be read. An error it throws rejects.
   */
  async make(
    mediaType: string,
    sizeBytes: number,
    open: () => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<PreviewOutcome> {
    if (!isPreviewable(mediaType)) return refused('not-an-image');
    if (sizeBytes > this.#limits.maxInputBytes) return refused('too-many-bytes');
    if (this.#waiting >= this.#limits.maxWaiting) return refused('busy');
    this.#waiting++;
    const turn = this.#queue.then(() => this.#makeNow(open));
    this.#queue = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }

  /** Kills the process; what waits answers `closed`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    const process = this.#process;
    this.#process = undefined;
    await process?.kill();
    await this.#queue;
  }

  async #makeNow(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<PreviewOutcome> {
    if (this.#isClosed) return refused('closed');
    clearTimeout(this.#idle);
    this.#process ??= new PreviewProcess();
    const process = this.#process;
    try {
      const answer = await process.make(await open(), this.#limits);
      if (answer.kind === 'made') {
        const { bytes, widthPx, heightPx } = answer;
        return { kind: 'preview', bytes, mediaType: 'image/jpeg', widthPx, heightPx, ...digestBytes(bytes) };
      }
      return refused(this.#isClosed ? 'closed' : answer.reason);
    } catch (error) {
      // The source failed half way: the process holds pieces of an image that will not come.
      await process.kill();
      throw error;
    } finally {
      if (process.isDead || process.made >= IMAGES_PER_PROCESS) {
        await process.kill();
        if (this.#process === process) this.#process = undefined;
      }
      this.#idle = setTimeout(() => this.#endIdle(), this.#limits.idleMs);
      this.#idle.unref();
    }
  }

  #endIdle(): void {
    if (this.#waiting > 0) return;
    void this.#process?.kill();
    this.#process = undefined;
  }
}

type Answer = PreviewAnswer | { kind: 'refused'; reason: PreviewRefusal };

class PreviewProcess {
  made = 0;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #isKilled = false;

  constructor() {
    const file = `./preview-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;
    this.#child = fork(new URL(file, import.meta.url), {
      serialization: 'advanced',
      execArgv: ['--max-old-space-size=64'],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('error', () => {});
    this.#exit = once(this.#child, 'exit').catch(() => {});
    // It lives on between images, but keeps nobody alive.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get isDead(): boolean {
    return (
      this.#isKilled ||
      this.#child.exitCode !== null ||
      this.#child.signalCode !== null ||
      this.#child.pid === undefined
    );
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    if (this.#child.pid === undefined) return;
    this.#child.kill('SIGKILL');
    // Until it is gone, somebody waits for it.
    this.#child.ref();
    await this.#exit;
  }

  /** Resolves to a refusal, never rejects, for whatever the process does. @throws what the content throws */
  async make(content: AsyncIterable<Uint8Array>, limits: PreviewLimits): Promise<Answer> {
    this.made++;
    const ended = Promise.withResolvers<Answer>();
    const end = (reason: PreviewRefusal) => {
      ended.resolve({ kind: 'refused', reason });
      void this.kill();
    };
    const timer = setTimeout(() => end('timeout'), limits.timeoutMs);
    const watch = setInterval(async () => {
      if ((await this.#residentBytes()) > limits.maxProcessBytes) end('too-much-memory');
    }, WATCH_EVERY_MS);
    const onMessage = (answer: PreviewAnswer) => ended.resolve(answer);
    const onExit = () => end('process-died');
    this.#child.once('message', onMessage).once('exit', onExit);
    if (this.isDead) onExit();
    try {
      const sent = this.#sendImage(content, limits, () => end('too-many-bytes'));
      // Without content there is no answer: the source's error is all there is to say.
      const failed = sent.then(() => ended.promise);
      return await Promise.race([ended.promise, failed]);
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      this.#child.off('message', onMessage).off('exit', onExit);
    }
  }

  async #sendImage(content: AsyncIterable<Uint8Array>, limits: PreviewLimits, tooLarge: () => void): Promise<void> {
    let sizeBytes = 0;
    for await (const bytes of content) {
      sizeBytes += bytes.length;
      if (sizeBytes > limits.maxInputBytes) {
        tooLarge();
        return;
      }
      // Gone: whoever waits for the answer has heard of it.
      if (!(await this.#send({ kind: 'piece', bytes }))) return;
    }
    const { maxInputPixels, maxEdgePx, timeoutMs } = limits;
    await this.#send({ kind: 'make', maxInputPixels, maxEdgePx, timeoutMs });
  }

  /** Resolves once the pipe took it, to false if nobody reads it any more. */
  #send(request: PreviewRequest): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.#child.connected) resolve(false);
      else this.#child.send(request, (error) => resolve(error === null));
    });
  }

  async #residentBytes(): Promise<number> {
    try {
      const pages = (await readFile(`/proc/${this.#child.pid}/statm`, 'latin1')).split(' ')[1];
      return Number(pages) * 4096;
    } catch {
      return 0;
    }
  }
}

function refused(reason: PreviewRefusal): PreviewOutcome {
  return { kind: 'preview-not-possible', reason };
}
