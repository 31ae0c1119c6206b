// Installs and builds what `npm start` and `npm test` need, and says so. Runs under the machine's own Node (20 or newer)
// before anything is installed, hence plain JavaScript without dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const npm = process.env.npm_execpath;
const node24 = join(root, 'node_modules/node/bin/node');

step('packages', ['package.json', 'package-lock.json', '.npmrc'], 'node_modules/.setup-packages', () => {
  say('installing packages (about a minute) …');
  // `install`, not `ci`: after a pull only the difference is fetched.
  run(process.execPath, [npmScript(), 'install', '--no-progress', '--loglevel=error']);
  // npm under an older Node leaves out packages whose native part asks for Node 24; under Node 24 it adds them.
  say('installing what only Node 24 may have …');
  run(node24, [npmScript(), 'install', '--no-progress', '--loglevel=error']);
});

step(
  'contract',
  ['contracts', 'hardhat.config.ts', 'scripts/build-contract.ts', 'package-lock.json'],
  'build/.setup-contract',
  () => {
    say('compiling the contract …');
    run(node24, ['scripts/build-contract.ts']);
  },
);

step(
  'pages',
  ['src/web', 'src/format', 'src/merkle', 'src/verify', 'src/errors.ts', 'package-lock.json'],
  'build/.setup-pages',
  () => {
    say('building the pages and verify.html …');
    run(node24, ['scripts/build-pages.ts']);
  },
);

/** Runs `work` unless `stamp` says that it was done for these very inputs. */
function step(name, inputs, stamp, work) {
  const path = join(root, stamp);
  const digest = digestOf(inputs);
  if (existsSync(path) && readFileSync(path, 'utf8') === digest) return;
  const started = Date.now();
  work();
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, digestOf(inputs));
  say(`${name} ready (${Math.round((Date.now() - started) / 1000)} s)`);
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

function npmScript() {
  if (npm === undefined) fail('run this as "npm run setup"');
  return npm;
}

function run(command, args) {
  const path = `${join(root, 'node_modules/.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path } });
  if (done.error) fail(`${command}: ${done.error.message}`);
  if (done.status !== 0) fail(`"${[command, ...args].join(' ')}" ended with ${done.status ?? done.signal}`);
}

function say(text) {
  console.log(`setup: ${text}`);
}

function fail(text) {
  console.error(`setup: setup-failed: ${text}`);
  process.exit(1);
}
