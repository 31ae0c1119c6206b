#!/usr/bin/env node
// Starts the command line under Node 24 or newer, whichever Node was asked to run this file.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const OLDEST_MAJOR = 24;
const YOUNG_GENERATION = '--max-semi-space-size';

if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) {
  if (process.argv[2] === 'serve') boundMemory();
  // A clone runs its sources unbuilt; Node does not strip types below node_modules, so the packed tarball carries dist/.
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const isClone = existsSync(source);
  // Types are stripped once and not at each start, which takes a second and 30 MB. Keyed by content; in the clone's own folder,
  // since what lies there is run.
  if (isClone) module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/tiezheng', import.meta.url)));
  await import((isClone ? source : built).href);
} else {
  const node = newerNode();
  if (node === undefined) {
    console.error(
      `tiezheng: node-too-old: this is Node ${process.versions.node}, ${OLDEST_MAJOR} or newer is needed. ` +
        'In a clone, "npm run setup" brings it; beside an installed package, "npm install node@24" does.',
    );
    process.exit(3);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

/**
 * Starts this process over, in place, with limits that can only be given at the start. Without them the heap for new objects
 * (here 3 × 4 MiB) grows to 130 MB under many uploads, garbage with buffers of 64 MB is left lying, every thread keeps freed
 * memory in an arena of its own, and large buffers are not given back: 200 MB more for the same work. Whoever gives the first
 * size himself, or malloc's settings, has it his way.
 */
function boundMemory() {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) => text.includes(YOUNG_GENERATION));
  if (process.platform === 'win32' || given) return;
  const limits = [`${YOUNG_GENERATION}=4`, '--heap-growing-percent=30'];
  const malloc = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };
  const args = [process.execPath, ...process.execArgv, ...limits, ...process.argv.slice(1)];
  process.execve(process.execPath, args, { ...malloc, ...process.env });
}

/** Path of the Node that the npm package "node" brought, or undefined. */
function newerNode() {
  try {
    const path = module.createRequire(import.meta.url).resolve('node/bin/node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
