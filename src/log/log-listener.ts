import { createHash } from 'node:crypto';
import type pg from 'pg';
import { LOG_CHANNEL } from '../db/leaves.ts';

const RECONNECT_MS = 500;

/** Of the advisory lock that the leader of this log holds for as long as its connection lives. */
export function leaderLockKey(origin: string): bigint {
  return createHash('sha256').update(`tiezheng log leader\n${origin}`).digest().readBigInt64BE();
}

/**
 * One connection of the pool, kept: hears what other processes tell of the log, and holds the leader's lock. The lock shows
 * only that its holder's connection lives; who leads is in the row `log`.
 */
export class LogListener {
  readonly #pool: pg.Pool;
  readonly #lockKey: bigint;
  readonly #onNews: (news: string) => void;
  readonly #onTrouble: (error: unknown) => void;
  #client: pg.PoolClient | undefined;
  #hasLock = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #connecting: Promise<void> = Promise.resolve();

  /** @param onNews told the payload of each notification, and `checkpoint` whenever some may have been missed */
  constructor(pool: pg.Pool, origin: string, onNews: (news: string) => void, onTrouble: (error: unknown) => void) {
    this.#pool = pool;
    this.#lockKey = leaderLockKey(origin);
    this.#onNews = onNews;
    this.#onTrouble = onTrouble;
  }

  /** Resolves after the first attempt to connect. Connects again by itself until stopped. */
  start(): Promise<void> {
    this.#connecting = this.#connect();
    return this.#connecting;
  }

  /** Gives the lock up, and the connection back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    const client = this.#client;
    this.#client = undefined;
    this.#hasLock = false;
    // Ending the session ends LISTEN and lock at once, whatever state it is in.
    client?.release(true);
  }

  /** True if this process has the lock now; false if another one has, or if there is no connection. */
  async tryLock(): Promise<boolean> {
    if (this.#hasLock || this.#client === undefined) return this.#hasLock;
    const client = this.#client;
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
      this.#lockKey,
    ]);
    if (this.#client === client) this.#hasLock = rows[0]?.locked === true;
    return this.#hasLock;
  }

  async unlock(): Promise<void> {
    if (!this.#hasLock) return;
    this.#hasLock = false;
    await this.#client?.query('select pg_advisory_unlock($1)', [this.#lockKey]);
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#pool.connect();
      client.on('notification', ({ payload }) => this.#onNews(payload ?? ''));
      client.on('error', (error) => this.#lost(client, error));
      client.on('end', () => this.#lost(client, undefined));
      this.#client = client;
      await client.query(`listen ${LOG_CHANNEL}`);
      this.#onNews('checkpoint');
    } catch (error) {
      if (this.#client === undefined) this.#again(error);
      else this.#lost(this.#client, error as Error);
    }
  }

  #lost(client: pg.PoolClient, error: Error | undefined): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#hasLock = false;
    client.release(true);
    this.#again(error ?? new Error('the connection that listens for news of the log has ended'));
  }

  #again(error: unknown): void {
    if (this.#stopped) return;
    this.#onTrouble(error);
    this.#timer = setTimeout(() => {
      this.#connecting = this.#connect();
    }, RECONNECT_MS);
  }
}
