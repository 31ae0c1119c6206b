import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from '../../src/evaluation/child-process.ts';

/** A second Node process that runs `body`, an async function's, and stays. Resolves to what `body` returned. */
export async function runInOtherProcess<T>(body: string): Promise<{ node: ChildProcess; result: T }> {
  const program = `console.log(JSON.stringify(await (async () => { ${body} })())); setInterval(() => {}, 1000);`;
  const node = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: node.stdout! })) return { node, result: JSON.parse(line) as T };
  throw new Error('the other process ended early');
}

/** Rejects if the process still runs after ten seconds. */
export async function untilGone(pid: number, identity: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while ((await processIdentity(pid)) === identity) {
    if (performance.now() > deadline) throw new Error(`process ${pid} still runs`);
    await delay(20);
  }
}

/** Linux only. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
