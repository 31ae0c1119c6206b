import type { Queryable } from './pool.ts';

/** What was collected beside a token, for whoever judges it when the authority is long gone. */
export interface TimestampMaterialRow {
  treeSize: bigint;
  /** The authority's address. */
  source: string;
  /** DER, signer first. */
  certificates: Buffer[];
  /** DER of CRLs and OCSP responses. */
  revocation: Buffer[];
  /** Canonical JSON. */
  notes: string;
  collectedAt: Date;
}

/** In the transaction that inserts the token. */
export async function insertTimestampMaterial(
  q: Queryable,
  material: Omit<TimestampMaterialRow, 'certificates' | 'revocation'> & {
    certificates: readonly Uint8Array[];
    revocation: readonly Uint8Array[];
  },
): Promise<void> {
  await q.query(
    `insert into timestamp_material (tree_size, source, certificates, revocation, notes, collected_at)
     values ($1, $2, $3::bytea[], $4::bytea[], $5, $6)`,
    [
      material.treeSize,
      material.source,
      // pg encodes Buffers in arrays as bytea, other byte arrays as JSON.
      material.certificates.map((der) => Buffer.from(der)),
      material.revocation.map((der) => Buffer.from(der)),
      material.notes,
      material.collectedAt,
    ],
  );
}

/** By source, which is the order of the tokens in a certificate. */
export async function selectTimestampMaterial(q: Queryable, treeSize: bigint): Promise<TimestampMaterialRow[]> {
  const { rows } = await q.query<TimestampMaterialRow>(
    `select tree_size as "treeSize", source, certificates, revocation, notes, collected_at as "collectedAt"
     from timestamp_material where tree_size = $1 order by source`,
    [treeSize],
  );
  return rows;
}

/** This is asked every few seconds, and the table has years of them. */
const PUBLICATIONS_LOOKED_AT = 512;

/**
 * Tree sizes of the publications that this authority is still to stamp: the newest one, and behind it at most `limit` of those
 * that another authority has stamped within the last `withinMs`, since certificates take a publication with all its tokens.
 * Newest first. Others would get a later time than the newest has, so they are left alone.
 */
export async function selectPublicationsToStamp(
  q: Queryable,
  source: string,
  withinMs: number,
  limit: number,
): Promise<{ treeSize: bigint; note: Buffer; publishedAt: Date }[]> {
  const { rows } = await q.query<{ treeSize: bigint; note: Buffer; publishedAt: Date }>(
    `select p.tree_size as "treeSize", c.note, p.published_at as "publishedAt"
     from (select tree_size, published_at from publication order by tree_size desc limit ${PUBLICATIONS_LOOKED_AT}) p
       join checkpoint c using (tree_size)
     where not exists (select from attestation a
                       where a.tree_size = p.tree_size and a.type = 'rfc3161' and a.source = $1)
       and (p.tree_size = (select max(tree_size) from publication)
            or p.published_at > clock_timestamp() - $2 * interval '1 millisecond'
               and exists (select from attestation a where a.tree_size = p.tree_size and a.type = 'rfc3161'))
     order by p.tree_size desc limit $3 + 1`,
    [source, withinMs, limit],
  );
  return rows;
}

/**
 * The largest published tree that no certificate needs to wait for any more: `authorities` of them have stamped it, or it was
 * published `waitMs` ago. Undefined if there is none.
 */
export async function selectSettledTreeSize(
  q: Queryable,
  authorities: readonly string[],
  waitMs: number,
): Promise<bigint | undefined> {
  // In this order the first match ends the search, and nearly all match.
  const { rows } = await q.query<{ treeSize: bigint }>(
    `select p.tree_size as "treeSize" from publication p
     where p.published_at <= clock_timestamp() - $2 * interval '1 millisecond'
        or not exists (select from unnest($1::text[]) as authority (source)
                       where not exists (select from attestation a
                                         where a.tree_size = p.tree_size and a.type = 'rfc3161'
                                           and a.source = authority.source))
     order by p.tree_size desc limit 1`,
    [authorities, waitMs],
  );
  return rows[0]?.treeSize;
}

export interface ClockOffsetRow {
  measuredAt: Date;
  server: string;
  source: string;
  /** The server's clock minus the source's. */
  offsetMs: bigint;
  uncertaintyMs: bigint;
  withinLimit: boolean;
}

export async function insertClockOffset(q: Queryable, row: ClockOffsetRow): Promise<void> {
  await q.query(
    `insert into clock_offset (measured_at, server, source, offset_ms, uncertainty_ms, within_limit)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [row.measuredAt, row.server, row.source, row.offsetMs, row.uncertaintyMs, row.withinLimit],
  );
}

/** Newest first. */
export async function selectClockOffsets(q: Queryable, limit: number): Promise<ClockOffsetRow[]> {
  const { rows } = await q.query<ClockOffsetRow>(
    `select measured_at as "measuredAt", server, source, offset_ms as "offsetMs", uncertainty_ms as "uncertaintyMs",
       within_limit as "withinLimit" from clock_offset order by measured_at desc limit $1`,
    [limit],
  );
  return rows;
}

/** The database's clock, milliseconds since 1970. */
export async function selectDatabaseTime(q: Queryable): Promise<number> {
  const { rows } = await q.query<{ at: Date }>('select clock_timestamp() as at');
  return (rows[0] as { at: Date }).at.getTime();
}

/** Who signed the newest token of each authority, among the newest publications; null where its certificate was not at hand. */
export async function selectNewestTimestampSigners(
  q: Queryable,
): Promise<{ source: string; signer: Buffer | null; at: Date }[]> {
  const { rows } = await q.query<{ source: string; signer: Buffer | null; at: Date }>(
    `select distinct on (m.source) m.source, m.certificates[1] as signer, m.collected_at as at
     from (select tree_size from publication order by tree_size desc limit ${PUBLICATIONS_LOOKED_AT}) p
       join timestamp_material m using (tree_size)
     order by m.source, m.tree_size desc`,
  );
  return rows;
}
