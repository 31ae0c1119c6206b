import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { PdfOptions } from './pdf.ts';
import type { PrintAnswer, PrintOrder } from './pdf-worker.ts';

/** Enough for 1,000 files; the small young generation keeps the thread from holding on to garbage. */
const WORKER_LIMITS = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 8 };

/**
 * Renders PDFs on a thread of its own, one after another, so that a long certificate does not hold up uploads. The thread and
 * its fonts, about 100 MB, go again when nothing was printed for `idleMs`.
 */
export class PdfPrinter {
  readonly #idleMs: number;
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(idleMs = 30_000) {
    this.#idleMs = idleMs;
  }

  /**
   * As `renderCertificatePdf`.
   * @throws Error also if the thread runs out of memory or dies; the next order starts another
   */
  print(json: Uint8Array, options: PdfOptions): Promise<Uint8Array> {
    return this.#inTurn({ what: 'certificate', json, options });
  }

  /** As `renderVerificationReportPdf`. @throws as `print` */
  printVerificationReport(json: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn({ what: 'verification-report', json });
  }

  #inTurn(order: PrintOrder): Promise<Uint8Array> {
    const printed = this.#last.then(() => this.#print(order));
    this.#last = printed.catch(() => undefined);
    return printed;
  }

  /** Waits for what is being printed. */
  async close(): Promise<void> {
    await this.#last;
    await this.#end();
  }

  async #print(order: PrintOrder): Promise<Uint8Array> {
    clearTimeout(this.#idle);
    this.#worker ??= start();
    const worker = this.#worker;
    try {
      const answer = await answerOf(worker, order);
      if ('error' in answer) throw answer.error;
      return answer.pdf;
    } catch (error) {
      // Whether it is still good for anything is not known.
      await this.#end();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.#end(), this.#idleMs).unref();
    }
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function start(): Worker {
  // The same module runs unbuilt and compiled: the worker has the ending that this file has.
  const file = `./pdf-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;
  const url = new URL(file, import.meta.url);
  // Nothing of our environment but where a clone keeps its modules stripped of types: doing that here takes 30 MB.
  const env = { NODE_COMPILE_CACHE: getCompileCacheDir() ?? '' };
  return new Worker(url, { name: 'pdf', env, stdin: false, resourceLimits: WORKER_LIMITS });
}

function answerOf(worker: Worker, order: PrintOrder): Promise<PrintAnswer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number) => settle(() => reject(new Error(`the printing thread ended with code ${code}`)));
    const onError = (error: Error) => settle(() => reject(error));
    const onMessage = (answer: PrintAnswer) => settle(() => resolve(answer));
    // One by one: `removeAllListeners` would also remove those by which the worker hears from its thread.
    const settle = (then: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(order);
  });
}
