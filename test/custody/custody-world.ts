import type { CustodyAct } from '../../src/custody/custodian.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { DEPOSIT_ID } from '../certificate/evidence-fixture.ts';
import { type IssuerWorldLog, storeDeposits } from '../certificate/issuer-world.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** A log with one deposit in it, on real parts. */
export class CustodyWorld {
  readonly db: Database;
  readonly log: IssuerWorldLog;
  readonly accountId: string;
  nowMs = Date.UTC(2026, 10, 23, 1, 0, 0);
  readonly #drop: () => Promise<void>;

  private constructor(db: Database, log: IssuerWorldLog, accountId: string, drop: () => Promise<void>) {
    this.db = db;
    this.log = log;
    this.accountId = accountId;
    this.#drop = drop;
  }

  static async open(): Promise<CustodyWorld> {
    const { url, drop } = await createTestDatabase();
    const db = openDatabase({ url, maxConnections: 16 });
    await migrate(db);
    const { log } = await storeDeposits(db, new Map([[7, {}]]));
    const { rows } = await db.pool.query<{ id: string }>('select account_id as id from deposit');
    return new CustodyWorld(db, log, rows[0]!.id, drop);
  }

  async close(): Promise<void> {
    await this.log.stop();
    await this.db.close();
    await this.#drop();
  }

  /** Something that the depositor does now. */
  act(kind: CustodyAct['kind'], more: Partial<CustodyAct> = {}): CustodyAct {
    return {
      depositId: DEPOSIT_ID,
      kind,
      actor: { accountId: this.accountId, userId: null, by: 'session' },
      at: new Date(this.nowMs),
      ...more,
    };
  }

  async count(table: string): Promise<number> {
    const { rows } = await this.db.pool.query<{ n: bigint }>(`select count(*) as n from ${table}`);
    return Number(rows[0]!.n);
  }
}
