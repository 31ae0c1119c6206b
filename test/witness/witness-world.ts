import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { MAX_ANSWER_BYTES } from '../../src/format/tlog-witness.ts';
import { Witness } from '../../src/witness/witness.ts';
import { WitnessKey } from '../../src/witness/witness-key.ts';
import { createWitnessServer } from '../../src/witness/witness-server.ts';
import { parseWitnessedLogs, WitnessedLog } from '../../src/witness/witnessed-log.ts';

/** Takes the request before the witness does; true if it has answered. */
export type Misbehaviour = (req: IncomingMessage, res: ServerResponse, body: Buffer) => boolean | Promise<boolean>;

/** A real witness behind real HTTP, whose answers a test can replace. */
export interface RunningWitness {
  key: WitnessKey;
  url: string;
  logs: WitnessedLog[];
  /** Bodies that it was sent, as text. */
  requests: string[];
  misbehave(how: Misbehaviour | undefined): void;
  stop(): Promise<void>;
}

export async function startWitness(
  name: string,
  vkeys: readonly string[],
  { folder, ...options }: { folder: string; key?: WitnessKey; nowMs?: () => number },
): Promise<RunningWitness> {
  const key = options.key ?? WitnessKey.parse(WitnessKey.generate(name));
  const logs: WitnessedLog[] = [];
  for (const [origin, keys] of parseWitnessedLogs(vkeys))
    logs.push(await WitnessedLog.open(join(folder, name), origin, keys));
  const inner = createWitnessServer({
    witness: new Witness(key, logs, options.nowMs ?? Date.now),
    nowMs: Date.now,
    requestsPerMinute: 100_000,
    onTrouble: (error) => console.error(error),
  });
  const innerUrl = await listen(inner);
  const requests: string[] = [];
  let misbehaviour: Misbehaviour | undefined;
  const outer = createServer(async (req, res) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    if (req.method === 'POST') requests.push(body.toString('utf8'));
    if (misbehaviour !== undefined && (await misbehaviour(req, res, body))) return;
    const answer = await fetch(`${innerUrl}${req.url}`, {
      method: req.method as string,
      ...(req.method === 'POST' ? { body } : {}),
    });
    for (const name of ['content-type', 'content-security-policy']) {
      const value = answer.headers.get(name);
      if (value !== null) res.setHeader(name, value);
    }
    res.statusCode = answer.status;
    res.end(Buffer.from(await answer.arrayBuffer()).subarray(0, MAX_ANSWER_BYTES));
  });
  const url = await listen(outer);
  return {
    key,
    url,
    logs,
    requests,
    misbehave: (how) => {
      misbehaviour = how;
    },
    async stop() {
      for (const server of [outer, inner]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
