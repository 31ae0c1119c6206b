import type pg from 'pg';
import type { Database } from '../../src/db/pool.ts';
import type { ObjectContent, ObjectStore } from '../../src/storage/object-store.ts';

/** Everything that changes something outside the process, counted; one of them fails, persisted or not, and all after it. */
export class Crash {
  writes = 0;
  #at = Number.POSITIVE_INFINITY;
  #isPersisted = false;
  #isDown = false;

  arm(at: number, isPersisted: boolean): void {
    Object.assign(this, { writes: 0 });
    this.#at = at;
    this.#isPersisted = isPersisted;
    this.#isDown = false;
  }

  async write<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isDown) throw new Error('the process is gone');
    if (this.writes++ !== this.#at) return work();
    this.#isDown = true;
    if (this.#isPersisted) await work();
    throw new Error('the process died here');
  }
}

/** A store whose writes are counted. */
export class CrashingStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #crash: Crash;

  constructor(store: ObjectStore, crash: Crash) {
    this.#store = store;
    this.#crash = crash;
  }

  put(name: string, content: ObjectContent) {
    return this.#crash.write(() => this.#store.put(name, content));
  }
  delete(name: string) {
    return this.#crash.write(() => this.#store.delete(name));
  }
  get: ObjectStore['get'] = (name, range) => this.#store.get(name, range);
  head: ObjectStore['head'] = (name) => this.#store.head(name);
  list: ObjectStore['list'] = (prefix) => this.#store.list(prefix);
}

/** Each transaction is one write, each statement of its own that changes something another. */
export function crashing(db: Database, crash: Crash): Database {
  const pool = new Proxy(db.pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name, target);
      return (text: string, values?: unknown[]) => {
        const run = () => target.query(text, values);
        return /^\s*(?:insert|update|delete)\b/i.test(text) ? crash.write(run) : run();
      };
    },
  });
  return {
    pool: pool as pg.Pool,
    transaction: (work) => crash.write(() => db.transaction(work)),
    close: () => db.close(),
  };
}
