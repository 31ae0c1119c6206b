import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MAX_ADD_CHECKPOINT_BYTES } from '../format/tlog-witness.ts';
import { RequestLimit } from './request-limit.ts';
import type { Witness } from './witness.ts';
import { renderWitnessPage } from './witness-page.ts';

export interface WitnessServerParts {
  witness: Witness;
  nowMs: () => number;
  /** Requests that one address may make in a minute. */
  requestsPerMinute: number;
  /** Told of what the witness could not do; its callers get 500 and no detail. */
  onTrouble: (error: unknown) => void;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 200;

/** c2sp.org/tlog-witness: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`; and a page at `GET /`. Not listening yet. */
export function createWitnessServer(parts: WitnessServerParts): Server {
  const limit = new RequestLimit(parts.requestsPerMinute);
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (req, res) => {
      answer(parts, limit, req, res).catch((error: unknown) => {
        parts.onTrouble(error);
        if (res.headersSent) res.destroy();
        else send(res, 500, 'text/plain; charset=utf-8', 'the witness could not answer, and has signed nothing\n');
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

async function answer(
  { witness, nowMs }: WitnessServerParts,
  limit: RequestLimit,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (!limit.admit(req.socket.remoteAddress ?? '', nowMs())) {
    res.setHeader('Retry-After', '60');
    return refuse(req, res, 429, 'too many requests from this address');
  }
  const path = (req.url ?? '/').split('?')[0] as string;
  if (path === '/add-checkpoint') {
    if (req.method !== 'POST') return refuseMethod(req, res, 'POST');
    const body = await readBody(req);
    if (body === undefined) return refuse(req, res, 413, `more than ${MAX_ADD_CHECKPOINT_BYTES} bytes`);
    const reply = await witness.addCheckpoint(body);
    return send(res, reply.status, reply.mediaType, reply.body);
  }
  const monitored = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path);
  const log = witness.logs.find(({ originHash }) => originHash === monitored?.[1]);
  if (path !== '/' && log === undefined) return refuse(req, res, 404, 'not found');
  if (req.method !== 'GET' && req.method !== 'HEAD') return refuseMethod(req, res, 'GET, HEAD');
  if (log !== undefined) {
    const { state } = await log.read();
    if (state === undefined) return refuse(req, res, 404, 'no checkpoint of that log was cosigned yet');
    return send(res, 200, 'text/plain; charset=utf-8', state.checkpointBytes);
  }
  const rows = await Promise.all(witness.logs.map(async (row) => ({ log: row, state: (await row.read()).state })));
  res.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  return send(res, 200, 'text/html; charset=utf-8', renderWitnessPage(witness.key, rows));
}

/** Undefined if it is too large; what is above the limit is not kept. */
async function readBody(req: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of req) {
    sizeBytes += (chunk as Uint8Array).length;
    if (sizeBytes > MAX_ADD_CHECKPOINT_BYTES) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function refuseMethod(req: IncomingMessage, res: ServerResponse, allowed: string): void {
  res.setHeader('Allow', allowed);
  refuse(req, res, 405, `the method here is ${allowed}`);
}

/** What the caller still sends is not read. */
function refuse(req: IncomingMessage, res: ServerResponse, status: number, why: string): void {
  if (!req.complete) res.setHeader('Connection', 'close');
  send(res, status, 'text/plain; charset=utf-8', `${why}\n`);
}

function send(res: ServerResponse, status: number, mediaType: string, body: string | Uint8Array): void {
  res.setHeader('Content-Type', mediaType);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
  res.statusCode = status;
  res.end(body);
}
