import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../storage/durable-file.ts';

/** Replaces a small file so that a reader, and a start after a crash, sees the old text or the new one, never half of it. */
export async function writeFileDurably(path: string, text: string, mode: number): Promise<void> {
  const partial = `${path}.partial`;
  const handle = await open(partial, 'w', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, path);
  await syncFolder(dirname(path));
}
