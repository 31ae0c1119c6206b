#!/usr/bin/env node
// Starts the command line under Node 24 or newer, whichever Node was asked to run this file.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const OLDEST_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) {
  // A clone runs its sources unbuilt; Node does not strip types below node_modules, so the packed tarball carries dist/.
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const source = new URL('../src/cli/main.ts', import.meta.url);
  await import((existsSync(source) ? source : built).href);
} else {
  const node = newerNode();
  if (node === undefined) {
    console.error(
      `tiezheng: node-too-old: this is Node ${process.versions.node}, ${OLDEST_MAJOR} or newer is needed. ` +
        'In a clone, "npm run setup" brings it.',
    );
    process.exit(3);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

/** Path of the Node that the npm package "node" brought, or undefined. */
function newerNode() {
  try {
    const path = createRequire(import.meta.url).resolve('node/bin/node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
