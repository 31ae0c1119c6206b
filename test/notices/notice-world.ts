import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { v7 as uuidV7 } from 'uuid';
import { insertAccount } from '../../src/db/accounts.ts';
import { type DeliveryRow, selectDeliveries } from '../../src/db/deliveries.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { NoticeFinder } from '../../src/notices/notice-finder.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import { makeX509, x509Extension } from '../../src/timestamp/x509-maker.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** A database with accounts and members, and a clock that tests move. */
export class NoticeWorld {
  readonly db: Database;
  readonly keys = new MasterKeyRing(new LocalMasterKey('test', new Uint8Array(32).fill(3)));
  now = Date.parse('2026-11-22T03:00:00.000Z');
  readonly nowMs = () => this.now;
  readonly #drop: () => Promise<void>;

  private constructor(db: Database, drop: () => Promise<void>) {
    this.db = db;
    this.#drop = drop;
  }

  static async open(): Promise<NoticeWorld> {
    const { url, drop } = await createTestDatabase();
    const db = openDatabase({ url, maxConnections: 10 });
    await migrate(db);
    return new NoticeWorld(db, drop);
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.#drop();
  }

  async account(): Promise<string> {
    const accountId = uuidV7();
    const account = {
      accountId,
      name: '张三',
      kind: 'unknown',
      identityMethod: 'none',
      identityCheckedAt: null,
    } as const;
    await insertAccount(this.db.pool, account);
    return accountId;
  }

  /** A user who is a member of the account. */
  async member(accountId: string, email: string, isConfirmed = true): Promise<string> {
    const userId = createHash('sha256').update(`${accountId} ${email}`).digest('hex').slice(0, 32);
    await this.db.pool.query(
      `insert into auth."user" ("id", "name", "email", "emailVerified", "updatedAt") values ($1, '王芳', $2, false, now())`,
      [userId, email],
    );
    // Without the triggers of sign-up, which would give him an account of his own.
    await this.db.pool.query(
      `insert into membership (user_id, account_id, roles) values ($1, $2, '{holder}') on conflict do nothing`,
      [userId, accountId],
    );
    if (isConfirmed) {
      await this.db.pool.query(`update auth."user" set "emailVerified" = true where "id" = $1`, [userId]);
    }
    return userId;
  }

  /** A deposit whose leaf has this index, or waits for one. */
  async deposit(accountId: string, leafIndex: bigint | null, receivedAt = new Date(this.now)): Promise<string> {
    const depositId = uuidV7();
    const { rows } = await this.db.pool.query<{ id: bigint }>(
      'insert into submission (leaf_data, leaf_index) values ($1, $2) returning submission_id as id',
      [createHash('sha256').update(depositId).digest(), leafIndex],
    );
    await this.db.pool.query(
      'insert into deposit (deposit_id, account_id, submission_id, received_at) values ($1, $2, $3, $4)',
      [depositId, accountId, rows[0]?.id, receivedAt],
    );
    return depositId;
  }

  /** An anchor of a tree of this size. */
  async anchor(treeSize: bigint, state: 'final' | 'mined' = 'final'): Promise<void> {
    const { pool } = this.db;
    const root = createHash('sha256').update(String(treeSize)).digest();
    await pool.query(`insert into checkpoint (tree_size, root_hash, note, signed_at) values ($1, $2, '', now())`, [
      treeSize,
      root,
    ]);
    await pool.query('insert into publication (tree_size, published_at) values ($1, now())', [treeSize]);
    await pool.query(
      `insert into anchor (chain, contract, tree_size, root_hash, state, state_since) values ('eip155:31337', $1, $2, $3, $4, now())`,
      [Buffer.alloc(20, 7), treeSize, root, state],
    );
  }

  find({ stuckAfterMs = 6 * 3600_000, byMail = true } = {}): Promise<void> {
    return new NoticeFinder({ db: this.db, nowMs: this.nowMs, stuckAfterMs, byMail }).turn();
  }

  /** Oldest first. */
  async deliveries(accountId: string): Promise<DeliveryRow[]> {
    return (await selectDeliveries(this.db.pool, accountId, 1000, null)).reverse();
  }

  async notices(accountId: string): Promise<{ kind: string; key: string; about: Record<string, unknown> }[]> {
    const { rows } = await this.db.pool.query(
      'select kind, key, about from notice where account_id = $1 order by ordinal',
      [accountId],
    );
    return rows;
  }
}

/** A certificate for servers of this machine that nobody but the test trusts. */
export async function makeLoopbackCertificate(): Promise<{ key: string; cert: string }> {
  const names = new pkijs.GeneralNames({
    names: [
      new pkijs.GeneralName({ type: 2, value: 'localhost' }),
      new pkijs.GeneralName({
        type: 7,
        value: new asn1js.OctetString({ valueHex: Uint8Array.of(127, 0, 0, 1).buffer }),
      }),
    ],
  });
  const { keyPem, certificatePem } = await makeX509({
    subject: [['2.5.4.3', 'loopback']],
    notBefore: new Date(Date.now() - 3600_000),
    notAfter: new Date(Date.now() + 24 * 3600_000),
    extensions: [x509Extension('2.5.29.17', false, names.toSchema())],
  });
  return { key: keyPem, cert: certificatePem };
}
