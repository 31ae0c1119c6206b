import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { DatabaseError } from './database-error.ts';
import type { Database } from './pool.ts';

/** Any fixed number: whoever migrates holds the advisory lock of this key. */
const LOCK_KEY = 7_249_301_885n;
const FOLDER = new URL('./migrations/', import.meta.url);

/**
 * Brings the schema forward to this code's: all missing migrations in one transaction, each recorded with its digest. Several
 * processes at once are harmless: one works, the others wait and find nothing to do.
 * @returns names of the migrations that were applied now
 * @throws DatabaseError `migration-changed` if a migration applied earlier had other bytes, `schema-newer` if the database
 *   has one that this code does not know
 */
export async function migrate(db: Database): Promise<string[]> {
  const migrations = await readMigrations();
  return db.transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
    await client.query(
      `create table if not exists schema_migration (
         name text primary key,
         sha256 text not null,
         applied_at timestamptz not null default now()
       )`,
    );
    const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migration');
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    for (const name of applied.keys()) {
      if (!migrations.some((m) => m.name === name)) {
        throw new DatabaseError('schema-newer', `the database has migration ${name}, which this version does not know`);
      }
    }
    const done: string[] = [];
    for (const { name, sql, sha256 } of migrations) {
      const before = applied.get(name);
      if (before === undefined) {
        await client.query(sql);
        await client.query('insert into schema_migration (name, sha256) values ($1, $2)', [name, sha256]);
        done.push(name);
      } else if (before !== sha256) {
        throw new DatabaseError('migration-changed', `migration ${name} was applied with other content (${before})`);
      }
    }
    return done;
  });
}

interface Migration {
  name: string;
  sql: string;
  sha256: string;
}

/** In the order of their names, which begin with a four-digit number. */
async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, FOLDER), 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}
