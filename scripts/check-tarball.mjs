// Packs the package, installs the tarball into an empty folder, and runs the main job from there: serve, deposit, verify with
// the service stopped. Takes some minutes and the registry; the fast part is test/packaging. Usage: node scripts/check-tarball.mjs
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const START_MS = 120_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'tiezheng-tarball-'));
const data = join(folder, 'data');
const env = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  TIEZHENG_DATA: data,
  PORT: '0',
};
let service;

try {
  const [packed] = JSON.parse(
    await run('npm', ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder], root),
  );
  say(
    `${packed.filename}: ${packed.entryCount} files, ${mebibytes(packed.size)}, ${mebibytes(packed.unpackedSize)} unpacked`,
  );
  const sources = packed.files.filter(({ path }) => /\.tsx?$|^(?:src|test|bench|scripts)\//.test(path));
  if (sources.length > 0) throw new Error(`the tarball holds ${sources[0].path}`);

  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  await run('npm', ['install', '--omit=dev', '--loglevel=error', join(folder, packed.filename)]);
  say(`installed; tiezheng ${(await tiezheng('--version')).trim()}`);

  service = await serve();
  await writeFile(join(folder, 'note.txt'), 'handed in through the packed tarball\n');
  await tiezheng('deposit', 'note.txt', '--wait', '--out', 'out');
  say('deposited and certified');
  await stop();

  const policy = ['--policy', join(data, 'evaluation-policy.json')];
  await tiezheng('verify', 'out/certificate.json', 'note.txt', ...policy);
  await tiezheng('verify', 'out/certificate.pdf', 'note.txt', ...policy);
  await tiezheng('verify', 'out/package.zip', ...policy);
  say('certificate, PDF and package verify with the service stopped');
} catch (error) {
  console.error(`check-tarball: failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await stop();
  await rm(folder, { recursive: true, force: true });
}

function tiezheng(...args) {
  return run('npx', ['--no-install', 'tiezheng', ...args]);
}

async function run(command, args, cwd = folder) {
  try {
    return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    throw new Error(`${[command, ...args].join(' ')}: ${error.stderr || error.message}\n${error.stdout}`, {
      cause: error,
    });
  }
}

async function serve() {
  const bin = join(folder, 'node_modules/tiezheng/bin/tiezheng.mjs');
  const child = spawn('node', [bin, 'serve', '--evaluation'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const deadline = Date.now() + START_MS; !existsSync(join(data, 'evaluation.json')); await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`);
    if (Date.now() > deadline) {
      child.kill('SIGTERM');
      throw new Error(`serve did not start within ${START_MS} ms`);
    }
  }
  say('serving from the tarball');
  return child;
}

async function stop() {
  const child = service;
  service = undefined;
  if (child === undefined || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await exited;
  if (code !== 0) throw new Error(`serve ended with ${code}`);
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function say(text) {
  console.log(`check-tarball: ${text}`);
}
