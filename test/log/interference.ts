import type pg from 'pg';
import { DatabaseError } from '../../src/db/database-error.ts';
import type { Database } from '../../src/db/pool.ts';
import type { CheckpointRegister } from '../../src/storage/checkpoint-register.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { StorageError } from '../../src/storage/storage-error.ts';

/** The outside acts of a server that writes the log, in the order in which it does them. */
export const ACTS = {
  record: 'the object with leaf 0',
  opening: 'the row of the log, with leaf 0',
  lead: 'the lease',
  claim: 'the claim of the register',
  alarms: 'the end of alarms',
  transaction: 'the transaction that adds leaves',
  fence: 'the fence inside it',
  leaves: 'the leaves inside it',
  marks: 'the marks on submissions inside it',
  bundle: 'the entry bundle',
  register: 'the register',
  checkpoint: 'the row of the checkpoint',
  news: 'the news for other servers',
  removal: 'the removal of partial bundles',
} as const;
export type Act = keyof typeof ACTS;

const STATEMENTS: [RegExp, Act][] = [
  [/^with opened as \(insert into log/, 'opening'],
  [/^update log set leader/, 'lead'],
  [/^update alarm/, 'alarms'],
  [/^update log set size/, 'fence'],
  [/^insert into leaf/, 'leaves'],
  [/^update submission/, 'marks'],
  [/^insert into checkpoint/, 'checkpoint'],
  [/^select pg_notify/, 'news'],
];

/** What happens instead of the next act of a kind: gets the real one to call, or not. */
export type Instead = <T>(act: () => Promise<T>) => Promise<T>;

/** Stands between one server and its database, objects and register, and interferes with a chosen act, once. */
export class Interference {
  #next: { act: Act; instead: Instead } | undefined;
  #dead = false;

  /** The next time only. Resolves when it comes. */
  async at(act: Act, instead: Instead): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#next = {
        act,
        instead: (real) => {
          resolve();
          return instead(real);
        },
      };
    });
  }

  /** From now on nothing gets through, as if the process had ended. */
  die(): void {
    this.#dead = true;
  }

  async #act<T>(act: Act | undefined, real: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Error('this process is dead');
    const next = this.#next;
    if (next === undefined || next.act !== act) return real();
    this.#next = undefined;
    return next.instead(real);
  }

  database(db: Database): Database {
    return {
      pool: this.#queryable(db.pool),
      transaction: (work) => this.#act('transaction', () => db.transaction((client) => work(this.#queryable(client)))),
      close: () => db.close(),
    };
  }

  objects(objects: ObjectStore): ObjectStore {
    const folder = (name: string): Act => (name === 'log/record.json' ? 'record' : 'bundle');
    return {
      put: (name, content) => this.#act(folder(name), () => objects.put(name, content)),
      get: (name, range) => this.#act(undefined, () => objects.get(name, range)),
      head: (name) => this.#act(undefined, () => objects.head(name)),
      delete: (name) => this.#act('removal', () => objects.delete(name)),
      list: (prefix) => objects.list(prefix),
    };
  }

  register(register: CheckpointRegister): CheckpointRegister {
    let claim = '';
    return {
      read: () => this.#act(undefined, () => register.read()),
      compareAndSwap: (version, bytes) => {
        const entry = JSON.parse(Buffer.from(bytes).toString()) as { claim: string };
        const act = entry.claim === claim ? 'register' : 'claim';
        claim = entry.claim;
        return this.#act(act, () => register.compareAndSwap(version, bytes));
      },
    };
  }

  #queryable<T extends pg.Pool | pg.PoolClient>(target: T): T {
    return new Proxy(target, {
      get: (_, property) => {
        const value: unknown = Reflect.get(target, property);
        if (property === 'query') {
          return (text: string, values?: unknown[]) =>
            this.#act(STATEMENTS.find(([pattern]) => pattern.test(text.trim()))?.[1], () => target.query(text, values));
        }
        if (property === 'connect') {
          return () => this.#act(undefined, () => (target as pg.Pool).connect());
        }
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** The error of an act that may or may not have been done, as its place reports it. */
export function unknownOutcome(act: Act): Error {
  if (act === 'record' || act === 'bundle' || act === 'register' || act === 'claim' || act === 'removal') {
    return new StorageError('storage-failed', `${ACTS[act]}: no answer`);
  }
  if (act === 'transaction') return new DatabaseError('commit-unknown', `${ACTS[act]}: no answer`);
  return new Error(`${ACTS[act]}: Connection terminated unexpectedly`);
}
