import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RpcRequest {
  method: string;
  params: unknown[];
  id: number;
  authorization: string | undefined;
}

/** What the server does with one request: an answer's body, or anything else by hand. */
export type RpcBehaviour = (request: RpcRequest, response: ServerResponse) => unknown;

/** Inside a `describe`: an HTTP server that answers as each test says. For faults that a real node does not show on demand. */
export function useJsonRpcServer(): { url(): string; behave(behaviour: RpcBehaviour): void } {
  let server: Server | undefined;
  let behaviour: RpcBehaviour = () => ({ result: null });
  before(async () => {
    server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const call = { ...JSON.parse(text), authorization: request.headers.authorization } as RpcRequest;
      const answer = await behaviour(call, response);
      if (answer !== undefined) response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...(answer as object) }));
    });
    await new Promise<void>((resolve) => {
      server?.listen(0, '127.0.0.1', resolve);
    });
  });
  after(() => {
    server?.closeAllConnections();
    server?.close();
  });
  return {
    url: () => `http://127.0.0.1:${(server!.address() as AddressInfo).port}`,
    behave: (next) => {
      behaviour = next;
    },
  };
}

/** Answers as the real node does, but for what `change` makes of it. */
export function throughTo(
  realUrl: string,
  // biome-ignore lint/suspicious/noExplicitAny: every method answers with a shape of its own
  change: (method: string, answer: { result?: any; error?: unknown }) => { result?: unknown; error?: unknown },
): RpcBehaviour {
  return async ({ method, params }) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const answer = (await (await fetch(realUrl, { method: 'POST', headers, body })).json()) as { result?: unknown };
    const { result, error } = change(method, answer);
    return error === undefined ? { result } : { error };
  };
}
