import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type BaggedFile, bagAlgorithms } from '../verify/inspect/bag.ts';
import { CliError } from './cli-error.ts';
import { ProgressLine } from './progress.ts';

const MAX_FILES = 20_000;
/** Larger files are only hashed: no manifest is as long. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/**
 * A bag that lies unpacked in a folder, with the digests that its manifests state. Links are not followed: they could lead anywhere.
 * @throws CliError `file-unreadable`
 */
export async function readBagFolder(folder: string, quiet: boolean): Promise<BaggedFile[]> {
  const paths = await listFiles(folder);
  const algorithms = bagAlgorithms(paths);
  const progress = new ProgressLine(`hashing ${folder}`, undefined, quiet);
  const files: BaggedFile[] = [];
  for (const path of paths) {
    const full = join(folder, ...path.split('/'));
    const hashes = algorithms.map((name) => [name, createHash(name)] as const);
    let sizeBytes = 0;
    try {
      for await (const chunk of createReadStream(full, { highWaterMark: 1 << 20 })) {
        const bytes = chunk as Buffer;
        for (const [, hash] of hashes) hash.update(bytes);
        sizeBytes += bytes.length;
        progress.add(bytes.length);
      }
      files.push({
        path,
        sizeBytes,
        digests: Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')])),
        bytes: isTagFile(path) && sizeBytes <= MAX_KEPT_BYTES ? new Uint8Array(await readFile(full)) : undefined,
      });
    } catch (cause) {
      throw new CliError('file-unreadable', `${full}: ${(cause as Error).message}`, { cause });
    }
  }
  progress.end();
  return files;
}

/** Manifests and their like lie at the top of the bag, or one folder below if the bag has a folder of its own. */
function isTagFile(path: string): boolean {
  return path.split('/').length <= 2 && path.endsWith('.txt');
}

/** Paths with `/`, sorted. */
async function listFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile()) throw new Error(`${path} is a link or no file`);
      if (paths.length === MAX_FILES) throw new Error(`more than ${MAX_FILES} files`);
      paths.push(path.slice(join(folder, sep).length).split(sep).join('/'));
    }
  } catch (cause) {
    throw new CliError('file-unreadable', `${folder}: ${(cause as Error).message}`, { cause });
  }
  return paths.sort();
}
