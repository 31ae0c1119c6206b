import { CodedError } from '../../errors.ts';
import { type LocalTask, runLocalTask } from './local-task.ts';

/** What the worker answers: any number of `bytes`, then one of the other two. */
export type WorkerAnswer =
  | { bytes: number }
  | { result: Awaited<ReturnType<typeof runLocalTask>> }
  | { error: { code: string; message: string } };

addEventListener('message', ({ data }: MessageEvent<LocalTask>) => {
  const answer = (message: WorkerAnswer) => postMessage(message);
  runLocalTask(data, (bytes) => answer({ bytes })).then(
    (result) => answer({ result }),
    (error: Error) =>
      answer({ error: { code: error instanceof CodedError ? error.code : 'internal', message: error.message } }),
  );
});
