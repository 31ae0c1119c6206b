import { CliError } from './cli-error.ts';

const TIMEOUT_MS = 15_000;

/** One plain JSON-RPC call. @throws CliError `service-unreachable` if there is no answer, `service-refused` if it is an error */
export async function jsonRpc(url: string, method: string, params: unknown[]): Promise<unknown> {
  let answer: { result?: unknown; error?: { message: string } };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    const why = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new CliError('service-unreachable', `${method}: ${why}`, { cause });
  }
  if (answer.error !== undefined) throw new CliError('service-refused', `${method}: ${answer.error.message}`);
  return answer.result ?? null;
}
