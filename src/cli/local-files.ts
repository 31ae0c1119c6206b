import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { PresentedFile } from '../verify/deposit.ts';
import type { FileDigest } from '../verify/inspect/held-file.ts';
import { CliError } from './cli-error.ts';
import { ProgressLine } from './progress.ts';

/** Digests of a file on disk, those of `more` beside the usual ones, in one pass. @throws CliError `file-unreadable` */
export async function digestFile(
  path: string,
  quiet: boolean,
  more: readonly FileDigest[] = [],
): Promise<PresentedFile & { digests: Partial<Record<FileDigest, string>> }> {
  const sha256 = createHash('sha256');
  const sm3 = createHash('sm3');
  const others = more.filter((name) => name !== 'sha256').map((name) => [name, startDigest(name)] as const);
  let sizeBytes = 0;
  try {
    const { size } = await stat(path);
    const progress = new ProgressLine(`hashing ${path}`, size, quiet || size < 10 ** 8);
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const bytes = chunk as Buffer;
      sha256.update(bytes);
      sm3.update(bytes);
      for (const [, hash] of others) hash.update(bytes);
      sizeBytes += bytes.length;
      progress.add(bytes.length);
    }
    progress.end();
  } catch (cause) {
    throw new CliError('file-unreadable', `${path}: ${(cause as Error).message}`, { cause });
  }
  const digest = sha256.digest('hex');
  const digests = Object.fromEntries([['sha256', digest], ...others.map(([name, hash]) => [name, hash.digest('hex')])]);
  return { sizeBytes, sha256: digest, sm3: sm3.digest('hex'), digests };
}

function startDigest(name: FileDigest): Hash {
  // RFC 6962 §2.1: a leaf's hash begins with a zero byte.
  return name === 'leaf' ? createHash('sha256').update(Uint8Array.of(0)) : createHash(name);
}

/** A whole file, at most `maxBytes` long. @throws CliError `file-unreadable` */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      if (size > maxBytes) throw new Error(`${size} bytes, at most ${maxBytes} are read`);
      return new Uint8Array(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CliError('file-unreadable', `${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The first bytes of a file, to tell what it is. @throws CliError `file-unreadable` */
export async function readStart(path: string, length: number): Promise<Uint8Array> {
  try {
    const handle = await open(path);
    try {
      const buffer = new Uint8Array(length);
      const { bytesRead } = await handle.read(buffer, 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CliError('file-unreadable', `${path}: ${(cause as Error).message}`, { cause });
  }
}
