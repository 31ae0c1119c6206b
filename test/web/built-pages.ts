import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scratchFolder } from './browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the pages from the sources as they are now, so that no test passes on an older build. @returns their folder */
export async function buildPages(name: string): Promise<string> {
  const folder = join(await scratchFolder(), name);
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build-pages.ts'), folder], { cwd: root });
  return folder;
}

let built: Promise<string> | undefined;

/** The same build for every test of a run: `scripts/run-tests.mjs` makes one for all of its processes. */
export function builtPages(): Promise<string> {
  const { TIEZHENG_TEST_PAGES: made } = process.env;
  built ??= made === undefined ? buildPages('pages') : Promise.resolve(made);
  return built;
}
