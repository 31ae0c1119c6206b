import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.ts';
import { inviteBody } from './http-server.ts';

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

/** The whole body. @throws HttpError `body-too-large`, `unsupported-content-encoding` */
export async function readBody(req: IncomingMessage, res: ServerResponse, maxBytes: number): Promise<Uint8Array> {
  refuseContentEncoding(req);
  refuseLongBody(req, maxBytes);
  inviteBody(req, res);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // `destroyOnReturn: false`: the answer to a body that is too long still goes out on this connection.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > maxBytes) throw bodyTooLarge(maxBytes);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function bodyTooLarge(maxBytes: number): HttpError {
  return new HttpError('body-too-large', `the body is longer than ${maxBytes} bytes`, { members: { maxBytes } });
}
