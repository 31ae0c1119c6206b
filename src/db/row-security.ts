import type pg from 'pg';
import type { Database, Queryable } from './pool.ts';

/** Whose rows a caller's request may read. */
export interface Fence {
  accountId: string;
  /** Deposits of others that were granted to the caller and that this request is about. */
  grantedDepositIds?: readonly string[];
}

/**
 * Runs `read` in one READ ONLY transaction as the role `tiezheng_caller`, to which row security (0011-row-security.sql) shows the
 * rows within the fence and no others: a query that forgets to ask for the account finds nothing of another.
 * The statements of `read` run one after another; nothing of it may outlive the promise.
 */
export async function readWithin<T>(db: Database, fence: Fence, read: (q: Queryable) => Promise<T>): Promise<T> {
  return db.transaction(async (client: pg.PoolClient) => {
    // Both end with the transaction, so that the next user of the connection is the worker again.
    await client.query('set transaction read only; set local role tiezheng_caller');
    await client.query(
      `select set_config('tiezheng.account_id', $1, true), set_config('tiezheng.deposit_ids', $2, true)`,
      [fence.accountId, `{${(fence.grantedDepositIds ?? []).join(',')}}`],
    );
    return read(client);
  });
}
