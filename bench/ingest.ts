// How fast one large file comes in, beside the two things that no such service can do without: the bytes have to reach the disk,
// and SM3, the slower of the two digests, has to see each of them.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEvaluationService } from './evaluation-service.ts';
import { incompressible } from './generated-content.ts';
import { figure, mebibytes, median, printTable, timed } from './measurement.ts';
import { startRival } from './rival-server.ts';
import { deposit, send } from './upload.ts';

const FILE_BYTES = 1024 ** 3;
const RUNS = 3;

/** Runs of all three take turns, so that what else the machine does falls on all alike. */
export async function run(): Promise<void> {
  console.log(`one file of ${mebibytes(FILE_BYTES)}, incompressible, made while it is sent; ${RUNS} runs in turn`);
  const folder = await mkdtemp(join(tmpdir(), 'tiezheng-bench-'));
  const service = await startEvaluationService();
  const rival = await startRival('raw-file-server.ts', [folder]);
  // A connection of its own for each: hashing blocks this process for seconds, and servers close idle ones meanwhile.
  const agent = new Agent({ keepAlive: false });
  const content = incompressible(FILE_BYTES);
  const name = 'recording.bin';
  const client = { agent, apiKey: service.apiKey };
  const times: Record<'deposit' | 'raw' | 'sm3', number[]> = { deposit: [], raw: [], sm3: [] };
  try {
    for (let i = 0; i < RUNS; i++) {
      times.deposit.push(await timed(() => deposit(`${service.url}/api/v1/deposits`, client, [{ name, content }])));
      times.raw.push(await timed(() => sendRaw(rival.url)));
      times.sm3.push(await timed(digest));
    }
  } finally {
    agent.destroy();
    await rival.stop();
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }

  async function sendRaw(url: string): Promise<void> {
    const { status, text } = await send(url, agent, { 'content-length': String(FILE_BYTES) }, content.chunks());
    if (status !== 201) throw new Error(`the raw server answered ${status}: ${text}`);
  }

  function digest(): string {
    const hash = createHash('sm3');
    for (const chunk of content.chunks()) hash.update(chunk);
    return hash.digest('hex');
  }

  const [ours, raw, sm3] = [median(times.deposit), median(times.raw), median(times.sm3)];
  const row = (label: string, all: number[], ms: number) => [
    label,
    `${figure(ms / 1000)} s`,
    mebibytes((FILE_BYTES / ms) * 1000),
    all.map((one) => figure(one / 1000)).join(' '),
  ];
  printTable(
    ['', 'median', 'a second', 'runs, s'],
    [
      row('deposit, answered with its receipt', times.deposit, ours),
      row('raw HTTP into a fsynced file', times.raw, raw),
      row('SM3 alone, one thread', times.sm3, sm3),
    ],
  );
  console.log(`  a deposit takes ${figure(ours / Math.max(raw, sm3))} times as long as the slower of the two`);
}
