// Redraws the pictures of the README's tour from real screens: walks a persona's whole path on a real service, keeps the pictures it
// takes on the way, and makes them small. Usage: node scripts/picture-tour.ts [FOLDER], the folder with pictures that a walk took
// before, by PAGE_PICTURES.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs/images');
const mocha = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));

/** As a screen shows a page, from its top. */
const SCREEN = { width: 1280, height: 860 };
const WIDTH = 1000;
const MOST_BYTES = 150_000;

interface Stop {
  /** File name without ending. */
  name: string;
  /** The persona, and the picture of hers. */
  persona: string;
  picture: string;
  locale: 'zh-CN' | 'en-US';
  /** Pixels from the top of the page. */
  from?: number;
}

const STOPS: readonly Stop[] = [
  { name: 'tour-1-home', persona: 'holder', picture: 'home', locale: 'en-US' },
  { name: 'tour-2-check', persona: 'holder', picture: 'check', locale: 'en-US' },
  { name: 'tour-3-certificate', persona: 'newcomer', picture: 'certificate', locale: 'en-US' },
  { name: 'tour-4-compare', persona: 'holder', picture: 'compare', locale: 'en-US', from: 240 },
  { name: 'tour-5-notary', persona: 'notary', picture: 'bulk-done', locale: 'zh-CN', from: 750 },
  { name: 'tour-6-reader', persona: 'judge', picture: 'sheet', locale: 'zh-CN', from: 800 },
];

const [given] = process.argv.slice(2);
const pictures = given ?? (await mkdtemp(join(tmpdir(), 'tiezheng-tour-')));
try {
  if (given === undefined) await walk(pictures);
  await mkdir(images, { recursive: true });
  const taken = await readdir(pictures);
  for (const stop of STOPS) await draw(stop, pictures, taken);
} finally {
  if (given === undefined) await rm(pictures, { recursive: true });
}

async function walk(folder: string): Promise<void> {
  console.log('walking the personas’ paths: some minutes …');
  const child = spawn(process.execPath, [mocha, 'test/personas/*.test.ts'], {
    cwd: root,
    env: { ...process.env, PAGE_PICTURES: folder },
    stdio: 'inherit',
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the paths ended with ${code}: no picture was changed`);
}

async function draw(stop: Stop, folder: string, taken: readonly string[]): Promise<void> {
  const { name, persona, picture, locale, from = 0 } = stop;
  const wanted = new RegExp(`^${persona}-\\d+-${picture}-${locale}-desktop\\.png$`);
  const found = taken.filter((file) => wanted.test(file)).sort();
  const file = found.at(-1);
  if (file === undefined) throw new Error(`no picture ${wanted} was taken`);
  const whole = sharp(join(folder, file));
  const { height } = await whole.metadata();
  const part = { left: 0, top: from, width: SCREEN.width, height: Math.min(SCREEN.height, height - from) };
  const path = join(images, `${name}.png`);
  await whole.extract(part).resize({ width: WIDTH }).png({ palette: true, colours: 128, effort: 10 }).toFile(path);
  const { size } = await stat(path);
  if (size > MOST_BYTES) throw new Error(`${path} has ${size} bytes, more than ${MOST_BYTES}`);
  console.log(`${name}.png: ${file}, ${Math.round(size / 1024)} KiB`);
}
