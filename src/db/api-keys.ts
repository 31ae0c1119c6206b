import { ACCOUNT_COLUMNS, type Account } from './accounts.ts';
import type { Queryable } from './pool.ts';

export interface ApiKeyRow {
  keyId: string;
  accountId: string;
  label: string;
  roles: string[];
  /** Null: all that the roles allow to a key. */
  scopes: string[] | null;
  createdAt: Date;
  /** User; null from the command line. */
  createdBy: string | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  replacedBy: string | null;
  /** Day, UTC midnight; null if never. */
  lastUsedOn: Date | null;
}

const KEY = `k.key_id as "keyId", k.account_id as "accountId", k.label, k.roles, k.scopes, k.created_at as "createdAt",
  k.created_by as "createdBy", k.expires_at as "expiresAt", k.revoked_at as "revokedAt", k.replaced_by as "replacedBy",
  k.last_used_on::timestamp at time zone 'UTC' as "lastUsedOn"`;

export interface NewApiKey {
  /** SHA-256 of the key, 32 bytes. */
  keyHash: Uint8Array;
  accountId: string;
  label: string;
  roles?: readonly string[];
  scopes?: readonly string[] | null;
  expiresAt?: Date | null;
  createdBy?: string | null;
}

/** @returns the key's id, which is no secret */
export async function insertApiKey(q: Queryable, key: NewApiKey): Promise<string> {
  const { rows } = await q.query<{ keyId: string }>(
    `insert into api_key (key_hash, account_id, label, roles, scopes, expires_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7) returning key_id as "keyId"`,
    [
      key.keyHash,
      key.accountId,
      key.label,
      key.roles ?? ['holder'],
      key.scopes ?? null,
      key.expiresAt ?? null,
      key.createdBy ?? null,
    ],
  );
  return (rows[0] as { keyId: string }).keyId;
}

/** Undefined for a key that is unknown, revoked, or expired at `at`. */
export async function selectAccountByApiKey(
  q: Queryable,
  keyHash: Uint8Array,
  at: Date,
): Promise<{ account: Account; key: Pick<ApiKeyRow, 'keyId' | 'roles' | 'scopes' | 'lastUsedOn'> } | undefined> {
  const { rows } = await q.query<Account & Record<string, unknown>>(
    `select ${ACCOUNT_COLUMNS}, k.key_id as "keyId", k.roles as "keyRoles", k.scopes,
       k.last_used_on::timestamp at time zone 'UTC' as "lastUsedOn"
     from api_key k join account a using (account_id)
     where k.key_hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)`,
    [keyHash, at],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { keyId, keyRoles, scopes, lastUsedOn, ...account } = row;
  return { account: account as Account, key: { keyId, roles: keyRoles, scopes, lastUsedOn } as ApiKeyRow };
}

/** Once a day for each key: which one is still used is asked when it is to be revoked. */
export async function updateApiKeyUsed(q: Queryable, keyId: string, at: Date): Promise<void> {
  await q.query(
    `update api_key set last_used_on = ($2::timestamptz at time zone 'UTC')::date
     where key_id = $1 and last_used_on is distinct from ($2::timestamptz at time zone 'UTC')::date`,
    [keyId, at],
  );
}

/** Newest first, revoked and expired ones too. */
export async function selectApiKeys(q: Queryable, accountId: string): Promise<ApiKeyRow[]> {
  const { rows } = await q.query<ApiKeyRow>(
    `select ${KEY} from api_key k where k.account_id = $1 order by k.created_at desc, k.key_id`,
    [accountId],
  );
  return rows;
}

/** Locked until the transaction ends; undefined if the account has no such key. */
export async function lockApiKey(q: Queryable, accountId: string, keyId: string): Promise<ApiKeyRow | undefined> {
  const { rows } = await q.query<ApiKeyRow>(
    `select ${KEY} from api_key k where k.account_id = $1 and k.key_id = $2 for update`,
    [accountId, keyId],
  );
  return rows[0];
}

/** The key goes on until `expiresAt`, or until it would have ended anyway. */
export async function updateApiKeyReplaced(
  q: Queryable,
  keyId: string,
  replacedBy: string,
  expiresAt: Date,
): Promise<void> {
  await q.query(
    'update api_key set replaced_by = $2, expires_at = least(coalesce(expires_at, $3), $3) where key_id = $1',
    [keyId, replacedBy, expiresAt],
  );
}

/** True if the account had such a key and it was not revoked before. */
export async function updateApiKeyRevoked(q: Queryable, accountId: string, keyId: string, at: Date): Promise<boolean> {
  const { rowCount } = await q.query(
    'update api_key set revoked_at = $3 where account_id = $1 and key_id = $2 and revoked_at is null',
    [accountId, keyId, at],
  );
  return rowCount === 1;
}
