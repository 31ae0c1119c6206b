import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type CheckpointRegister, LARGEST_REGISTER_BYTES, type RegisterValue } from './checkpoint-register.ts';
import { linkExclusively, makeFolderDurably, syncFolder, writeSynced } from './durable-file.ts';
import { openScratchFolder } from './scratch-folder.ts';
import { asStorageError, StorageError, systemCode } from './storage-error.ts';

const VERSION = /^[0-9]{16}$/;
/** Old values kept; see `compareAndSwap` for why more than one. All names fit one read of the folder. */
const KEPT_VERSIONS = 64;

/**
 * The register as numbered files `<folder>/0000000000000001` …; the highest number is the value. Correct across processes on
 * one machine. Keep the folder outside of what a database backup restores.
 */
export class FileCheckpointRegister implements CheckpointRegister {
  readonly #folder: string;
  readonly #scratch: string;

  private constructor(folder: string, scratch: string) {
    this.#folder = folder;
    this.#scratch = scratch;
  }

  /** Creates the folder if it is missing. @throws StorageError */
  static async open(folder: string): Promise<FileCheckpointRegister> {
    const root = resolve(folder);
    try {
      await makeFolderDurably(dirname(root), root);
      return new FileCheckpointRegister(root, await openScratchFolder(join(root, 'scratch')));
    } catch (error) {
      throw asStorageError(error, `open the checkpoint register in ${root}`);
    }
  }

  async read(): Promise<RegisterValue | undefined> {
    try {
      for (;;) {
        const newest = (await this.#versions()).at(-1);
        if (newest === undefined) return undefined;
        const bytes = await readIfPresent(join(this.#folder, newest));
        // Pruned after we saw it, so there are many newer ones.
        if (bytes === undefined) continue;
        // Its writer may have crashed between link and fsync; what we answer must not vanish afterwards.
        await syncFolder(this.#folder);
        return { version: newest, bytes: new Uint8Array(bytes) };
      }
    } catch (error) {
      throw asStorageError(error, 'read the checkpoint register');
    }
  }

  async compareAndSwap(expectedVersion: string | undefined, bytes: Uint8Array): Promise<{ version: string }> {
    if (bytes.length > LARGEST_REGISTER_BYTES) {
      throw new StorageError(
        'storage-failed',
        `${bytes.length} bytes for the register, at most ${LARGEST_REGISTER_BYTES}`,
      );
    }
    const scratch = join(this.#scratch, randomBytes(16).toString('hex'));
    try {
      const newest = (await this.#versions()).at(-1);
      if (newest !== expectedVersion) throw conflict(expectedVersion, newest);
      const version = String(Number(newest ?? '0') + 1).padStart(16, '0');
      const path = join(this.#folder, version);

      // Content first, then the name: a version that can be seen is whole. A crash before the link leaves the old value.
      await writeSynced(scratch, bytes);
      if (!(await linkExclusively(scratch, path))) throw conflict(expectedVersion, version);
      await this.#refuseIfOvertaken(version, path);
      // A crash here may lose the name or keep it: the old value or the new one.
      await syncFolder(this.#folder);
      await this.#prune();
      return { version };
    } catch (error) {
      throw asStorageError(error, 'write the checkpoint register');
    } finally {
      await rm(scratch, { force: true });
    }
  }

  /** Ascending. */
  async #versions(): Promise<string[]> {
    return (await readdir(this.#folder)).filter((name) => VERSION.test(name)).sort();
  }

  /**
   * A writer that slept between looking and linking may find its number free because others passed it and pruned it. Pruning
   * leaves the highest KEPT_VERSIONS, so then one at least that far above is there, and one look at the folder cannot miss
   * them all. An honest writer overtaken that far within microseconds cannot tell the difference and says so too.
   */
  async #refuseIfOvertaken(version: string, path: string): Promise<void> {
    const highest = (await this.#versions()).at(-1);
    if (highest === undefined || Number(highest) - Number(version) < KEPT_VERSIONS) return;
    await unlink(path);
    throw new StorageError(
      'storage-failed',
      `version ${version} of the register was overtaken by ${highest} while written`,
    );
  }

  async #prune(): Promise<void> {
    try {
      for (const old of (await this.#versions()).slice(0, -KEPT_VERSIONS)) {
        await rm(join(this.#folder, old), { force: true });
      }
    } catch {
      // The new value stands; the next write prunes.
    }
  }
}

function conflict(expected: string | undefined, found: string | undefined): StorageError {
  return new StorageError(
    'register-conflict',
    `the register is at version ${found ?? 'none'}, not at ${expected ?? 'none'} as expected`,
  );
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
