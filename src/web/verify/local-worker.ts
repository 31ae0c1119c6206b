import { CodedError } from '../../errors.ts';
import { type LocalResult, type LocalTask, runLocalTask } from './local-task.ts';
import type { WorkerAnswer } from './local-task-worker.ts';
import LocalTaskWorker from './local-task-worker.ts?worker&inline';

let worker: Worker | 'impossible' | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a task off the main thread, one after the other: two large files at once would only make the disk seek.
 * @param onBytes called with the number of bytes read since the last call
 * @throws CodedError of the task; DOMException `AbortError`
 */
export function runLocally<K extends LocalTask['kind']>(
  task: LocalTask & { kind: K },
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<LocalResult[K]> {
  const turn = last.then(() => {
    signal.throwIfAborted();
    return perform(task, onBytes, signal);
  });
  last = turn.catch(() => {});
  return turn as Promise<LocalResult[K]>;
}

async function perform(task: LocalTask, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<unknown> {
  const running = startWorker();
  if (running === undefined) {
    return runLocalTask(task, (bytes) => {
      signal.throwIfAborted();
      onBytes(bytes);
    });
  }
  return new Promise((resolve, reject) => {
    const stop = () => {
      // A worker cannot be interrupted inside a piece; the next task starts a new one.
      running.terminate();
      worker = undefined;
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', stop);
      act();
    };
    running.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      if ('bytes' in data) onBytes(data.bytes);
      else if ('result' in data) settle(() => resolve(data.result));
      else settle(() => reject(new CodedError(data.error.code, data.error.message)));
    };
    running.onerror = (event) => {
      event.preventDefault();
      // The browser would not start it (an old one under a strict policy): work in the page instead.
      worker = 'impossible';
      settle(() => resolve(runLocalTask(task, onBytes)));
    };
    running.postMessage(task);
  });
}

function startWorker(): Worker | undefined {
  // Beside the page already: a worker of a worker would gain nothing.
  if (typeof document === 'undefined') worker = 'impossible';
  if (worker === undefined) {
    try {
      worker = new LocalTaskWorker();
    } catch {
      worker = 'impossible';
    }
  }
  return worker === 'impossible' ? undefined : worker;
}
