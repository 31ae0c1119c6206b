import { Agent, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Content } from './generated-content.ts';

export interface NamedContent {
  name: string;
  content: Content;
}

/** Keeps connections open, as many as clients that use it at once. */
export function openAgent(clients: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: clients });
}

/** A client's own boundary: nothing that is sent here holds it. */
const BOUNDARY = 'tiezheng-bench-3f1d0e5b8a11';

/** Sends files as one multipart deposit, never whole in memory. @throws Error with the answer unless it is 201 */
export async function deposit(
  url: string,
  { agent, apiKey }: { agent: Agent; apiKey: string },
  files: readonly NamedContent[],
): Promise<Record<string, unknown>> {
  const heads = files.map(({ name }) =>
    Buffer.from(
      `--${BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\n` +
        'content-type: application/octet-stream\r\n\r\n',
    ),
  );
  const tail = Buffer.from(`--${BOUNDARY}--\r\n`);
  const lineEnd = Buffer.from('\r\n');
  const length = files.reduce(
    (sum, { content }, i) => sum + (heads[i]?.length ?? 0) + content.sizeBytes + lineEnd.length,
    tail.length,
  );
  function* body(): Generator<Uint8Array> {
    for (const [i, { content }] of files.entries()) {
      yield heads[i] as Buffer;
      yield* content.chunks();
      yield lineEnd;
    }
    yield tail;
  }
  const headers = {
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    'content-length': String(length),
    authorization: `Bearer ${apiKey}`,
  };
  const { status, text } = await send(url, agent, headers, body());
  if (status !== 201) throw new Error(`${url} answered ${status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** POSTs a body as it is made. */
export async function send(
  url: string,
  agent: Agent,
  headers: Record<string, string>,
  body: Iterable<Uint8Array>,
): Promise<{ status: number; text: string }> {
  const outgoing = request(url, { method: 'POST', agent, headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  // An answer that comes early, such as a refusal, is the one to tell, not that the body could not be sent to its end.
  const sent = pipeline(Readable.from(body), outgoing);
  const answer = await Promise.race([answered, sent.then(() => answered)]);
  await sent;
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}
