import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './cli-error.ts';

/** The whole file or, after a failure or a crash, what was there before. @throws CliError `file-unwritable` */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    const handle = await open(partial, 'w', 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
    const folder = await open(dirname(path));
    // The new name is durable only with its folder.
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    await rm(partial, { force: true });
    throw new CliError('file-unwritable', `${path}: ${(cause as Error).message}`, { cause });
  }
}
