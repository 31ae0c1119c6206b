import type { Queryable } from './pool.ts';

/** A leaf that waits for its index, or has it. */
export interface Submission {
  submissionId: bigint;
  /** 32 bytes. */
  leafData: Buffer;
  leafIndex: bigint | null;
}

const COLUMNS = `submission_id as "submissionId", leaf_data as "leafData", leaf_index as "leafIndex"`;

/** Once committed, the leaf will be in the log. After the commit call `sequencer.integrated(submissionId, …)`, which wakes it. */
export async function insertSubmission(q: Queryable, leafData: Uint8Array): Promise<bigint> {
  const { rows } = await q.query<{ submissionId: bigint }>(
    'insert into submission (leaf_data) values ($1) returning submission_id as "submissionId"',
    [leafData],
  );
  return (rows[0] as { submissionId: bigint }).submissionId;
}

/** As `insertSubmission`, in the order given. */
export async function insertSubmissions(q: Queryable, leaves: readonly Uint8Array[]): Promise<bigint[]> {
  const { rows } = await q.query<{ submissionId: bigint }>(
    `insert into submission (leaf_data)
     select leaf_data from unnest($1::bytea[]) with ordinality as t (leaf_data, position) order by position
     returning submission_id as "submissionId"`,
    [leaves],
  );
  return rows.map((row) => row.submissionId);
}

export async function selectSubmission(q: Queryable, submissionId: bigint): Promise<Submission | undefined> {
  const { rows } = await q.query<Submission>(`select ${COLUMNS} from submission where submission_id = $1`, [
    submissionId,
  ]);
  return rows[0];
}

/** Those that wait, oldest first. */
export async function selectWaitingSubmissions(q: Queryable, limit: number): Promise<Submission[]> {
  const { rows } = await q.query<Submission>(
    `select ${COLUMNS} from submission where leaf_index is null order by submission_id limit $1`,
    [limit],
  );
  return rows;
}

/** Of the given ones, those that have an index. */
export async function selectSequencedSubmissions(
  q: Queryable,
  submissionIds: readonly bigint[],
): Promise<{ submissionId: bigint; leafIndex: bigint }[]> {
  const { rows } = await q.query<{ submissionId: bigint; leafIndex: bigint }>(
    `select submission_id as "submissionId", leaf_index as "leafIndex" from submission
     where submission_id = any($1::bigint[]) and leaf_index is not null`,
    [submissionIds],
  );
  return rows;
}

/** Gives the submissions consecutive indices from `firstIndex`, in the order given. */
export async function updateSubmissionsSequenced(
  q: Queryable,
  submissionIds: readonly bigint[],
  firstIndex: bigint,
): Promise<number> {
  const { rowCount } = await q.query(
    `update submission s set leaf_index = $2::bigint + t.position - 1
     from unnest($1::bigint[]) with ordinality as t (submission_id, position)
     where s.submission_id = t.submission_id and s.leaf_index is null`,
    [submissionIds, firstIndex],
  );
  return rowCount ?? 0;
}

/**
 * Waiting submissions whose leaf is in the tree already, at or after `firstIndex`, get that index. Leaves hold salted
 * commitments, so equal leaf data is the same submission.
 */
export async function updateSubmissionsFoundInTree(q: Queryable, firstIndex: bigint): Promise<number> {
  const { rowCount } = await q.query(
    `update submission s set leaf_index = l.leaf_index from leaf l
     where s.leaf_index is null and l.leaf_index >= $1 and l.leaf_data = s.leaf_data
       and not exists (select from submission other where other.leaf_index = l.leaf_index)
       and s.submission_id = (select min(submission_id) from submission twin
                              where twin.leaf_index is null and twin.leaf_data = s.leaf_data)
       and l.leaf_index = (select min(leaf_index) from leaf twin
                           where twin.leaf_index >= $1 and twin.leaf_data = s.leaf_data)`,
    [firstIndex],
  );
  return rowCount ?? 0;
}
