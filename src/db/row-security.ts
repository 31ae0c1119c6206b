import type pg from 'pg';
import type { Database, Queryable } from './pool.ts';

/** Whose rows a caller's request may read: the account's own, and what grants or the link show it at that time. */
export interface Fence {
  accountId: string;
  /** Of a reader by link. */
  linkId?: string;
  /** When grants and links are judged, by the clock of the service. */
  at: Date;
}

/**
 * Runs `read` in one READ ONLY transaction as the role `tiezheng_caller`, to which row security (0011-row-security.sql,
 * 0021-granted-reads.sql) shows the rows within the fence and no others: a query that forgets to ask for the account, and a route that
 * forgets to ask whether it may, find nothing of another.
 * The statements of `read` run one after another; nothing of it may outlive the promise.
 */
export async function readWithin<T>(db: Database, fence: Fence, read: (q: Queryable) => Promise<T>): Promise<T> {
  return db.transaction(async (client: pg.PoolClient) => {
    // Both end with the transaction, so that the next user of the connection is the worker again.
    await client.query('set transaction read only; set local role tiezheng_caller');
    await client.query(
      `select set_config('tiezheng.account_id', $1, true), set_config('tiezheng.link_id', $2, true), set_config('tiezheng.at', $3, true)`,
      [fence.accountId, fence.linkId ?? '', fence.at.toISOString()],
    );
    return read(client);
  });
}

/**
 * Reads within the fence, each statement in a transaction of its own: for what waits, seals or streams between two of them, and must not
 * keep a connection from others meanwhile. What ends while it goes on is seen no more from then on.
 */
export function fenced(db: Database, fence: Fence): Queryable {
  const query = (...statement: unknown[]) =>
    readWithin(db, fence, (q) => (q.query as (...given: unknown[]) => Promise<unknown>)(...statement));
  return { query: query as Queryable['query'] };
}
