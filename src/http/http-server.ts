import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';

export interface ServerTimeouts {
  /** From the first byte of a request to the end of its headers. */
  headersMs: number;
  /** For the whole request, a file of the largest size on a slow line included. */
  requestMs: number;
  /** Without a byte in either direction. Longer than an answer waits for the log. */
  idleMs: number;
  keepAliveMs: number;
}

export const DEFAULT_TIMEOUTS: ServerTimeouts = {
  headersMs: 15_000,
  requestMs: 6 * 3600_000,
  idleMs: 60_000,
  keepAliveMs: 10_000,
};

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/**
 * A server that slow and oversized requests cannot hold: headers that take too long, bodies that stand still, more than 16 KiB
 * of headers. Node answers those by itself, 408 and 431, before any code of ours runs.
 */
export function createHttpServer(listener: RequestListener, timeouts: ServerTimeouts = DEFAULT_TIMEOUTS): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: Math.min(5000, timeouts.headersMs),
    },
    listener,
  );
  server.on('checkContinue', (req, res) => {
    uninvited.add(req);
    listener(req, res);
  });
  server.maxHeadersCount = MAX_HEADERS;
  server.setTimeout(timeouts.idleMs);
  return server;
}

/** Requests whose client waits, before it sends gigabytes, to hear whether it may (RFC 9110 §10.1.1). */
const uninvited = new WeakSet<IncomingMessage>();

/** To be called before a body is read, once nothing is left to refuse that can be told without it. */
export function inviteBody(req: IncomingMessage, res: ServerResponse): void {
  if (uninvited.delete(req)) res.writeContinue();
}

/** True while the client waits and has not been invited: it may never send the body, so its connection cannot be used again. */
export function awaitsInvitation(req: IncomingMessage): boolean {
  return uninvited.has(req);
}
