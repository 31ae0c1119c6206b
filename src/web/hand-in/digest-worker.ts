import { ManyDigests } from '../verify/blob-digests.ts';

/** Files are hashed in the order in which they are asked for; `pause` holds until `resume`. */
export type DigestRequest = { kind: 'digest'; id: number; file: Blob } | { kind: 'pause' } | { kind: 'resume' };

/** Any number of `bytes`, then one of the other two. */
export type DigestAnswer =
  | { id: number; bytes: number }
  | { id: number; sha256: string; sm3: string }
  | { id: number; error: string };

/** Large enough that calls into WebAssembly cost nothing, small enough that a phone holds two of them. */
const CHUNK_BYTES = 4 * 1024 * 1024;

let resume: (() => void) | undefined;
let paused: Promise<void> | undefined;
let last: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<DigestRequest>) => {
  switch (data.kind) {
    case 'pause':
      paused ??= new Promise((resolve) => {
        resume = resolve;
      });
      return;
    case 'resume':
      resume?.();
      paused = undefined;
      return;
    case 'digest': {
      const { id, file } = data;
      last = last.then(() => digest(id, file));
      return;
    }
  }
});

async function digest(id: number, file: Blob): Promise<void> {
  const answer = (message: DigestAnswer) => postMessage(message);
  try {
    const digests = await ManyDigests.start(['sha256', 'sm3']);
    for (let at = 0; at < file.size; at += CHUNK_BYTES) {
      await paused;
      const chunk = new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer());
      digests.update(chunk);
      answer({ id, bytes: chunk.length });
    }
    answer({ id, ...digests.finish() });
  } catch (error) {
    answer({ id, error: (error as Error).message });
  }
}
