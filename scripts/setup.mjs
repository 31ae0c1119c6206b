// Installs and builds what `npm start` and `npm test` need, and says so. Runs under the machine's own Node (20 or newer)
// before anything is installed, hence plain JavaScript without dependencies. What is done already is not done again, so after
// an interruption or a failure it is simply run once more.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
/** Under an older one npm leaves out packages whose native part asks for it. */
const WANTED_NODE = 24;
const STILL_AT_IT_MS = 15_000;
const OUTPUT_KEPT = 20_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const node24 = join(modules, 'node/bin/node');
const lock = join(root, 'build/.setup-running');
const nodeMajor = Number(process.versions.node.split('.')[0]);
let child;
let interruptedBy;

/** In this order. `stamp` holds the digest of the inputs that the work was last done for. */
const STEPS = [
  {
    name: 'packages',
    inputs: ['package.json', 'package-lock.json', '.npmrc'],
    stamp: 'node_modules/.setup-packages',
    async work() {
      say('installing packages: some 400 MB the first time, one to three minutes …');
      // `install`, not `ci`: after a pull only the difference is fetched.
      await install(process.execPath);
      if (nodeMajor < WANTED_NODE) {
        say(
          `installing what this Node ${process.versions.node} left out and Node ${WANTED_NODE}, now here, may have …`,
        );
        await install(node24);
      }
    },
  },
  {
    name: 'contract',
    inputs: ['contracts', 'hardhat.config.ts', 'scripts/build-contract.ts', 'package-lock.json'],
    stamp: 'build/.setup-contract',
    async work() {
      say('compiling the contract …');
      await run(node24, ['scripts/build-contract.ts']);
    },
  },
  {
    name: 'pages',
    inputs: [
      ...['src/web', 'src/format', 'src/merkle', 'src/verify', 'src/errors.ts'],
      ...['scripts/build-pages.ts', 'package-lock.json'],
    ],
    stamp: 'build/.setup-pages',
    async work() {
      say('building the pages and verify.html …');
      await run(node24, ['scripts/build-pages.ts']);
    },
  },
  {
    name: 'service',
    // Only after an installation: sources that change later are added as they are run.
    inputs: ['package-lock.json'],
    stamp: 'node_modules/.setup-service',
    async work() {
      say('reading the service once, so that it starts faster …');
      const load = 'await import("./src/cli/serve.ts");';
      await run(node24, ['--input-type=module', '-e', load], { NODE_COMPILE_CACHE: join(modules, '.cache/tiezheng') });
    },
  },
];

// The child hears of Ctrl-C by itself; of a signal sent to this process alone it does not.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interruptedBy = signal;
    child?.kill(signal);
  });
}
process.on('exit', () => unlock());

if (nodeMajor < OLDEST_NODE) fail(`this is Node ${process.versions.node}; ${OLDEST_NODE} or newer is needed`);
// Where nothing is due nothing is written, so that others than the owner of this folder may start what he set up.
if (STEPS.some(isDue)) {
  await takeTurn();
  // Each is looked at when its turn comes: an earlier one changes inputs of later ones, npm the lock file for one.
  for (const step of STEPS) if (isDue(step)) await perform(step);
}

function isDue({ inputs, stamp }) {
  return contentOf(join(root, stamp)) !== digestOf(inputs);
}

async function perform(step) {
  const started = Date.now();
  await step.work();
  const path = join(root, step.stamp);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, digestOf(step.inputs));
  say(`${step.name} ready (${seconds(started)})`);
}

function digestOf(inputs) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const entry of readdirSync(full).sort()) add(join(path, entry));
    else hash.update(`${path}\0`).update(readFileSync(full));
  };
  inputs.forEach(add);
  return hash.digest('hex');
}

function install(node) {
  const npm = process.env.npm_execpath;
  if (npm === undefined || !/^npm-cli\.[cm]?js$/.test(basename(npm))) fail('start this by npm: "npm run setup"');
  return run(node, [npm, 'install', '--no-progress', '--loglevel=error']);
}

async function run(command, args, env = {}) {
  const started = Date.now();
  const path = [join(modules, '.bin'), process.env.PATH].join(delimiter);
  child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, PATH: path, ...env },
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    process.stderr.write(chunk);
    output = (output + chunk).slice(-OUTPUT_KEPT);
  });
  const ticker = setInterval(() => say(`… still at it (${seconds(started)})`), STILL_AT_IT_MS);
  const end = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`));
  });
  clearInterval(ticker);
  if (interruptedBy !== undefined) {
    console.error(`setup: interrupted; "npm run setup" goes on where this stopped`);
    process.exit(interruptedBy === 'SIGINT' ? 130 : 143);
  }
  if (end !== undefined) fail(`${[basename(command), ...args].join(' ')}: ${end}${hint(output)}`);
}

/** What a person can do about the failures that are likely on a machine that is all right otherwise. */
function hint(output) {
  if (
    /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|FETCH_ERROR|ERR_SOCKET_TIMEOUT)\b/.test(
      output,
    )
  ) {
    return '\nsetup: npm did not reach its registry. Packages are fetched once, and nothing after that needs a network. Behind a proxy: npm config set proxy and https-proxy. Then run this again.';
  }
  if (/\bENOSPC\b/.test(output)) return "\nsetup: the disk is full; about 1.5 GB are needed here and in npm's cache.";
  if (/\b(?:EACCES|EPERM)\b/.test(output)) {
    return `\nsetup: something below ${root} or in npm's cache belongs to another user. Run as the owner of this folder.`;
  }
  return '';
}

/** Two at once would write into the same folders: the later one waits. */
async function takeTurn() {
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; ; await sleep(500)) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`cannot write into ${dirname(lock)}: ${error.message}`);
    }
    const holder = Number(contentOf(lock));
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true });
    else if (!told) say(`waiting for another setup (process ${holder}). If there is none, remove ${lock}`);
    told = true;
    if (interruptedBy !== undefined) process.exit(interruptedBy === 'SIGINT' ? 130 : 143);
  }
}

function unlock() {
  if (contentOf(lock) === String(process.pid)) rmSync(lock, { force: true });
}

/** Empty also if it is not there. */
function contentOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function seconds(started) {
  return `${Math.round((Date.now() - started) / 1000)} s`;
}

function say(text) {
  console.log(`setup: ${text}`);
}

function fail(text) {
  console.error(`setup: setup-failed: ${text}`);
  process.exit(1);
}
