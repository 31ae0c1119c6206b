import { ChainError } from './chain-error.ts';

export interface JsonRpcOptions {
  /** http or https; user and password in it are sent as basic authentication. */
  url: string;
  /** For each call, from sending to the last byte of the answer. */
  timeoutMs: number;
}

/** Larger than the receipts of any block seen; a node that answers more is broken or hostile. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

/** What the node said was wrong. */
export class JsonRpcRefusal extends Error {
  readonly rpcCode: number;
  readonly data: unknown;

  constructor(rpcCode: number, message: string, data: unknown) {
    super(message);
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

export type JsonRpcCall = (method: string, params: unknown[]) => Promise<unknown>;

/**
 * One HTTP request per call: no batches, no cache, no retries and no polling, so that what was asked when is known.
 * The function returned throws ChainError `rpc-unreachable`, `rpc-timeout`, `rpc-malformed`, and JsonRpcRefusal if the node
 * answers with an error.
 */
export function openJsonRpc({ url, timeoutMs }: JsonRpcOptions): JsonRpcCall {
  const { endpoint, headers } = requestTarget(url);
  let nextId = 1;
  return async (method, params) => {
    const id = nextId++;
    const where = `${method} at ${endpoint.host}`;
    let text: string;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      const response = await fetch(endpoint, { method: 'POST', headers, body, signal, redirect: 'error' });
      text = await readBounded(response, where);
      if (!response.ok && !text.trimStart().startsWith('{')) {
        throw new ChainError('rpc-unreachable', `${where}: HTTP ${response.status}`);
      }
    } catch (cause) {
      if (cause instanceof ChainError) throw cause;
      if ((cause as Error).name === 'TimeoutError') {
        throw new ChainError('rpc-timeout', `${where}: no answer within ${timeoutMs} ms`, { cause });
      }
      throw new ChainError('rpc-unreachable', `${where}: ${reasonOf(cause)}`, { cause });
    }
    return resultOf(text, id, where);
  };
}

/** `fetch` refuses URLs with credentials. */
function requestTarget(url: string): { endpoint: URL; headers: Record<string, string> } {
  const endpoint = new URL(url);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (endpoint.username !== '' || endpoint.password !== '') {
    const credentials = `${decodeURIComponent(endpoint.username)}:${decodeURIComponent(endpoint.password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    endpoint.username = '';
    endpoint.password = '';
  }
  return { endpoint, headers };
}

async function readBounded(response: Response, where: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      throw new ChainError('rpc-malformed', `${where}: more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function resultOf(text: string, id: number, where: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new ChainError('rpc-malformed', `${where}: the answer is not JSON`, { cause });
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new ChainError('rpc-malformed', `${where}: the answer is no object`);
  }
  const { result, error, id: answered } = answer as { result?: unknown; error?: unknown; id?: unknown };
  if (typeof error === 'object' && error !== null) {
    const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
    throw new JsonRpcRefusal(Number(code ?? 0), String(message ?? 'no message'), data);
  }
  if (answered !== id || result === undefined)
    throw new ChainError('rpc-malformed', `${where}: no result for this call`);
  return result;
}

/** The URL may hold an access key in its path, so messages name the host alone. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
