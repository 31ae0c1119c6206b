// Runs the suites of test/, a few at a time: most of them wait for blocks, clocks and databases. A folder is one mocha process with a
// PostgreSQL of its own; the folders that take longest are several, so that none of them is left for the end. Arguments name folders
// or files; without any, all run. Ends with what failed, said once more, and one line of totals; exit code 1 if a test failed or a
// process died.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';

/** One for each processor: one more is no faster, since browsers and databases compute beside them, and makes clocks in tests late. */
const LANES = Math.min(availableParallelism(), 4);
/** Many times what any suite takes, so that a slow machine meets no limit; a process that lives longer waits for something that does not come. */
const LONGEST_SUITE_MS = 30 * 60_000;
/** Those that take longest begin first, each in so many parts. */
const LONGEST_FIRST = {
  'test/personas': 2,
  'test/web': 5,
  'test/resilience': 3,
  'test/anchor': 3,
  'test/log': 2,
  'test/access': 2,
  'test/contracts': 1,
};
/** Modules are compiled once for all processes of a run, and those that they start. */
const COMPILED = fileURLToPath(new URL('../node_modules/.cache/tiezheng', import.meta.url));
/** These read the built pages: one build serves all of a run. */
const READS_PAGES = /^test\/(?:web|personas)\b/;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const mocha = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const broken = [];
/** What the suites said of their failures: in thousands of lines, and where only the end of them is kept, nobody finds it. */
const failures = [];
const waiting =
  process.argv.length > 2 ? process.argv.slice(2).map((path) => suite(path, testsIn(path))) : everything();
const startedAt = Date.now();
// If it fails, suites that need the pages build them by themselves, and say why they cannot.
const pages = waiting.some(({ name }) => READS_PAGES.test(name)) ? buildPages().catch(() => undefined) : undefined;
await Promise.all(Array.from({ length: LANES }, lane));
const folder = await pages;
if (folder !== undefined) rmSync(folder, { recursive: true, force: true });

for (const { name, text } of failures) console.log(`\n── ${name}, what failed\n${text}`);
for (const name of broken) console.log(`${name}: its process did not end as a test run does`);
console.log(`\n${seconds(startedAt)}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 || broken.length > 0 ? 1 : 0;

function suite(name, files) {
  return { name, files };
}

function everything() {
  const found = readdirSync('test')
    .map((name) => join('test', name))
    .filter((path) => (statSync(path).isDirectory() ? testsIn(path).length > 0 : path.endsWith('.test.ts')));
  const longest = Object.keys(LONGEST_FIRST).filter((path) => found.includes(path));
  const others = found
    .filter((path) => !longest.includes(path))
    .map((path) => suite(path, testsIn(path)))
    .sort((a, b) => bytesOf(b.files) - bytesOf(a.files));
  return [
    // The first part of each, then the second of each: what computes beside what waits.
    ...inTurn(longest.map((path) => partsOf(path, LONGEST_FIRST[path]))),
    ...others,
  ];
}

/** As much of how long they take as can be told without running them. */
function bytesOf(files) {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

function inTurn(lists) {
  const most = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: most }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}

/** The folder's files in `count` parts of about the same size, the larger files first. */
function partsOf(path, count) {
  const parts = Array.from({ length: count }, () => ({ files: [], bytes: 0 }));
  const files = testsIn(path).map((file) => ({ file, bytes: bytesOf([file]) }));
  for (const { file, bytes } of files.sort((a, b) => b.bytes - a.bytes)) {
    const smallest = parts.reduce((least, part) => (part.bytes < least.bytes ? part : least));
    smallest.files.push(file);
    smallest.bytes += bytes;
  }
  const filled = parts.filter(({ files }) => files.length > 0);
  return filled.map(({ files }, i) =>
    suite(filled.length === 1 ? path : `${path} ${i + 1}/${filled.length}`, files.sort()),
  );
}

/** @returns the folder with the pages as the sources are now */
async function buildPages() {
  const folder = mkdtempSync(join(tmpdir(), 'tiezheng-test-pages-'));
  await promisify(execFile)(process.execPath, ['scripts/build-pages.ts', folder]);
  return folder;
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
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await runSuite(next);
}

/** What a suite prints appears when it has ended, so that two of them do not mix. */
async function runSuite({ name, files }) {
  const built = READS_PAGES.test(name) ? await pages : undefined;
  const env = {
    NODE_COMPILE_CACHE: COMPILED,
    ...process.env,
    ...(built !== undefined && { TIEZHENG_TEST_PAGES: built }),
  };
  console.log(`▶ ${name}`);
  const beganAt = Date.now();
  const child = spawn(process.execPath, [mocha, ...files], {
    env,
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
  const failing = /^ {2}\d+ failing$.*(?=^\d+ passed)/ms.exec(stripVTControlCharacters(text));
  if (failing !== null) failures.push({ name, text: failing[0].trimEnd() });
  // Mocha ends with the number of failures.
  if (counted === null || (code !== 0) !== Number(counted[2]) > 0) broken.push(name);
}
