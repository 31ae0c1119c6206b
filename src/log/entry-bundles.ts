import { encodeEntryBundle, encodeTilePath, parseEntryBundle, TILE_WIDTH } from '../format/tile.ts';
import { type ObjectStore, readAll } from '../storage/object-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { Bundle } from './growing-tree.ts';
import { LogError } from './log-error.ts';

const FOLDER = 'log/';
/** Bundles written or removed at once. */
const AT_ONCE = 8;

/**
 * The log's leaves outside of the database, so that a database restored from a backup can be filled again: entry bundles of
 * c2sp.org/tlog-tiles as objects `log/tile/entries/…`, each written once. Every checkpoint that was ever let out has its
 * bundles here: the full ones, and a partial one up to its last leaf.
 */
export class EntryBundles {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /**
   * Bundles that each hold a leaf which no checkpoint covers yet. Only for the holder of the register's claim. Resolves once
   * all are durable. @throws StorageError
   */
  async put(bundles: readonly Bundle[]): Promise<void> {
    for (let i = 0; i < bundles.length; i += AT_ONCE) {
      await Promise.all(bundles.slice(i, i + AT_ONCE).map((bundle) => this.#put(bundle)));
    }
  }

  async #put({ index, entries }: Bundle): Promise<void> {
    const name = nameOf(index, entries.length);
    const bytes = encodeEntryBundle(entries);
    try {
      await this.#objects.put(name, bytes);
    } catch (error) {
      if (!(error instanceof StorageError && error.code === 'object-differs')) throw error;
      // Left by a batch that never got its checkpoint and whose leaves the database has lost since: nobody was told of them,
      // and with the claim ours nobody will be. What checkpoints cover of this bundle is in a narrower one besides.
      await this.#objects.delete(name);
      await this.#objects.put(name, bytes);
    }
  }

  /**
   * Leaf data of the first `width` leaves of bundle `index`, which a checkpoint has covered.
   * @throws LogError `database-behind-register` if no bundle with them is there; StorageError
   */
  async get(index: bigint, width: number): Promise<Uint8Array[]> {
    // The partial one may be gone because a full one has taken its place.
    for (const stored of width === TILE_WIDTH ? [width] : [width, TILE_WIDTH]) {
      const object = await this.#objects.get(nameOf(index, stored));
      if (object === undefined) continue;
      const bytes = await readAll(object.content);
      try {
        return parseEntryBundle(bytes, stored).slice(0, width);
      } catch (cause) {
        const message = `object ${nameOf(index, stored)} is no entry bundle: ${(cause as Error).message}`;
        throw new LogError('database-behind-register', message, { cause });
      }
    }
    throw new LogError('database-behind-register', `there is no object ${nameOf(index, width)} to refill leaves from`);
  }

  /** Removes the partial bundles `index`, whose place a full one has taken that a checkpoint covers. @throws StorageError */
  async removePartial(index: bigint): Promise<void> {
    const names: string[] = [];
    for await (const name of this.#objects.list(`${nameOf(index, TILE_WIDTH)}.p/`)) names.push(name);
    for (let i = 0; i < names.length; i += AT_ONCE) {
      await Promise.all(names.slice(i, i + AT_ONCE).map((name) => this.#objects.delete(name)));
    }
  }
}

function nameOf(index: bigint, width: number): string {
  return FOLDER + encodeTilePath({ level: 'entries', index, width });
}
