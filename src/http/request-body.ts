import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseUtf8 } from '../format/bytes.ts';
import { IntakeError } from '../intake/upload-error.ts';
import { HttpError } from './http-error.ts';
import { awaitsInvitation, inviteBody } from './http-server.ts';

/** Media type of the body without parameters, lower case; empty if there is none. */
export function mediaTypeOf(req: IncomingMessage): string {
  return (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** @throws HttpError `unsupported-content-encoding`: a small body that unpacks to a huge one is not taken */
export function refuseContentEncoding(req: IncomingMessage): void {
  const encoding = (req.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity') {
    throw new HttpError(
      'unsupported-content-encoding',
      `Content-Encoding ${encoding.slice(0, 40)}: send the body plain`,
    );
  }
}

/** @throws HttpError `body-too-large` if the request announces more than `maxBytes` */
export function refuseLongBody(req: IncomingMessage, maxBytes: number): void {
  const announced = Number(req.headers['content-length'] ?? '0');
  if (announced > maxBytes) throw bodyTooLarge(maxBytes);
}

/** The body as it comes. Leaving it early does not end the connection: the answer still goes out on it. @throws IntakeError `upload-aborted` */
export async function* bodyOf(req: IncomingMessage): AsyncGenerator<Buffer, void, void> {
  try {
    yield* req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new IntakeError('upload-aborted', 'the connection ended before the body did', { cause });
  }
}

/** The whole body. @throws IntakeError `upload-aborted`, HttpError `body-too-large`, `unsupported-content-encoding` */
export async function readBody(req: IncomingMessage, res: ServerResponse, maxBytes: number): Promise<Uint8Array> {
  refuseContentEncoding(req);
  refuseLongBody(req, maxBytes);
  inviteBody(req, res);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of bodyOf(req)) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw bodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The whole body as JSON; undefined if it is none, which fits no schema. @throws as `readBody` */
export async function readJson(req: IncomingMessage, res: ServerResponse, maxBytes: number): Promise<unknown> {
  const bytes = await readBody(req, res, maxBytes);
  try {
    return JSON.parse(parseUtf8(bytes));
  } catch {
    return undefined;
  }
}

function bodyTooLarge(maxBytes: number): HttpError {
  return new HttpError('body-too-large', `the body is longer than ${maxBytes} bytes`, { members: { maxBytes } });
}

const READ_ON_MS = 5000;

/**
 * A client that is still sending reads the answer only if the connection stays: the rest of its body is thrown away for a few
 * seconds, then the connection ends.
 */
export function readOnBriefly(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || req.destroyed) return;
  if (awaitsInvitation(req)) {
    res.setHeader('Connection', 'close');
    return;
  }
  req.resume();
  const timer = setTimeout(() => req.destroy(), READ_ON_MS);
  req.once('close', () => clearTimeout(timer));
  res.once('close', () => {
    if (req.complete) clearTimeout(timer);
  });
}
