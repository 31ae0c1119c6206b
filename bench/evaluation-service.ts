import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EvaluationFile } from '../src/cli/service-client.ts';
import { spawnGuarded } from '../src/evaluation/child-process.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const START_MS = 120_000;
const STOP_GRACE_MS = 60_000;
const CERTIFIED_MS = 300_000;

/** `tiezheng serve --evaluation` as a process of its own, in a folder of its own. */
export interface EvaluationService extends EvaluationFile {
  pid: number;
  /** Its data folder. */
  folder: string;
  /** Of the PostgreSQL that it runs. */
  databaseUrl: string;
  /** Stops it, waits for its end, and removes the folder. */
  stop(): Promise<void>;
}

/** It ends when this process ends. @throws Error with what the service said, if it does not come up */
export async function startEvaluationService(): Promise<EvaluationService> {
  const root = await mkdtemp(join(tmpdir(), 'tiezheng-bench-'));
  const folder = join(root, 'data');
  const said: string[] = [];
  let ended = false;
  const child = await spawnGuarded({
    command: process.execPath,
    args: [join(REPOSITORY, 'bin/tiezheng.mjs'), 'serve', '--evaluation'],
    cwd: REPOSITORY,
    env: { ...process.env, TIEZHENG_DATA: folder, TIEZHENG_LOG_LEVEL: 'warn', PORT: '0' },
    onLine: (line) => said.push(line),
    signalOnParentDeath: 'SIGTERM',
  });
  void child.exited.then(() => {
    ended = true;
  });
  const stop = async () => {
    await child.stop('SIGTERM', STOP_GRACE_MS);
    // Diagnostics are JSON lines, and only warnings come through: a bench that met trouble is none.
    for (const line of said.filter((text) => text.startsWith('{'))) console.error(`  the service said ${line}`);
    await rm(root, { recursive: true, force: true });
  };
  try {
    for (const deadline = performance.now() + START_MS; ; ) {
      if (ended) throw new Error('the service ended while starting');
      if (performance.now() > deadline) throw new Error(`the service did not start within ${START_MS} ms`);
      const file = await describedBy(folder);
      if (file !== undefined)
        return { ...file, pid: child.pid, folder, databaseUrl: await databaseUrlOf(folder), stop };
      await sleep(50);
    }
  } catch (error) {
    await stop();
    throw new Error([(error as Error).message, ...said].join('\n'), { cause: error });
  }
}

/** @returns a part of a deposit: `receipt.json`, `certificate.pdf` and so on; or what is known of it, if none is named */
export async function fetchDeposit(
  { url, apiKey }: EvaluationService,
  depositId: string,
  part?: string,
): Promise<Uint8Array> {
  const path = ['api/v1/deposits', depositId, ...(part === undefined ? [] : [part])].join('/');
  const answer = await fetch(`${url}/${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
  if (!answer.ok) throw new Error(`GET /${path} answered ${answer.status}: ${await answer.text()}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** @throws Error with the deposit's state if it has no certificate after five minutes */
export async function untilCertified(service: EvaluationService, depositId: string): Promise<void> {
  const deadline = performance.now() + CERTIFIED_MS;
  for (;;) {
    const text = Buffer.from(await fetchDeposit(service, depositId)).toString('utf8');
    const { certificate, state } = JSON.parse(text) as { certificate: unknown; state: string };
    if (certificate !== null) return;
    if (performance.now() > deadline)
      throw new Error(`deposit ${depositId} is still ${state} after ${CERTIFIED_MS} ms`);
    await sleep(500);
  }
}

/** Written by a rename, once the service listens. */
async function describedBy(folder: string): Promise<EvaluationFile | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'evaluation.json'), 'utf8')) as EvaluationFile;
  } catch {
    return undefined;
  }
}

async function databaseUrlOf(folder: string): Promise<string> {
  const password = (await readFile(join(folder, 'postgres/password'), 'utf8')).trim();
  // The port is the fourth line of what PostgreSQL writes about itself.
  const port = (await readFile(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[3];
  return `postgres://tiezheng:${password}@127.0.0.1:${port}/tiezheng`;
}
