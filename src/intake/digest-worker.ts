import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** `id` names a stream. Buffers are transferred, and come back in an answer. */
export type DigestRequest =
  | { kind: 'update'; id: number; buffer: ArrayBuffer; length: number }
  | { kind: 'finish'; id: number }
  | { kind: 'abort'; id: number };

export type DigestAnswer = { kind: 'buffer'; buffer: ArrayBuffer } | { kind: 'digest'; id: number; sm3: string };

const port = parentPort;
if (port === null) throw new Error('digest-worker runs as a worker thread only');
const hashes = new Map<number, Hash>();

port.on('message', (request: DigestRequest) => {
  const { id } = request;
  const hash = hashes.get(id) ?? createHash('sm3');
  switch (request.kind) {
    case 'update':
      hash.update(new Uint8Array(request.buffer, 0, request.length));
      hashes.set(id, hash);
      port.postMessage({ kind: 'buffer', buffer: request.buffer } satisfies DigestAnswer, [request.buffer]);
      return;
    case 'finish':
      hashes.delete(id);
      port.postMessage({ kind: 'digest', id, sm3: hash.digest('hex') } satisfies DigestAnswer);
      return;
    case 'abort':
      hashes.delete(id);
      return;
  }
});
