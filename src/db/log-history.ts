import type { Queryable } from './pool.ts';

/** What the log has done so far, in sums: nothing here tells of a single deposit. */

/** What was published on one UTC day. */
export interface GrowthDay {
  /** `2026-11-22`. */
  day: string;
  /** Of the largest tree that was published that day. */
  treeSize: bigint;
  publications: number;
}

/** Anchors of one contract that became final on one UTC day. */
export interface AnchorDay {
  day: string;
  anchors: number;
}

/** Of a sample of delays; whole seconds, rounded up; never below 0, though clocks may differ. Half took no longer than `medianSeconds`, nine in ten no longer than the other. */
export interface Delay {
  samples: number;
  medianSeconds: number | null;
  ninetiethSeconds: number | null;
}

/** Who outside attested to the newest publications. */
export interface Attested {
  /** So many of the newest publications were looked at. */
  publications: number;
  /** Of these, with a token of at least one authority, and of at least two. */
  stampedByOne: number;
  stampedByTwo: number;
  /** OpenTimestamps proofs of them that have reached Bitcoin, and those that wait for it. */
  bitcoinComplete: number;
  bitcoinPending: number;
}

export interface WitnessCount {
  vkey: string;
  /** Of the newest publications, those that it cosigned. */
  cosigned: number;
  /** The largest tree that it cosigned. */
  treeSize: bigint;
  lastAt: Date;
}

/** Bounds what a question costs however old the log is. */
const SAMPLE = 1000;

/** Oldest day first; days without a publication are left out. */
export async function selectGrowth(q: Queryable, days: number): Promise<GrowthDay[]> {
  const { rows } = await q.query<{ day: string; treeSize: bigint; publications: bigint }>(
    `select to_char(published_at at time zone 'UTC', 'YYYY-MM-DD') as day, max(tree_size) as "treeSize", count(*) as publications
     from publication where published_at >= date_trunc('day', now(), 'UTC') - make_interval(days => $1 - 1)
     group by 1 order by 1`,
    [days],
  );
  return rows.map((row) => ({ ...row, publications: Number(row.publications) }));
}

/** Oldest day first; days without an anchor are left out. */
export async function selectAnchorDays(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
  days: number,
): Promise<AnchorDay[]> {
  const { rows } = await q.query<{ day: string; anchors: bigint }>(
    `select to_char(state_since at time zone 'UTC', 'YYYY-MM-DD') as day, count(*) as anchors
     from anchor where chain = $1 and contract = $2 and state = 'final'
       and state_since >= date_trunc('day', now(), 'UTC') - make_interval(days => $3 - 1)
     group by 1 order by 1`,
    [chain, contract, days],
  );
  return rows.map(({ day, anchors }) => ({ day, anchors: Number(anchors) }));
}

const DELAY = `count(*) as samples,
  ceil(percentile_disc(0.5) within group (order by seconds))::integer as "medianSeconds",
  ceil(percentile_disc(0.9) within group (order by seconds))::integer as "ninetiethSeconds"`;

/** From a deposit's receipt to the publication that first covers it, over the newest deposits that have one. */
export async function selectReceiptToPublication(q: Queryable): Promise<Delay> {
  return delayOf(
    await q.query<DelayRow>(
      `select ${DELAY} from (
         select greatest(0, extract(epoch from p.published_at - n.received_at)) as seconds
         from (${NEWEST_DEPOSITS}) n, lateral (
           select published_at from publication where tree_size > n.leaf_index order by tree_size limit 1) p) t`,
      [SAMPLE],
    ),
  );
}

/** From a deposit's receipt to the final anchor of one contract that first covers it, over the newest deposits that have one. */
export async function selectReceiptToAnchor(q: Queryable, chain: string, contract: Uint8Array): Promise<Delay> {
  return delayOf(
    await q.query<DelayRow>(
      `select ${DELAY} from (
         select greatest(0, extract(epoch from a.state_since - n.received_at)) as seconds
         from (${NEWEST_DEPOSITS}) n, lateral (
           select state_since from anchor
           where chain = $2 and contract = $3 and state = 'final' and tree_size > n.leaf_index
           order by tree_size limit 1) a) t`,
      [SAMPLE, chain, contract],
    ),
  );
}

/** From a publication to its own final anchor in one contract, over the newest anchors. */
export async function selectPublicationToAnchor(q: Queryable, chain: string, contract: Uint8Array): Promise<Delay> {
  return delayOf(
    await q.query<DelayRow>(
      `select ${DELAY} from (
         select greatest(0, extract(epoch from a.state_since - p.published_at)) as seconds
         from (select tree_size, state_since from anchor where chain = $2 and contract = $3 and state = 'final'
               order by tree_size desc limit $1) a join publication p using (tree_size)) t`,
      [SAMPLE, chain, contract],
    ),
  );
}

const NEWEST_DEPOSITS = `select d.received_at, s.leaf_index from submission s join deposit d using (submission_id)
   where s.leaf_index is not null order by s.leaf_index desc limit $1`;

type DelayRow = Omit<Delay, 'samples'> & { samples: bigint };

function delayOf({ rows: [row] }: { rows: DelayRow[] }): Delay {
  if (row === undefined) throw new Error('an aggregate without a row');
  return { ...row, samples: Number(row.samples) };
}

export async function selectAttested(q: Queryable): Promise<Attested> {
  const { rows } = await q.query<Record<keyof Attested, bigint | null>>(
    `with newest as (select tree_size from publication order by tree_size desc limit $1),
       stamps as (select tree_size, count(*) as tokens from attestation
                  where type = 'rfc3161' and tree_size in (select tree_size from newest) group by 1)
     select (select count(*) from newest) as publications,
       (select count(*) from stamps) as "stampedByOne",
       (select count(*) from stamps where tokens > 1) as "stampedByTwo",
       (select count(*) from attestation where type = 'opentimestamps' and complete
          and tree_size in (select tree_size from newest)) as "bitcoinComplete",
       (select count(*) from attestation where type = 'opentimestamps' and not complete
          and tree_size in (select tree_size from newest)) as "bitcoinPending"`,
    [SAMPLE],
  );
  const row = rows[0] as Record<keyof Attested, bigint | null>;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])) as unknown as Attested;
}

/** By key. */
export async function selectWitnessCounts(q: Queryable): Promise<WitnessCount[]> {
  const { rows } = await q.query<Omit<WitnessCount, 'cosigned'> & { cosigned: bigint }>(
    `select vkey, count(*) as cosigned, max(tree_size) as "treeSize", max(received_at) as "lastAt" from cosignature
     where tree_size in (select tree_size from publication order by tree_size desc limit $1)
     group by vkey order by vkey`,
    [SAMPLE],
  );
  return rows.map((row) => ({ ...row, cosigned: Number(row.cosigned) }));
}

/** What is kept, in sums. */
export interface Holdings {
  originals: number;
  originalBytes: bigint;
  previews: number;
  previewBytes: bigint;
  databaseBytes: bigint;
  /** Leaves without an index yet. */
  waitingLeaves: number;
}

export async function selectHoldings(q: Queryable): Promise<Holdings> {
  const { rows } = await q.query<{ role: string; objects: bigint; bytes: string }>(
    'select role, count(*) as objects, sum(size_bytes)::text as bytes from object_key group by role',
  );
  const { rows: others } = await q.query<{ databaseBytes: bigint; waitingLeaves: bigint }>(
    `select pg_database_size(current_database()) as "databaseBytes",
       (select count(*) from submission where leaf_index is null) as "waitingLeaves"`,
  );
  const of = (role: string) => rows.find((row) => row.role === role);
  const other = others[0] as { databaseBytes: bigint; waitingLeaves: bigint };
  return {
    originals: Number(of('original')?.objects ?? 0),
    originalBytes: BigInt(of('original')?.bytes ?? 0),
    previews: Number(of('preview')?.objects ?? 0),
    previewBytes: BigInt(of('preview')?.bytes ?? 0),
    databaseBytes: other.databaseBytes,
    waitingLeaves: Number(other.waitingLeaves),
  };
}

/** Resumable uploads on their way, and how many of their bytes are here. */
export async function selectUploadHoldings(q: Queryable): Promise<{ openUploads: number; openUploadBytes: number }> {
  const { rows } = await q.query<{ uploads: bigint; bytes: string | null }>(
    `select count(*) as uploads, sum(offset_bytes)::text as bytes from upload where state = 'open'`,
  );
  return { openUploads: Number(rows[0]?.uploads), openUploadBytes: Number(rows[0]?.bytes ?? 0) };
}
