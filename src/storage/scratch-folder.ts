import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const OTHER_HOST_AGE_MS = 7 * 24 * 3600 * 1000;
const FOLDER = /^(?<host>[A-Za-z0-9-]+)_(?<pid>[0-9]+)_[0-9a-f]{16}$/;
const own = new Set<string>();

/**
 * A folder below `parent` for half-written files of this process alone, and the end of those that dead processes left. What
 * belongs to another host sharing the disk cannot be asked whether it lives, so it goes after a week without change.
 */
export async function openScratchFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  const host = hostname().replace(/[^A-Za-z0-9-]/g, '-') || 'host';
  for (const name of await readdir(parent)) {
    if (!own.has(join(parent, name)) && (await isAbandoned(join(parent, name), name, host))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
  const path = join(parent, `${host}_${process.pid}_${randomBytes(8).toString('hex')}`);
  own.add(path);
  await mkdir(path);
  return path;
}

async function isAbandoned(path: string, name: string, host: string): Promise<boolean> {
  const owner = FOLDER.exec(name)?.groups;
  if (owner === undefined) return false;
  if (owner.host !== host) {
    const seen = await stat(path).catch(() => undefined);
    return seen !== undefined && Date.now() - seen.mtimeMs > OTHER_HOST_AGE_MS;
  }
  const pid = Number(owner.pid);
  // Not among our own, so an earlier process had our number.
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
