import { execFile } from 'node:child_process';

/** A block of a page between ```console and ```: commands, and what each printed. */
export interface Block {
  /** Line of the page that the first command is on, from 0. */
  line: number;
  /** Lines that the block has between its fences. */
  length: number;
  commands: { command: string; output: string }[];
}

/** The blocks of a page. A command stands on one line behind `$ `. */
export function consoleBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const [i, line] of page.split('\n').entries()) {
    if (line === '```console') {
      open = { line: i + 1, length: 0, commands: [] };
      blocks.push(open);
    } else if (line === '```') open = undefined;
    else if (open !== undefined) {
      open.length++;
      const last = open.commands.at(-1);
      if (line.startsWith('$ ')) open.commands.push({ command: line.slice(2), output: '' });
      else if (last !== undefined) last.output += `${line}\n`;
    }
  }
  return blocks;
}

/** Runs all commands in one shell, in order, and tells what each printed to its standard output. */
export async function runCommands(commands: readonly string[], folder: string): Promise<string[]> {
  const mark = '\u0001';
  const script = commands.map((command) => `${command}\nprintf '${mark}'\n`).join('');
  const outputs = await new Promise<string>((resolve, reject) => {
    const options = { cwd: folder, env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' }, maxBuffer: 2 ** 24 };
    const child = execFile('bash', ['-s'], options, (error, stdout) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve(stdout);
    });
    child.stdin?.end(script);
  });
  return outputs.split(mark).slice(0, -1);
}
