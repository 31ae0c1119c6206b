// Small deposits a second from many clients, beside the barest handler that could be called a deposit. Ours also detects the
// type, encrypts, writes record, annexes and entries, waits for the log, answers with a sealed receipt, and meanwhile prints the
// certificates of the deposits before, on the same processors.
import { randomBytes } from 'node:crypto';
import { startEvaluationService } from './evaluation-service.ts';
import type { Content } from './generated-content.ts';
import { figure, median, printTable, timed } from './measurement.ts';
import { startRival } from './rival-server.ts';
import { deposit, openAgent } from './upload.ts';

const CLIENTS = 32;
const DEPOSITS = 1000;
const FILE_BYTES = 20_000;
const RUNS = 3;

export async function run(): Promise<void> {
  console.log(
    `${DEPOSITS} deposits of one file of ${figure(FILE_BYTES)} bytes from ${CLIENTS} clients; ${RUNS} runs in turn`,
  );
  const service = await startEvaluationService();
  const rival = await startRival('bare-deposit-server.ts', [], { DATABASE_URL: service.databaseUrl });
  const ours: Burst[] = [];
  const theirs: Burst[] = [];
  try {
    // The first requests wait for code to be compiled and connections to be opened.
    await send(`${rival.url}/deposits`, service.apiKey, CLIENTS);
    await send(`${service.url}/api/v1/deposits`, service.apiKey, CLIENTS);
    for (let i = 0; i < RUNS; i++) {
      theirs.push(await send(`${rival.url}/deposits`, service.apiKey, DEPOSITS));
      ours.push(await send(`${service.url}/api/v1/deposits`, service.apiKey, DEPOSITS));
    }
  } finally {
    await rival.stop();
    await service.stop();
  }
  const rate = (bursts: Burst[]) => median(bursts.map(({ perSecond }) => perSecond));
  const row = (label: string, bursts: Burst[]) => [
    label,
    figure(rate(bursts)),
    `${figure(median(bursts.map(({ medianMs }) => medianMs)))} ms`,
    bursts.map(({ perSecond }) => figure(perSecond)).join(' '),
  ];
  printTable(
    ['', 'a second', 'median answer', 'runs'],
    [row('deposits, each with its receipt', ours), row('Express, multer, both digests, one committed row', theirs)],
  );
  console.log(`  ${figure(rate(ours) / rate(theirs))} times as many a second as the bare handler`);
}

interface Burst {
  perSecond: number;
  /** Of one request. */
  medianMs: number;
}

async function send(url: string, apiKey: string, count: number): Promise<Burst> {
  const agent = openAgent(CLIENTS);
  const latencies: number[] = [];
  let left = count;
  const client = async () => {
    while (left-- > 0) {
      const files = [{ name: 'page.html', content: unique() }];
      latencies.push(await timed(() => deposit(url, { agent, apiKey }, files)));
    }
  };
  try {
    const ms = await timed(() => Promise.all(Array.from({ length: CLIENTS }, client)));
    return { perSecond: (count / ms) * 1000, medianMs: median(latencies) };
  } finally {
    agent.destroy();
  }
}

function unique(): Content {
  const bytes = randomBytes(FILE_BYTES);
  return { sizeBytes: bytes.length, chunks: () => [bytes] };
}
