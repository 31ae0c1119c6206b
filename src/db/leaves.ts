import type { Queryable } from './pool.ts';

/** The one row of table `log`. */
export interface LogRow {
  origin: string;
  /** Canonical bytes of tiezheng/log/v1. */
  record: Buffer;
  /** Leaves in the database; the newest of them may not be under a checkpoint yet. */
  size: bigint;
  epoch: bigint;
  leader: string | null;
  leaseUntil: Date | null;
}

export interface CheckpointRow {
  treeSize: bigint;
  rootHash: Buffer;
  /** The signed note, exact. */
  note: Buffer;
  signedAt: Date;
}

export interface PublishedCheckpointRow extends CheckpointRow {
  publishedAt: Date;
}

/** A full tile: 256 hashes of 32 bytes. */
export interface TileRow {
  level: number;
  tileIndex: bigint;
  hashes: Buffer;
}

/** Every process with the log open listens here. Payload: what there is more of, `submission`, `checkpoint` or `publication`. */
export const LOG_CHANNEL = 'tiezheng_log';

/** Not for use in a transaction that writes: committing one that notifies waits for all others that do. */
export async function notifyLog(q: Queryable, news: 'submission' | 'checkpoint' | 'publication'): Promise<void> {
  await q.query('select pg_notify($1, $2)', [LOG_CHANNEL, news]);
}

// ---------------------------------------------------------------- log

/** Undefined before the first one. */
export async function selectFirstPublicationTime(q: Queryable): Promise<Date | undefined> {
  const { rows } = await q.query<{ at: Date }>('select published_at as at from publication order by tree_size limit 1');
  return rows[0]?.at;
}

export async function selectLog(q: Queryable): Promise<LogRow | undefined> {
  const { rows } = await q.query<LogRow>(
    'select origin, record, size, epoch, leader, lease_until as "leaseUntil" from log',
  );
  return rows[0];
}

/** Opens the log with leaf 0 in it. False, and nothing is changed, if there is one. */
export async function insertLog(
  q: Queryable,
  log: { origin: string; record: Uint8Array; leafData: Uint8Array },
): Promise<boolean> {
  const { rowCount } = await q.query(
    `with opened as (insert into log (origin, record, size) values ($1, $2, 1) on conflict do nothing returning size)
     insert into leaf (leaf_index, leaf_data) select 0, $3::bytea from opened`,
    [log.origin, log.record, log.leafData],
  );
  return rowCount === 1;
}

/** A term of leadership: who leads, and the number that its writes carry. */
export interface Term {
  leader: string;
  epoch: bigint;
}

/**
 * Takes the lead if nobody's lease runs, by the database's clock.
 * @param force also while a lease runs: for a caller that knows its holder to be gone
 */
export async function updateLogLeader(
  q: Queryable,
  leader: string,
  leaseMs: number,
  force: boolean,
): Promise<Term | undefined> {
  const { rows } = await q.query<Term>(
    `update log set leader = $1, epoch = epoch + 1, lease_until = clock_timestamp() + $2 * interval '1 millisecond'
     where $3 or lease_until is null or lease_until < clock_timestamp()
     returning leader, epoch`,
    [leader, leaseMs, force],
  );
  return rows[0];
}

/** False if the term is over. */
export async function updateLogLease(q: Queryable, term: Term, leaseMs: number): Promise<boolean> {
  const { rowCount } = await q.query(
    `update log set lease_until = clock_timestamp() + $3 * interval '1 millisecond' where leader = $1 and epoch = $2`,
    [term.leader, term.epoch, leaseMs],
  );
  return rowCount === 1;
}

/** Lets others lead at once. */
export async function updateLogLeaseReleased(q: Queryable, term: Term): Promise<void> {
  await q.query('update log set lease_until = null where leader = $1 and epoch = $2', [term.leader, term.epoch]);
}

/**
 * The server ends the session of a client that pauses for longer inside this transaction: a leader that was stopped in the
 * middle must not hold the row `log` for ever.
 */
export async function limitIdleTransaction(q: Queryable, idleMs: number): Promise<void> {
  await q.query(`select set_config('idle_in_transaction_session_timeout', $1, true)`, [String(idleMs)]);
}

/**
 * The fence: moves the size on if it is still `oldSize` and the term is still the newest. Belongs into the transaction that
 * adds the leaves, before them: from then until its end no other term can begin.
 */
export async function updateLogSize(
  q: Queryable,
  term: Term,
  oldSize: bigint,
  newSize: bigint,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await q.query(
    `update log set size = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond'
     where leader = $1 and epoch = $2 and size = $3`,
    [term.leader, term.epoch, oldSize, newSize, leaseMs],
  );
  return rowCount === 1;
}

// ---------------------------------------------------------------- leaves and tiles

/** Gives the leaves consecutive indices from `firstIndex`. */
export async function insertLeaves(q: Queryable, firstIndex: bigint, leaves: readonly Uint8Array[]): Promise<void> {
  await q.query(
    `insert into leaf (leaf_index, leaf_data)
     select $1::bigint + position - 1, leaf_data from unnest($2::bytea[]) with ordinality as t (leaf_data, position)`,
    [firstIndex, leaves],
  );
}

/** Leaf data of the leaves first ≤ index < end that exist, in order. */
export async function selectLeaves(q: Queryable, first: bigint, end: bigint): Promise<Buffer[]> {
  const { rows } = await q.query<{ leaf_data: Buffer }>(
    'select leaf_data from leaf where leaf_index >= $1 and leaf_index < $2 order by leaf_index',
    [first, end],
  );
  return rows.map((row) => row.leaf_data);
}

/** One more than the highest index; 0 if there are none. */
export async function selectLeafEnd(q: Queryable): Promise<bigint> {
  const { rows } = await q.query<{ leafEnd: bigint }>('select coalesce(max(leaf_index) + 1, 0) as "leafEnd" from leaf');
  return (rows[0] as { leafEnd: bigint }).leafEnd;
}

/** A tile that is there already stays: full tiles of one log never differ. */
export async function insertTiles(q: Queryable, tiles: readonly TileRow[]): Promise<void> {
  if (tiles.length === 0) return;
  await q.query(
    `insert into tile (level, tile_index, hashes)
     select * from unnest($1::smallint[], $2::bigint[], $3::bytea[]) on conflict do nothing`,
    [tiles.map((t) => t.level), tiles.map((t) => t.tileIndex), tiles.map((t) => t.hashes)],
  );
}

/** Full tiles of one level with first ≤ index < end, in order. */
export async function selectTiles(q: Queryable, level: number, first: bigint, end: bigint): Promise<TileRow[]> {
  const { rows } = await q.query<TileRow>(
    `select level, tile_index as "tileIndex", hashes from tile
     where level = $1 and tile_index >= $2 and tile_index < $3 order by tile_index`,
    [level, first, end],
  );
  return rows;
}

// ---------------------------------------------------------------- checkpoints

const CHECKPOINT = 'c.tree_size as "treeSize", c.root_hash as "rootHash", c.note, c.signed_at as "signedAt"';

/** For a checkpoint that the register has accepted. One that is there already stays. */
export async function insertCheckpoint(
  q: Queryable,
  checkpoint: { treeSize: bigint; rootHash: Uint8Array; note: Uint8Array },
): Promise<void> {
  await q.query(
    `insert into checkpoint (tree_size, root_hash, note, signed_at) values ($1, $2, $3, clock_timestamp())
     on conflict do nothing`,
    [checkpoint.treeSize, checkpoint.rootHash, checkpoint.note],
  );
}

export async function selectCheckpoint(q: Queryable, treeSize: bigint): Promise<CheckpointRow | undefined> {
  const { rows } = await q.query<CheckpointRow>(`select ${CHECKPOINT} from checkpoint c where tree_size = $1`, [
    treeSize,
  ]);
  return rows[0];
}

export async function selectNewestCheckpoint(q: Queryable): Promise<CheckpointRow | undefined> {
  const { rows } = await q.query<CheckpointRow>(
    `select ${CHECKPOINT} from checkpoint c order by tree_size desc limit 1`,
  );
  return rows[0];
}

/** Ascending, those larger than `above`. For audits. */
export async function selectCheckpoints(q: Queryable, above: bigint, limit: number): Promise<CheckpointRow[]> {
  const { rows } = await q.query<CheckpointRow>(
    `select ${CHECKPOINT} from checkpoint c where tree_size > $1 order by tree_size limit $2`,
    [above, limit],
  );
  return rows;
}

/** What stands against publishing: a publication that is as large, or younger than `$3` milliseconds by the database's clock. */
const PUBLISHED = `exists (select from publication p where p.tree_size >= c.tree_size
                            or p.published_at > clock_timestamp() - $3 * interval '1 millisecond')`;

/** The newest checkpoint if `insertPublication` would publish it now; undefined if not. */
export async function selectPublicationDue(
  q: Queryable,
  term: Term,
  intervalMs: number,
): Promise<CheckpointRow | undefined> {
  const { rows } = await q.query<CheckpointRow>(
    `select ${CHECKPOINT} from log, (select * from checkpoint order by tree_size desc limit 1) c
     where log.leader = $1 and log.epoch = $2 and not ${PUBLISHED}`,
    [term.leader, term.epoch, intervalMs],
  );
  return rows[0];
}

/**
 * Publishes the newest checkpoint if it is larger than the last published one, that one is older than `intervalMs` by the
 * database's clock, and the term is still the newest.
 * @param treeSize publishes this checkpoint instead, which may have been overtaken meanwhile
 * @returns its tree size; undefined if there was nothing to publish, or not by this term
 */
export async function insertPublication(
  q: Queryable,
  term: Term,
  intervalMs: number,
  treeSize?: bigint,
): Promise<bigint | undefined> {
  const { rows } = await q.query<{ treeSize: bigint }>(
    `insert into publication (tree_size, published_at)
     select c.tree_size, clock_timestamp()
     from log, (select max(tree_size) as tree_size from checkpoint where $4::bigint is null or tree_size = $4) c
     where log.leader = $1 and log.epoch = $2 and c.tree_size is not null and not ${PUBLISHED}
     on conflict do nothing
     returning tree_size as "treeSize"`,
    [term.leader, term.epoch, intervalMs, treeSize ?? null],
  );
  return rows[0]?.treeSize;
}

export async function selectNewestPublication(q: Queryable): Promise<PublishedCheckpointRow | undefined> {
  const { rows } = await q.query<PublishedCheckpointRow>(
    `select ${CHECKPOINT}, p.published_at as "publishedAt" from publication p join checkpoint c using (tree_size)
     order by p.tree_size desc limit 1`,
  );
  return rows[0];
}

/** The smallest published checkpoint of at least `treeSize` leaves. */
export async function selectPublicationCovering(
  q: Queryable,
  treeSize: bigint,
): Promise<PublishedCheckpointRow | undefined> {
  const { rows } = await q.query<PublishedCheckpointRow>(
    `select ${CHECKPOINT}, p.published_at as "publishedAt" from publication p join checkpoint c using (tree_size)
     where p.tree_size >= $1 order by p.tree_size limit 1`,
    [treeSize],
  );
  return rows[0];
}
