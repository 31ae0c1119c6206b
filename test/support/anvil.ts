import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedAnvil, startAnvil } from '../../src/evaluation/anvil.ts';

/** Inside a `describe`: a chain of its own for the suite, on a real EVM. */
export function useAnvil(chainId?: number): () => EmbeddedAnvil {
  let folder: string | undefined;
  let anvil: EmbeddedAnvil | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiezheng-test-anvil-'));
    anvil = await startAnvil({ folder, onLog: () => {}, ...(chainId !== undefined && { chainId }) });
  });
  after(async () => {
    await anvil?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return () => {
    if (anvil === undefined) throw new Error('the chain exists only while the tests of its suite run');
    return anvil;
  };
}

/** A plain JSON-RPC call, past every client of ours. */
// biome-ignore lint/suspicious/noExplicitAny: every method answers with a shape of its own
export async function rpc(url: string, method: string, params: unknown[] = []): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}
