import { parseArgs } from 'node:util';
import { runKillTrial, type Victim } from '../test/resilience/kill-trial.ts';

/**
 * `node scripts/kill-trial.ts [--times 30] [--victims service,anvil,postgres] [--clients 4] [--seed N]`
 *
 * The full form of test/resilience/kill-trial.test.ts, one victim after the other, each on a data folder of its own.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '30' },
    victims: { type: 'string', default: 'service,anvil,postgres' },
    clients: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed} (repeat with --seed ${seed})`);
for (const victim of values.victims.split(',') as Victim[]) {
  const startedMs = performance.now();
  const outcome = await runKillTrial({
    victims: [victim],
    times: Number(values.times),
    seed,
    clients: Number(values.clients),
    longestMomentMs: 2500,
    pauseMs: 2000,
    thorough: true,
    say: (text) => console.log(`  ${text}`),
  });
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`${victim}: every promise kept, ${seconds} s ${JSON.stringify(outcome)}`);
}
