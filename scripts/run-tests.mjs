// Runs the suites of test/, two folders at a time: most of them wait for blocks, clocks and databases, and two of them fill two
// processors without disturbing each other's timing. A folder is one mocha process with a PostgreSQL of its own. Arguments name
// folders or files; without any, all run. Ends with one line of totals; exit code 1 if a test failed or a process died.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LANES = 2;
/** No suite takes a third of it; a process that lives longer waits for something that does not come. */
const LONGEST_SUITE_MS = 10 * 60_000;
/** Those that take longest begin first, so that none of them is left for the end. */
const LONGEST_FIRST = ['test/resilience', 'test/log', 'test/anchor', 'test/web', 'test/contracts'];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const mocha = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const broken = [];
const waiting = process.argv.length > 2 ? process.argv.slice(2) : everything();
const startedAt = Date.now();
await Promise.all(Array.from({ length: LANES }, lane));

for (const name of broken) console.log(`${name}: its process did not end as a test run does`);
console.log(`\n${seconds(startedAt)}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 || broken.length > 0 ? 1 : 0;

function everything() {
  const found = readdirSync('test')
    .map((name) => join('test', name))
    .filter((path) => (statSync(path).isDirectory() ? testsIn(path).length > 0 : path.endsWith('.test.ts')));
  const rank = (path) => (LONGEST_FIRST.indexOf(path) + LONGEST_FIRST.length + 1) % (LONGEST_FIRST.length + 1);
  return found.sort((a, b) => rank(a) - rank(b));
}

function testsIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(path, name))
    .sort();
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

async function lane() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await runSuite(name);
}

/** What a suite prints appears when it has ended, so that two of them do not mix. */
async function runSuite(name) {
  console.log(`▶ ${name}`);
  const beganAt = Date.now();
  const child = spawn(process.execPath, [mocha, ...testsIn(name)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_SUITE_MS,
    killSignal: 'SIGKILL',
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const [code] = await once(child, 'close');
  const text = Buffer.concat(said).toString();
  process.stdout.write(`\n── ${name}, ${seconds(beganAt)}\n${text}`);
  const counted = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(text);
  if (counted !== null) {
    totals.passed += Number(counted[1]);
    totals.failed += Number(counted[2]);
    totals.skipped += Number(counted[3]);
  }
  // Mocha ends with the number of failures.
  if (counted === null || (code !== 0) !== Number(counted[2]) > 0) broken.push(name);
}
