import type { CheckpointRow } from './leaves.ts';
import type { Queryable } from './pool.ts';

const CHECKPOINT = 'c.tree_size as "treeSize", c.root_hash as "rootHash", c.note, c.signed_at as "signedAt"';

/**
 * The newest checkpoint with leaf `leafIndex` that was signed after `since`: one that somebody outside attests to if it was signed after
 * `attestedSince`, else whichever is newest, published or not.
 */
export async function selectStatusCheckpoint(
  q: Queryable,
  leafIndex: bigint,
  since: Date,
  attestedSince: Date,
): Promise<CheckpointRow | undefined> {
  const { rows } = await q.query<CheckpointRow>(
    `select ${CHECKPOINT} from checkpoint c
     where c.tree_size > $1 and c.signed_at > $2
     order by (c.signed_at > $3 and (exists (select from cosignature o where o.tree_size = c.tree_size)
                                     or exists (select from attestation a where a.tree_size = c.tree_size and a.complete)
                                     or exists (select from anchor n where n.tree_size = c.tree_size and n.state = 'final'))) desc,
              c.tree_size desc limit 1`,
    [leafIndex, since, attestedSince],
  );
  return rows[0];
}

/** Canonical bytes of the evm attestations of exactly this tree. */
export async function selectFinalAttestationsOf(q: Queryable, treeSize: bigint): Promise<Buffer[]> {
  const { rows } = await q.query<{ attestation: Buffer }>(
    `select attestation from anchor where tree_size = $1 and state = 'final' and attestation is not null order by chain, contract`,
    [treeSize],
  );
  return rows.map((row) => row.attestation);
}
