// Runs the commands of docs/verify-by-hand.md and writes what they print below them: for after the vectors have changed.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { consoleBlocks, runCommands } from '../test/support/page-commands.ts';
import { VECTORS } from '../test/support/vectors.ts';

const PAGE = fileURLToPath(new URL('../docs/verify-by-hand.md', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'tiezheng-by-hand-'));
try {
  await copyFile(`${VECTORS}packages/good/package.zip`, join(folder, 'package.zip'));
  await copyFile(`${VECTORS}policies/office.json`, join(folder, 'office.json'));
  const page = await readFile(PAGE, 'utf8');
  const lines = page.split('\n');
  const blocks = consoleBlocks(page);
  const outputs = await runCommands(
    blocks.flatMap(({ commands }) => commands.map(({ command }) => command)),
    folder,
  );
  const filled = blocks.map((block) =>
    block.commands.map(({ command }) => `$ ${command}\n${outputs.shift() ?? ''}`).join(''),
  );
  for (const [i, { line, length }] of [...blocks.entries()].reverse()) {
    lines.splice(line, length, ...(filled[i] as string).replace(/\n$/, '').split('\n'));
  }
  await writeFile(PAGE, lines.join('\n'));
} finally {
  await rm(folder, { recursive: true, force: true });
}
