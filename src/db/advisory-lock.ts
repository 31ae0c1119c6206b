import { createHash } from 'node:crypto';
import type { Database } from './pool.ts';

/**
 * Runs `work` while no other process does under the same name. The lock is a session's: it ends with `work`, and with the
 * connection if that breaks, which `work` is not told. So it only chooses who works; what is written must be right without it.
 * Takes one connection of the pool for as long as `work` runs.
 * @returns undefined, and `work` is not run, if another one holds the lock
 */
export async function withAdvisoryLock<T>(db: Database, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const key = createHash('sha256').update(name).digest().readBigInt64BE();
  const client = await db.pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [key]);
    if (rows[0]?.locked !== true) return undefined;
    try {
      return await work();
    } finally {
      await client.query('select pg_advisory_unlock($1)', [key]).catch(onError);
    }
  } finally {
    client.removeListener('error', onError);
    // Closed instead of returned if it may still hold the lock.
    client.release(broken);
  }
}
