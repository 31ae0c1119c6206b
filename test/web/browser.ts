import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const require = createRequire(import.meta.url);

/**
 * Chromium from `CHROMIUM_PATH`, else the one that npm brought. It sees the Chinese font of the npm package besides the
 * machine's own: without any font a page crashes, and verify.html relies on the reader's.
 */
export async function launchChromium(): Promise<Browser> {
  const folder = await scratchFolder();
  const executablePath = process.env.CHROMIUM_PATH ?? (await unpackedChromium());
  return chromium.launch({
    executablePath,
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: {
      ...process.env,
      // Without a UTF-8 locale Chromium does not find a file with a Chinese name.
      LC_ALL: 'C.UTF-8',
      TMPDIR: folder,
      FONTCONFIG_FILE: await fontConfig(folder),
    } as Record<string, string>,
  });
}

/** Unpacked once for each version, and moved into place whole, because two test runs may do this at once. */
async function unpackedChromium(): Promise<string> {
  const about = await readFile(new URL('../package.json', import.meta.resolve('@sparticuz/chromium')), 'utf8');
  const { version } = JSON.parse(about) as { version: string };
  const ready = join(tmpdir(), `tiezheng-chromium-${version}-${process.getuid?.() ?? 'user'}`);
  if (existsSync(join(ready, 'chromium'))) return join(ready, 'chromium');
  const partial = await mkdtemp(join(tmpdir(), 'tiezheng-chromium-partial-'));
  // The package unpacks into the temporary folder that it finds when it is asked.
  const before = process.env.TMPDIR;
  process.env.TMPDIR = partial;
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    await packed.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  try {
    await rename(partial, ready);
  } catch (error) {
    if (!existsSync(join(ready, 'chromium'))) throw error;
    await rm(partial, { recursive: true });
  }
  return join(ready, 'chromium');
}

async function fontConfig(folder: string): Promise<string> {
  const fonts = dirname(require.resolve('@expo-google-fonts/noto-sans-sc/package.json'));
  const path = join(folder, 'fonts.conf');
  await mkdir(join(folder, 'font-cache'), { recursive: true });
  await writeFile(
    path,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>/usr/share/fonts</dir><dir>${fonts}/400Regular</dir><dir>${fonts}/600SemiBold</dir>
<cachedir>${folder}/font-cache</cachedir></fontconfig>`,
  );
  return path;
}

let scratch: Promise<string> | undefined;

/** One temporary folder for the whole run, gone after it. */
export function scratchFolder(): Promise<string> {
  scratch ??= mkdtemp(join(tmpdir(), 'tiezheng-web-')).then((folder) => {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  });
  return scratch;
}

/** Writes files of these names into a folder of their own. @returns their paths */
export async function scratchFiles(files: Record<string, Uint8Array | string>): Promise<string[]> {
  const folder = await mkdtemp(join(await scratchFolder(), 'files-'));
  return Promise.all(
    Object.entries(files).map(async ([name, bytes]) => {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    }),
  );
}

/** The source of axe-core, to be run inside a page. */
export function axeSource(): Promise<string> {
  return readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
}
