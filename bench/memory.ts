// Resident memory of the server while one large file and fifty small ones arrive together, and until all are certified.
import { startEvaluationService, untilCertified } from './evaluation-service.ts';
import { type Content, incompressible, photograph, text } from './generated-content.ts';
import { mebibytes, printTable } from './measurement.ts';
import { type Residence, ResidentMemory } from './resident-memory.ts';
import { deposit, openAgent } from './upload.ts';

const LARGE_BYTES = 2 * 1024 ** 3;
const SMALL_FILES = 50;
const LIMIT_BYTES = 300 * 1000 ** 2;
/** JPEGs of 12 to 430 KB. */
const PHOTOGRAPH_EDGES_PX = [200, 320, 440, 560, 680, 800, 900, 1000, 1100, 1200];
const RUNS = 3;

/** Sets the exit code to 1 if the server ever holds more than the limit. Each run has a service of its own. */
export async function run(): Promise<void> {
  const small = await smallFiles();
  const smallBytes = small.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  console.log(
    `one file of ${mebibytes(LARGE_BYTES)} and ${SMALL_FILES} of 10…500 KB (${mebibytes(smallBytes)}: photographs and text), ` +
      'each a deposit of its own, sent at the same time; resident memory of the server process',
  );
  const runs: Stages[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await measure(small));
  printTable(
    ['', 'after start', 'peak while arriving', 'peak until certified', 'with helper processes', 'after'],
    runs.map((stages, i) => [
      `run ${i + 1}`,
      mebibytes(stages.started.now),
      mebibytes(stages.arrived.peak),
      mebibytes(stages.certified.peak),
      mebibytes(stages.certified.peakWithHelpers),
      mebibytes(stages.certified.now),
    ]),
  );
  const worst = Math.max(...runs.map(({ certified }) => certified.peak));
  const kept = worst < LIMIT_BYTES;
  console.log(`  worst peak ${mebibytes(worst)} of ${mebibytes(LIMIT_BYTES)}: ${kept ? 'kept' : 'MISSED'}`);
  if (!kept) process.exitCode = 1;
}

interface Stages {
  started: Residence;
  arrived: Residence;
  certified: Residence;
}

async function measure(small: Content[]): Promise<Stages> {
  const service = await startEvaluationService();
  const agent = openAgent(SMALL_FILES + 1);
  const memory = new ResidentMemory(service.pid);
  try {
    const started = await memory.read();
    const contents = [incompressible(LARGE_BYTES), ...small];
    const answers = await Promise.all(
      contents.map((content, i) =>
        deposit(`${service.url}/api/v1/deposits`, { agent, apiKey: service.apiKey }, [{ name: `file-${i}`, content }]),
      ),
    );
    const arrived = await memory.read();
    for (const { depositId } of answers) await untilCertified(service, depositId as string);
    return { started, arrived, certified: await memory.read() };
  } finally {
    await memory.stop();
    agent.destroy();
    await service.stop();
  }
}

/** A third is text; the photographs are of ten sizes. */
async function smallFiles(): Promise<Content[]> {
  const photographs = await Promise.all(PHOTOGRAPH_EDGES_PX.map(photograph));
  return Array.from({ length: SMALL_FILES }, (_, i) =>
    i % 3 === 2 ? text(10_000 * (i + 1)) : (photographs[i % photographs.length] as Content),
  );
}
