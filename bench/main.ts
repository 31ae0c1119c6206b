// `npm run bench` runs all, `npm run bench -- deposits memory` those named. Every figure is a median of several runs, every
// rival is measured in the same run as what it is compared with, and a missed limit sets the exit code to 1.
import { availableParallelism, cpus, loadavg } from 'node:os';

interface Bench {
  run(): Promise<void>;
}

/** Each module is loaded when its turn comes: a bench must not weigh on the next one. */
const BENCHES: Record<string, () => Promise<Bench>> = {
  gas: () => import('./gas.ts'),
  ingest: () => import('./ingest.ts'),
  deposits: () => import('./deposits.ts'),
  verify: () => import('./verify.ts'),
  memory: () => import('./memory.ts'),
  existence: () => import('./existence.ts'),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`bench: no bench ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(3);
}
for (const [name, load] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const load1 = (loadavg()[0] ?? 0).toFixed(1);
  console.log(
    `\n${name}: ${availableParallelism()} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, load ${load1}`,
  );
  await (await load()).run();
}
