import type { Queryable } from './pool.ts';

export interface PlatformProfileRow {
  version: number;
  inForceFrom: Date;
  /** Canonical JSON of the whole record. */
  body: string;
  /** SHA-256 over canonical JSON of what certificates print of it. */
  printedDigest: Buffer;
  source: 'settings' | 'operator';
  recordedByUser: string | null;
  recordedByAccount: string | null;
}

export interface PlatformProfileUse {
  version: number;
  /** Null: still in force. */
  inForceUntil: Date | null;
  /** Certificates that print it. */
  certificates: number;
}

const COLUMNS = `p.version, p.in_force_from as "inForceFrom", p.body, p.printed_digest as "printedDigest", p.source,
  p.recorded_by_user as "recordedByUser", p.recorded_by_account as "recordedByAccount"`;

/** Nobody else adds a version before the transaction ends. */
export async function lockPlatformProfiles(q: Queryable): Promise<void> {
  await q.query('lock table platform_profile in share row exclusive mode');
}

/** Never before the one before: of two in the same millisecond the later one counts a millisecond later. @returns its version */
export async function insertPlatformProfile(
  q: Queryable,
  profile: Omit<PlatformProfileRow, 'version' | 'inForceFrom' | 'printedDigest'> & {
    at: Date;
    printedDigest: Uint8Array;
  },
): Promise<number> {
  const { rows } = await q.query<{ version: number }>(
    `insert into platform_profile (version, in_force_from, body, printed_digest, source, recorded_by_user, recorded_by_account)
     select coalesce(max(version), 0) + 1, greatest($1, max(in_force_from) + interval '1 millisecond'), $2, $3, $4, $5, $6
     from platform_profile returning version`,
    [
      profile.at,
      profile.body,
      profile.printedDigest,
      profile.source,
      profile.recordedByUser,
      profile.recordedByAccount,
    ],
  );
  return (rows[0] as { version: number }).version;
}

/** The one in force at `at`, else the first; undefined if there is none yet. */
export async function selectPlatformProfileAt(q: Queryable, at: Date): Promise<PlatformProfileRow | undefined> {
  const { rows } = await q.query<PlatformProfileRow>(
    `select ${COLUMNS} from platform_profile p
     order by p.in_force_from > $1, case when p.in_force_from <= $1 then p.version end desc nulls last, p.version limit 1`,
    [at],
  );
  return rows[0];
}

/** Undefined if there is none yet. */
export async function selectNewestPlatformProfile(q: Queryable): Promise<PlatformProfileRow | undefined> {
  const { rows } = await q.query<PlatformProfileRow>(
    `select ${COLUMNS} from platform_profile p order by p.version desc limit 1`,
  );
  return rows[0];
}

/** The newest that came from the settings; undefined if there is none yet. */
export async function selectProfileOfSettings(q: Queryable): Promise<PlatformProfileRow | undefined> {
  const { rows } = await q.query<PlatformProfileRow>(
    `select ${COLUMNS} from platform_profile p where p.source = 'settings' order by p.version desc limit 1`,
  );
  return rows[0];
}

/** Newest first, with what they were used for. */
export async function selectPlatformProfiles(q: Queryable): Promise<(PlatformProfileRow & PlatformProfileUse)[]> {
  const { rows } = await q.query<
    PlatformProfileRow & Omit<PlatformProfileUse, 'certificates'> & { certificates: bigint }
  >(
    `select ${COLUMNS}, p.until as "inForceUntil",
       (select count(*) from certificate c where c.issued_at >= p.since and (p.until is null or c.issued_at < p.until)) as certificates
     from (select *, lead(in_force_from) over w as until,
             case when version = 1 then '-infinity'::timestamptz else in_force_from end as since
           from platform_profile window w as (order by version)) p
     order by p.version desc limit 200`,
  );
  return rows.map((row) => ({ ...row, certificates: Number(row.certificates) }));
}
