// Compiles src/ into dist/ for the packed tarball, since Node does not strip types below node_modules. The pages are not part
// of it: build/web holds them built.
// Usage: node scripts/build-dist.mjs [FOLDER]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(process.argv[2] ?? join(root, 'dist'));
// Built beside and renamed, so that an interrupted build leaves the old one or none.
const unfinished = `${target}.new`;

rmSync(unfinished, { recursive: true, force: true });
mkdirSync(unfinished);
const project = join(unfinished, 'tsconfig.json');
writeFileSync(
  project,
  JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      rootDir: join(root, 'src'),
      outDir: unfinished,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [join(root, 'src')],
    exclude: [join(root, 'src/web')],
  }),
);
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [compiler, '-p', project], { stdio: 'inherit' });
if (compiled.error) fail(compiled.error.message);
if (compiled.status !== 0) fail(`tsc ended with ${compiled.status ?? compiled.signal}`);
rmSync(project);
cpSync(join(root, 'src/db/migrations'), join(unfinished, 'db/migrations'), { recursive: true });
rmSync(target, { recursive: true, force: true });
renameSync(unfinished, target);
console.log(`build-dist: ${target} is built`);

function fail(text) {
  console.error(`build-dist: build-failed: ${text}`);
  process.exit(1);
}
