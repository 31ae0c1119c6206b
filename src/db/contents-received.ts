import type { Queryable } from './pool.ts';

/** That the content of a file arrived after its digests. */
export interface ContentReceivedRow {
  fileIndex: number;
  /** Canonical bytes of tiezheng/content-received/v1. */
  body: Buffer;
  submissionId: bigint;
  /** Null until the leaf is in the tree. */
  leafIndex: bigint | null;
}

export async function insertContentReceived(
  q: Queryable,
  row: { depositId: string; fileIndex: number; submissionId: bigint; body: Uint8Array; at: Date },
): Promise<void> {
  await q.query(
    `insert into content_received (deposit_id, file_index, submission_id, body, recorded_at) values ($1, $2, $3, $4, $5)`,
    [row.depositId, row.fileIndex, row.submissionId, row.body, row.at],
  );
}

/** In the order of the files. */
export async function selectContentsReceived(q: Queryable, depositId: string): Promise<ContentReceivedRow[]> {
  const { rows } = await q.query<ContentReceivedRow>(
    `select c.file_index as "fileIndex", c.body, c.submission_id as "submissionId", s.leaf_index as "leafIndex"
     from content_received c join submission s using (submission_id) where c.deposit_id = $1 order by c.file_index`,
    [depositId],
  );
  return rows;
}
