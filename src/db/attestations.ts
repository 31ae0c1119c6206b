import type { Queryable } from './pool.ts';

export interface CosignatureRow {
  treeSize: bigint;
  /** The witness's key, `name+hash+base64`. */
  vkey: string;
  /** Signature line without line feed. */
  line: string;
}

/** What attests to a published checkpoint besides a chain. */
export type AttestationType = 'rfc3161' | 'opentimestamps';

export interface AttestationRow {
  treeSize: bigint;
  type: AttestationType;
  /** Address of the authority or calendar that was asked. */
  source: string;
  /** Canonical bytes of the attestation as certificates carry it. */
  body: Buffer;
  /** False while a calendar waits for its Bitcoin block. */
  complete: boolean;
}

/** One of a witness that is there already stays. */
export async function insertCosignature(
  q: Queryable,
  cosignature: { treeSize: bigint; vkey: string; line: string; at: Date },
): Promise<void> {
  await q.query(
    'insert into cosignature (tree_size, vkey, line, received_at) values ($1, $2, $3, $4) on conflict do nothing',
    [cosignature.treeSize, cosignature.vkey, cosignature.line, cosignature.at],
  );
}

/** By key, so that the same rows always give the same certificate. */
export async function selectCosignatures(q: Queryable, treeSize: bigint): Promise<CosignatureRow[]> {
  const { rows } = await q.query<CosignatureRow>(
    'select tree_size as "treeSize", vkey, line from cosignature where tree_size = $1 order by vkey',
    [treeSize],
  );
  return rows;
}

/** The largest tree that each witness cosigned. */
export async function selectCosignedSizes(q: Queryable): Promise<{ vkey: string; treeSize: bigint }[]> {
  const { rows } = await q.query<{ vkey: string; treeSize: bigint }>(
    'select vkey, max(tree_size) as "treeSize" from cosignature group by vkey',
  );
  return rows;
}

/** Of the first hundred publications of at least `treeSize` leaves, the one that most witnesses cosigned; of these the smallest. */
export async function selectMostCosignedPublicationCovering(
  q: Queryable,
  treeSize: bigint,
): Promise<bigint | undefined> {
  const { rows } = await q.query<{ treeSize: bigint }>(
    `select p.tree_size as "treeSize"
     from (select tree_size from publication where tree_size >= $1 order by tree_size limit 100) p
     order by (select count(*) from cosignature c where c.tree_size = p.tree_size) desc, p.tree_size limit 1`,
    [treeSize],
  );
  return rows[0]?.treeSize;
}

const ATTESTATION = 'tree_size as "treeSize", type, source, body, complete';

/** False, and nothing is changed, if this source has attested to this publication before. */
export async function insertAttestation(
  q: Queryable,
  attestation: Omit<AttestationRow, 'body'> & { body: Uint8Array; at: Date },
): Promise<boolean> {
  const { rowCount } = await q.query(
    `insert into attestation (tree_size, type, source, body, complete, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing`,
    [
      attestation.treeSize,
      attestation.type,
      attestation.source,
      attestation.body,
      attestation.complete,
      attestation.at,
    ],
  );
  return rowCount === 1;
}

/** False, and nothing is changed, if it is complete already or not there. */
export async function updateIncompleteAttestation(
  q: Queryable,
  attestation: Omit<AttestationRow, 'body'> & { body: Uint8Array; at: Date },
): Promise<boolean> {
  const { rowCount } = await q.query(
    `update attestation set body = $4, complete = $5, changed_at = $6
     where tree_size = $1 and type = $2 and source = $3 and not complete`,
    [
      attestation.treeSize,
      attestation.type,
      attestation.source,
      attestation.body,
      attestation.complete,
      attestation.at,
    ],
  );
  return rowCount === 1;
}

/** All that attest to one publication, in a fixed order. */
export async function selectAttestations(q: Queryable, treeSize: bigint): Promise<AttestationRow[]> {
  const { rows } = await q.query<AttestationRow>(
    `select ${ATTESTATION} from attestation where tree_size = $1 order by type desc, source`,
    [treeSize],
  );
  return rows;
}

/** One that a calendar has still to complete. */
export interface IncompleteAttestationRow extends AttestationRow {
  createdAt: Date;
}

/** Those that a calendar has still to complete, oldest first, of trees larger than `after`. */
export async function selectIncompleteAttestations(
  q: Queryable,
  type: AttestationType,
  source: string,
  limit: number,
  after = 0n,
): Promise<IncompleteAttestationRow[]> {
  const { rows } = await q.query<IncompleteAttestationRow>(
    `select ${ATTESTATION}, created_at as "createdAt" from attestation
     where type = $1 and source = $2 and not complete and tree_size > $4 order by tree_size limit $3`,
    [type, source, limit, after],
  );
  return rows;
}

/** What this source attested to last; undefined before the first time. */
export async function selectNewestAttestation(
  q: Queryable,
  type: AttestationType,
  source: string,
): Promise<{ treeSize: bigint; createdAt: Date } | undefined> {
  const { rows } = await q.query<{ treeSize: bigint; createdAt: Date }>(
    `select tree_size as "treeSize", created_at as "createdAt" from attestation
     where type = $1 and source = $2 order by tree_size desc limit 1`,
    [type, source],
  );
  return rows[0];
}

/**
 * Of the publications whose tree has leaf `leafIndex`, the smallest to which something of this type attests: completely, or `begun` at
 * the least.
 */
export async function selectAttestedPublicationCovering(
  q: Queryable,
  leafIndex: bigint,
  type: AttestationType,
  least: 'complete' | 'begun' = 'complete',
): Promise<bigint | undefined> {
  const { rows } = await q.query<{ treeSize: bigint | null }>(
    'select min(tree_size) as "treeSize" from attestation where tree_size > $1 and type = $2 and (complete or $3)',
    [leafIndex, type, least === 'begun'],
  );
  return rows[0]?.treeSize ?? undefined;
}
