import { CodedError } from '../../errors.ts';
import type { DigestAnswer, DigestRequest } from './digest-worker.ts';
import DigestWorker from './digest-worker.ts?worker&inline';

export interface FileDigests {
  /** Lower-case hex. */
  sha256: string;
  sm3: string;
}

/** Reads files once each, one after the other, beside the page. */
export class FileHasher {
  readonly #worker = new DigestWorker();
  readonly #waiting = new Map<number, (answer: DigestAnswer) => void>();
  #nextId = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<DigestAnswer>) => this.#waiting.get(data.id)?.(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const [id, take] of this.#waiting) take({ id, error: event.message ?? 'the worker did not start' });
    };
  }

  /**
   * @param onBytes called with the number of bytes read since the last call
   * @throws CodedError `file-unreadable` if the file was changed or removed meanwhile
   */
  digest(file: Blob, onBytes: (bytes: number) => void): Promise<FileDigests> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        if ('bytes' in answer) return onBytes(answer.bytes);
        this.#waiting.delete(id);
        if ('error' in answer) reject(new CodedError('file-unreadable', `the file could not be read: ${answer.error}`));
        else resolve({ sha256: answer.sha256, sm3: answer.sm3 });
      });
      this.#post({ kind: 'digest', id, file });
    });
  }

  pause(): void {
    this.#post({ kind: 'pause' });
  }

  resume(): void {
    this.#post({ kind: 'resume' });
  }

  /** Nothing that was asked is answered any more. */
  close(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }

  #post(request: DigestRequest): void {
    this.#worker.postMessage(request);
  }
}
