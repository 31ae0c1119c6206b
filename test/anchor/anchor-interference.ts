import type pg from 'pg';
import type { ChainClient } from '../../src/anchor/chain-client.ts';
import { ChainError } from '../../src/anchor/chain-error.ts';
import { DatabaseError } from '../../src/db/database-error.ts';
import type { Database } from '../../src/db/pool.ts';

/** `before`: the act is not done. `after`: it is done, and nobody learns of it. Both end the process, or only that answer. */
export interface Fault {
  /** Zero-based, of all acts of the process. */
  act: number;
  when: 'before' | 'after';
  then: 'die' | 'go on';
}

/**
 * Stands between one server's anchoring and its database and chain, counts every write and every call, and lets one of them
 * fail. A process that has died does nothing any more: every later act fails without effect.
 */
export class AnchorInterference {
  /** Names of the acts so far, in order: what a fault can be put at. */
  readonly acts: string[] = [];
  /** Acts of which failing after the effect differs from failing before. */
  readonly withEffect = new Set<number>();
  readonly #fault: Fault | undefined;
  isMet = false;
  isDead = false;

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  async #act<T>(name: string, hasEffect: boolean, real: () => Promise<T>, unknown: (why: string) => Error): Promise<T> {
    if (this.isDead) throw unknown('the process is dead');
    const act = this.acts.push(name) - 1;
    if (hasEffect) this.withEffect.add(act);
    if (this.#fault?.act !== act) return real();
    this.isMet = true;
    if (this.#fault.then === 'die') this.isDead = true;
    if (this.#fault.when === 'after') await real();
    throw unknown(`${name}: no answer`);
  }

  client(real: ChainClient): ChainClient {
    const wrapped = new Map<string, unknown>();
    return new Proxy(real, {
      get: (_, property: string) => {
        const value = real[property as keyof ChainClient] as unknown;
        if (typeof value !== 'function') return value;
        // These ask nobody.
        if (property === 'signAnchor' || property === 'providers') return value.bind(real);
        if (!wrapped.has(property)) {
          const timeout = (why: string) => new ChainError('rpc-timeout', why);
          wrapped.set(property, (...args: unknown[]) =>
            this.#act(property, property === 'sendRaw', () => value.apply(real, args), timeout),
          );
        }
        return wrapped.get(property);
      },
    });
  }

  database(real: Database): Database {
    const broken = (why: string) => new Error(`Connection terminated unexpectedly (${why})`);
    const query = (text: string, values: unknown[]) => {
      const write = /^\s*(insert into|update|delete from) (\w+)/.exec(text);
      const run = () => real.pool.query(text, values);
      return write === null ? run() : this.#act(`${write[1]} ${write[2]}`, true, run, broken);
    };
    const pool = new Proxy(real.pool, {
      get: (target, property) => (property === 'query' ? query : Reflect.get(target, property)),
    }) as pg.Pool;
    return {
      pool,
      transaction: (work) =>
        this.#act(
          'transaction',
          true,
          () => real.transaction(work),
          (why) => new DatabaseError('commit-unknown', why),
        ),
      close: () => real.close(),
    };
  }
}
