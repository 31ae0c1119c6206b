import pg from 'pg';
import { DatabaseError } from './database-error.ts';

/** What a query function runs on: a pool for a statement of its own, a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

export interface Database {
  /** int8 comes as bigint, bytea as Buffer, timestamptz as Date. */
  readonly pool: pg.Pool;
  /**
   * Runs `work` in one READ COMMITTED transaction and resolves once it is committed durably. Rolls back and rejects with the
   * same error if `work` rejects.
   * @throws DatabaseError `commit-unknown`, `commit-refused`
   */
  transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Waits for the clients in use. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `postgres://…`; `?options=-c%20search_path%3D…` chooses a schema. */
  url: string;
  /** The log keeps one for itself. */
  maxConnections: number;
  /** Told of errors on idle connections; the pool replaces them by itself. */
  onIdleError?: (error: Error) => void;
}

/** Connects when first used. */
export function openDatabase({ url, maxConnections, onIdleError }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser },
  });
  pool.on('error', (error) => onIdleError?.(error));
  let closed: Promise<void> | undefined;
  return {
    pool,
    transaction: (work) => transaction(pool, work),
    close: () => {
      closed ??= pool.end();
      return closed;
    },
  };
}

async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection that breaks between two statements would end the process. The next statement rejects.
  const ignore = () => {};
  client.on('error', ignore);
  let unusable: Error | undefined;
  try {
    await client.query('begin');
    let result: T;
    try {
      result = await work(client);
    } catch (error) {
      await client.query('rollback').catch((cause: Error) => {
        unusable = cause;
      });
      throw error;
    }
    await commit(client).catch((error: Error) => {
      unusable = error;
      throw error;
    });
    return result;
  } finally {
    client.removeListener('error', ignore);
    client.release(unusable);
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (cause) {
    // An answer of the server is a refusal, unless it is one that tells of the connection's or the server's end.
    if (cause instanceof pg.DatabaseError && !/^(?:08|57P|XX)/.test(cause.code ?? 'XX')) {
      throw new DatabaseError('commit-refused', `not committed: ${cause.message}`, { cause });
    }
    throw new DatabaseError('commit-unknown', `perhaps committed: ${(cause as Error).message}`, { cause });
  }
  // The server answers COMMIT of a failed transaction with a ROLLBACK and no error.
  if (command !== 'COMMIT') throw new DatabaseError('commit-refused', 'a statement had failed: rolled back');
}

/** True for an error after which the transaction that met it is known to have changed nothing. */
export function isKnownNotCommitted(error: unknown): boolean {
  return !(error instanceof DatabaseError && error.code === 'commit-unknown');
}

const INT8 = 20;

function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === INT8 && format !== 'binary') return BigInt;
  return pg.types.getTypeParser(oid, format as 'text');
}
