import { parseArgs } from 'node:util';
import { runPauseTrial } from '../test/resilience/two-servers.ts';

/**
 * `node scripts/pause-trial.ts [--times 5] [--seconds 60] [--clients 4] [--seed N]`
 *
 * The full form of test/resilience/two-servers.test.ts: the leading server stands still for a minute, several times.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed} (repeat with --seed ${seed})`);
const startedMs = performance.now();
const outcome = await runPauseTrial({
  pausesMs: Array.from({ length: Number(values.times) }, () => 1000 * Number(values.seconds)),
  seed,
  clients: Number(values.clients),
  say: (text) => console.log(`  ${text}`),
});
console.log(`every promise kept, ${Math.round((performance.now() - startedMs) / 1000)} s ${JSON.stringify(outcome)}`);
