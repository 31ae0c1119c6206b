import type { Coverage, GrantScope, SharedObject } from './grants.ts';
import type { Queryable } from './pool.ts';

export interface LinkRow {
  linkId: string;
  accountId: string;
  depositId: string | null;
  matterId: string | null;
  /** For whom it was made. */
  reader: string;
  scope: GrantScope;
  coverage: Coverage;
  createdAt: Date;
  expiresAt: Date;
  maxOpenings: number;
  openings: number;
  hasPassphrase: boolean;
  /** Null without a passphrase. */
  attemptsLeft: number | null;
  revokedAt: Date | null;
}

export interface Passphrase {
  /** 16 bytes. */
  salt: Uint8Array;
  /** scrypt of the passphrase, 32 bytes. */
  hash: Uint8Array;
  attempts: number;
}

const LINK = `l.link_id as "linkId", l.account_id as "accountId", l.deposit_id as "depositId", l.matter_id as "matterId", l.reader,
  l.scope, l.coverage, l.created_at as "createdAt", l.expires_at as "expiresAt", l.max_openings as "maxOpenings", l.openings,
  l.passphrase_hash is not null as "hasPassphrase", l.attempts_left as "attemptsLeft", l.revoked_at as "revokedAt"`;

/** `l` is neither revoked nor expired at `at`. */
const inForce = (at: string) => `l.revoked_at is null and l.expires_at > ${at}`;

/** Rejects with pg's 23503 if the account does not own the object. */
export async function insertLink(
  q: Queryable,
  link: Omit<LinkRow, 'openings' | 'hasPassphrase' | 'attemptsLeft' | 'revokedAt'> & {
    secretHash: Uint8Array;
    passphrase: Passphrase | null;
  },
): Promise<void> {
  await q.query(
    `insert into share_link (link_id, secret_hash, account_id, deposit_id, matter_id, reader, scope, coverage, created_at,
       expires_at, max_openings, passphrase_salt, passphrase_hash, attempts_left)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      link.linkId,
      link.secretHash,
      link.accountId,
      link.depositId,
      link.matterId,
      link.reader,
      link.scope,
      link.coverage,
      link.createdAt,
      link.expiresAt,
      link.maxOpenings,
      link.passphrase?.salt ?? null,
      link.passphrase?.hash ?? null,
      link.passphrase?.attempts ?? null,
    ],
  );
}

export async function selectLink(q: Queryable, linkId: string): Promise<LinkRow | undefined> {
  return (await q.query<LinkRow>(`select ${LINK} from share_link l where link_id = $1`, [linkId])).rows[0];
}

/** Newest first: those that the account made, of one object or of all. */
export async function selectLinksOfAccount(
  q: Queryable,
  accountId: string,
  page: { limit: number; before: string | null; depositId: string | null; matterId: string | null },
): Promise<LinkRow[]> {
  const { rows } = await q.query<LinkRow>(
    `select ${LINK} from share_link l
     where account_id = $1 and ($3::uuid is null or link_id < $3) and ($4::uuid is null or deposit_id = $4)
       and ($5::uuid is null or matter_id = $5)
     order by link_id desc limit $2`,
    [accountId, page.limit, page.before, page.depositId, page.matterId],
  );
  return rows;
}

/** True if it was not revoked before. */
export async function updateLinkRevoked(q: Queryable, linkId: string, at: Date): Promise<boolean> {
  const { rowCount } = await q.query(
    'update share_link set revoked_at = $2 where link_id = $1 and revoked_at is null',
    [linkId, at],
  );
  return rowCount === 1;
}

/**
 * Takes one attempt off a link that can still be opened, before its passphrase is compared: whoever tries many at once has no more of
 * them. Undefined if there is no such link, it can be opened no more, or it asks for a passphrase and none is at hand.
 */
export async function takeAttempt(
  q: Queryable,
  secretHash: Uint8Array,
  at: Date,
  hasPassphrase: boolean,
): Promise<{ salt: Buffer | null; hash: Buffer | null } | undefined> {
  const { rows } = await q.query<{ salt: Buffer | null; hash: Buffer | null }>(
    `update share_link l set attempts_left = attempts_left - 1
     where secret_hash = $1 and ${inForce('$2')} and openings < max_openings
       and (attempts_left is null or ($3 and attempts_left > 0))
     returning passphrase_salt as salt, passphrase_hash as hash`,
    [secretHash, at, hasPassphrase],
  );
  return rows[0];
}

/** Counts an opening, and gives back the attempts. Undefined if it can be opened no more. */
export async function updateLinkOpened(
  q: Queryable,
  secretHash: Uint8Array,
  at: Date,
  attempts: number,
): Promise<LinkRow | undefined> {
  const { rows } = await q.query<LinkRow>(
    `update share_link l set openings = openings + 1, attempts_left = case when attempts_left is null then null else $3::integer end
     where secret_hash = $1 and ${inForce('$2')} and openings < max_openings returning ${LINK}`,
    [secretHash, at, attempts],
  );
  return rows[0];
}

export async function insertOpening(
  q: Queryable,
  opening: { openingHash: Uint8Array; linkId: string; openedAt: Date; expiresAt: Date },
): Promise<void> {
  await q.query('insert into link_opening (opening_hash, link_id, opened_at, expires_at) values ($1, $2, $3, $4)', [
    opening.openingHash,
    opening.linkId,
    opening.openedAt,
    opening.expiresAt,
  ]);
}

/** The link of an opening while both are in force. */
export async function selectLinkByOpening(
  q: Queryable,
  openingHash: Uint8Array,
  at: Date,
): Promise<LinkRow | undefined> {
  const { rows } = await q.query<LinkRow>(
    `select ${LINK} from link_opening o join share_link l using (link_id)
     where o.opening_hash = $1 and o.expires_at > $2 and ${inForce('$2')}`,
    [openingHash, at],
  );
  return rows[0];
}

/**
 * The scope of the link, in a list of one, if it is in force and shows the object; else an empty list. A trade secret only behind a
 * passphrase, whenever it became one.
 */
export async function selectLinkStanding(
  q: Queryable,
  linkId: string | null,
  object: SharedObject,
  at: Date,
): Promise<GrantScope[]> {
  const { rows } =
    'depositId' in object
      ? await q.query<{ scope: GrantScope }>(
          `select l.scope from share_link l where link_id = $1 and ${inForce('$3')}
             and (deposit_id = $2 or exists (select from matter_deposit e where e.matter_id = l.matter_id and e.deposit_id = $2
               and (e.disclosed or l.coverage = 'everything')))
             and (passphrase_hash is not null or not exists (select from trade_secret t where t.deposit_id = $2))`,
          [linkId, object.depositId, at],
        )
      : await q.query<{ scope: GrantScope }>(
          `select l.scope from share_link l join matter m using (matter_id) where link_id = $1 and ${inForce('$3')}
             and l.matter_id = $2 and (passphrase_hash is not null or m.confidentiality <> 'trade-secret')`,
          [linkId, object.matterId, at],
        );
  return rows.map((row) => row.scope);
}
