import type { Queryable } from './pool.ts';

export type ArchiveRound = 'initial' | 'timestamp-renewal' | 'hash-tree-renewal';
export type ArchiveAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** What a leaf stands for: a thing that is proved, or an older timestamp that is renewed. */
export type ArchiveSubject =
  | { kind: 'file'; depositId: string; fileIndex: number }
  | { kind: 'deposit'; depositId: string }
  | { kind: 'publication'; treeSize: bigint; source: string }
  | { kind: 'token'; treeSize: bigint; source: string }
  | { kind: 'stamp'; renews: bigint };

/** A thing that an evidence record is about. */
export type ArchivedObject = Exclude<ArchiveSubject, { kind: 'token' | 'stamp' }>;

export interface ArchiveLeaf {
  subject: ArchiveSubject;
  hash: Uint8Array;
  /** Of a hash-tree renewal: last stamp that it takes up; null for none. */
  covers: bigint | null;
}

/** A tree for which a token is still to be had. */
export interface IntendedStamp {
  stampId: bigint;
  round: ArchiveRound;
  algorithm: ArchiveAlgorithm;
  root: Buffer;
  intendedAt: Date;
}

export interface CompleteStamp extends IntendedStamp {
  /** Address of the authority. */
  source: string;
  token: Buffer;
  certificates: Buffer[];
  revocation: Buffer[];
  genTime: Date;
}

const STAMP = 'stamp_id as "stampId", round, algorithm, root, intended_at as "intendedAt"';
const TOKEN = 'source, token, certificates, revocation, gen_time as "genTime"';

/** Inserts a stamp with all its leaves, in one transaction of the caller's. @returns its id */
export async function insertArchiveStamp(
  q: Queryable,
  stamp: {
    round: ArchiveRound;
    algorithm: ArchiveAlgorithm;
    root: Uint8Array;
    at: Date;
    leaves: readonly ArchiveLeaf[];
  },
): Promise<bigint> {
  const { rows } = await q.query<{ stampId: bigint }>(
    'insert into archive_stamp (round, algorithm, root, intended_at) values ($1, $2, $3, $4) returning stamp_id as "stampId"',
    [stamp.round, stamp.algorithm, stamp.root, stamp.at],
  );
  const { stampId } = rows[0] as { stampId: bigint };
  const subjects = stamp.leaves.map(({ subject }) => subject);
  await q.query(
    `insert into archive_leaf (stamp_id, position, kind, hash, deposit_id, file_index, tree_size, source, renews, covers)
     select $1, p - 1, k, h, d, f, t, s, r, c
     from unnest($2::text[], $3::bytea[], $4::uuid[], $5::int[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[])
       with ordinality as leaf (k, h, d, f, t, s, r, c, p)`,
    [
      stampId,
      subjects.map(({ kind }) => kind),
      stamp.leaves.map(({ hash }) => Buffer.from(hash)),
      subjects.map((subject) => ('depositId' in subject ? subject.depositId : null)),
      subjects.map((subject) => (subject.kind === 'file' ? subject.fileIndex : null)),
      subjects.map((subject) => ('treeSize' in subject ? subject.treeSize : null)),
      subjects.map((subject) => ('source' in subject ? subject.source : null)),
      subjects.map((subject) => (subject.kind === 'stamp' ? subject.renews : null)),
      stamp.leaves.map(({ covers }) => covers),
    ],
  );
  return stampId;
}

/** False, and nothing is changed, if it has its token already. */
export async function completeArchiveStamp(
  q: Queryable,
  stamp: {
    stampId: bigint;
    source: string;
    token: Uint8Array;
    certificates: readonly Uint8Array[];
    revocation: readonly Uint8Array[];
    genTime: Date;
    at: Date;
  },
): Promise<boolean> {
  const { rowCount } = await q.query(
    `update archive_stamp set source = $2, token = $3, certificates = $4::bytea[], revocation = $5::bytea[], gen_time = $6, completed_at = $7
     where stamp_id = $1 and token is null`,
    [
      stamp.stampId,
      stamp.source,
      stamp.token,
      stamp.certificates.map((der) => Buffer.from(der)),
      stamp.revocation.map((der) => Buffer.from(der)),
      stamp.genTime,
      stamp.at,
    ],
  );
  return rowCount === 1;
}

/** Those that wait for their token, oldest first. */
export async function selectIntendedStamps(q: Queryable): Promise<IntendedStamp[]> {
  const { rows } = await q.query<IntendedStamp>(
    `select ${STAMP} from archive_stamp where token is null order by stamp_id`,
  );
  return rows;
}

export async function selectCompleteStamp(q: Queryable, stampId: bigint): Promise<CompleteStamp | undefined> {
  const { rows } = await q.query<CompleteStamp>(
    `select ${STAMP}, ${TOKEN} from archive_stamp where stamp_id = $1 and token is not null`,
    [stampId],
  );
  return rows[0];
}

/** Hashes of a stamp's leaves, in order. */
export async function selectLeafHashes(q: Queryable, stampId: bigint): Promise<Buffer[]> {
  const { rows } = await q.query<{ hash: Buffer }>(
    'select hash from archive_tree where stamp_id = $1 order by position',
    [stampId],
  );
  return rows.map(({ hash }) => hash);
}

/** Where something stands in a tree that has its token. */
export interface LeafPlace {
  stampId: bigint;
  position: number;
  hash: Buffer;
  covers: bigint | null;
}

const PLACE = 'l.stamp_id as "stampId", l.position, l.hash, l.covers';

/** Every place of an object, in the order of its chains. A publication's first chain begins with its own token, which has none. */
export async function selectObjectPlaces(q: Queryable, object: ArchivedObject): Promise<LeafPlace[]> {
  const where =
    object.kind === 'publication'
      ? 'l.tree_size = $2 and l.source = $3'
      : object.kind === 'file'
        ? 'l.deposit_id = $2 and l.file_index = $3'
        : 'l.deposit_id = $2';
  const values =
    object.kind === 'publication'
      ? [object.treeSize, object.source]
      : object.kind === 'file'
        ? [object.depositId, object.fileIndex]
        : [object.depositId];
  const { rows } = await q.query<LeafPlace>(
    `select ${PLACE} from archive_leaf l join archive_stamp s using (stamp_id)
     where l.kind = $1 and ${where} and s.token is not null order by l.stamp_id`,
    [object.kind, ...values],
  );
  return rows;
}

/** Where an older timestamp is renewed; undefined if it is not, or the renewing one still waits for its token. */
export async function selectRenewalPlace(
  q: Queryable,
  of: { stampId: bigint } | { treeSize: bigint; source: string },
): Promise<LeafPlace | undefined> {
  const [where, values] =
    'stampId' in of
      ? ["l.kind = 'stamp' and l.renews = $1", [of.stampId]]
      : ["l.kind = 'token' and l.tree_size = $1 and l.source = $2", [of.treeSize, of.source]];
  const { rows } = await q.query<LeafPlace>(
    `select ${PLACE} from archive_leaf l join archive_stamp s using (stamp_id) where ${where} and s.token is not null`,
    values,
  );
  return rows[0];
}

/** Deposits in the log that no tree holds yet, oldest first. Those whose record was erased are left out. */
export async function selectUnarchivedDeposits(q: Queryable, limit: number): Promise<string[]> {
  const { rows } = await q.query<{ depositId: string }>(
    `select d.deposit_id as "depositId" from deposit d join submission s using (submission_id)
     where s.leaf_index is not null
       and not exists (select from archive_leaf l where l.deposit_id = d.deposit_id)
       and exists (select from file_entry f where f.deposit_id = d.deposit_id)
     order by d.submission_id limit $1`,
    [limit],
  );
  return rows.map(({ depositId }) => depositId);
}

export async function insertBlind(
  q: Queryable,
  rows: readonly { depositId: string; fileIndex: number; blind: Uint8Array }[],
): Promise<void> {
  await q.query(
    'insert into archive_blind (deposit_id, file_index, blind) select * from unnest($1::uuid[], $2::int[], $3::bytea[])',
    [
      rows.map(({ depositId }) => depositId),
      rows.map(({ fileIndex }) => fileIndex),
      rows.map(({ blind }) => Buffer.from(blind)),
    ],
  );
}

/** @param fileIndex -1: of the deposit as a whole */
export async function selectBlind(q: Queryable, depositId: string, fileIndex: number): Promise<Buffer | undefined> {
  const { rows } = await q.query<{ blind: Buffer }>(
    'select blind from archive_blind where deposit_id = $1 and file_index = $2',
    [depositId, fileIndex],
  );
  return rows[0]?.blind;
}

export async function insertArchiveDigest(
  q: Queryable,
  row: { depositId: string; fileIndex: number; algorithm: ArchiveAlgorithm; digest: Uint8Array },
): Promise<void> {
  await q.query(
    'insert into archive_digest (deposit_id, file_index, algorithm, digest) values ($1, $2, $3, $4) on conflict do nothing',
    [row.depositId, row.fileIndex, row.algorithm, row.digest],
  );
}

/** By position of the file. */
export async function selectArchiveDigests(
  q: Queryable,
  depositId: string,
  algorithm: ArchiveAlgorithm,
): Promise<Map<number, Uint8Array>> {
  const { rows } = await q.query<{ fileIndex: number; digest: Buffer }>(
    'select file_index as "fileIndex", digest from archive_digest where deposit_id = $1 and algorithm = $2',
    [depositId, algorithm],
  );
  return new Map(rows.map(({ fileIndex, digest }) => [fileIndex, new Uint8Array(digest)]));
}

/**
 * Timestamps at the end of a chain on which something rests: those that have no renewal (intended ones count) and are not taken up, with
 * all that rests on them, by a hash-tree renewal.
 */
export async function selectLiveStamps(q: Queryable): Promise<CompleteStamp[]> {
  const { rows } = await q.query<CompleteStamp>(
    `with recursive resting as (
       select distinct l.stamp_id from archive_leaf l
       where l.kind in ('file', 'deposit', 'publication', 'token')
         and not exists (select from archive_leaf n
                         where n.deposit_id = l.deposit_id and n.file_index is not distinct from l.file_index
                           and n.kind = l.kind and n.stamp_id > l.stamp_id)
         and not exists (select from archive_leaf n
                         where n.tree_size = l.tree_size and n.source = l.source and n.kind = 'publication'
                           and n.stamp_id > l.stamp_id)),
     reached as (
       select stamp_id from resting
       union
       select l.stamp_id from reached r join archive_leaf l on l.kind = 'stamp' and l.renews = r.stamp_id)
     select ${STAMP}, ${TOKEN} from archive_stamp s join reached using (stamp_id)
     where s.token is not null and not exists (select from archive_leaf l where l.kind = 'stamp' and l.renews = s.stamp_id)
     order by stamp_id`,
  );
  return rows;
}

/** Tokens of publications that nothing has renewed or taken up, by the certificates that they rest on. */
export interface LiveTokens {
  source: string;
  /** DER, signer first. */
  certificates: Buffer[];
  count: bigint;
}

const UNRENEWED = `a.type = 'rfc3161' and a.complete
  and not exists (select from archive_leaf l where l.tree_size = a.tree_size and l.source = a.source)`;

export async function selectLiveTokens(q: Queryable): Promise<LiveTokens[]> {
  const { rows } = await q.query<LiveTokens>(
    `select m.source, m.certificates, count(*) as count
     from attestation a join timestamp_material m using (tree_size, source)
     where ${UNRENEWED} group by m.source, m.certificates order by m.source`,
  );
  return rows;
}

/** A page of them, smallest tree first. */
export async function selectUnrenewedTokens(
  q: Queryable,
  rest: Pick<LiveTokens, 'source' | 'certificates'> | undefined,
  after: { treeSize: bigint; source: string },
  limit: number,
): Promise<{ treeSize: bigint; source: string; body: Buffer }[]> {
  const { rows } = await q.query<{ treeSize: bigint; source: string; body: Buffer }>(
    `select a.tree_size as "treeSize", a.source, a.body
     from attestation a join timestamp_material m using (tree_size, source)
     where ${UNRENEWED} and (a.tree_size, a.source) > ($1, $2)
       and ($4::text is null or m.source = $4 and m.certificates = $5::bytea[])
     order by a.tree_size, a.source limit $3`,
    [after.treeSize, after.source, limit, rest?.source ?? null, rest?.certificates ?? null],
  );
  return rows;
}

/** Deposits of which a file, or all files together, have no chain of that digest. */
export async function selectDepositsWithout(
  q: Queryable,
  algorithm: ArchiveAlgorithm,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { rows } = await q.query<{ depositId: string }>(
    `select distinct l.deposit_id as "depositId" from archive_leaf l
     where l.deposit_id is not null and ($2::uuid is null or l.deposit_id > $2)
       and not exists (select from archive_leaf n join archive_stamp s using (stamp_id)
                       where n.deposit_id = l.deposit_id and n.file_index is not distinct from l.file_index
                         and n.kind = l.kind and s.algorithm = $1)
     order by 1 limit $3`,
    [algorithm, after, limit],
  );
  return rows.map(({ depositId }) => depositId);
}

/** Stamped publications whose record has no chain of that digest. */
export async function selectPublicationsWithout(
  q: Queryable,
  algorithm: ArchiveAlgorithm,
  after: { treeSize: bigint; source: string },
  limit: number,
): Promise<{ treeSize: bigint; source: string }[]> {
  const { rows } = await q.query<{ treeSize: bigint; source: string }>(
    `select a.tree_size as "treeSize", a.source from attestation a
     where a.type = 'rfc3161' and a.complete and (a.tree_size, a.source) > ($2, $3)
       and not exists (select from archive_leaf n join archive_stamp s using (stamp_id)
                       where n.kind = 'publication' and n.tree_size = a.tree_size and n.source = a.source
                         and s.algorithm = $1)
     order by a.tree_size, a.source limit $4`,
    [algorithm, after.treeSize, after.source, limit],
  );
  return rows;
}

/** How many things rest on trees, and tokens on imprints, of these digests: each counted under its newest. */
export async function countArchived(q: Queryable): Promise<{ algorithm: ArchiveAlgorithm; objects: bigint }[]> {
  const { rows } = await q.query<{ algorithm: ArchiveAlgorithm; objects: bigint }>(
    `select s.algorithm, count(*) as objects from archive_leaf l join archive_stamp s using (stamp_id)
     where l.kind in ('file', 'deposit', 'publication')
       and not exists (select from archive_leaf n
                       where n.kind = l.kind and n.deposit_id is not distinct from l.deposit_id
                         and n.file_index is not distinct from l.file_index
                         and n.tree_size is not distinct from l.tree_size and n.source is not distinct from l.source
                         and n.stamp_id > l.stamp_id)
     group by s.algorithm order by s.algorithm`,
  );
  return rows;
}

/** Stamped publications without a tree of their own, by authority, with the newest token of each to tell the digest by. */
export async function selectUnarchivedPublications(
  q: Queryable,
): Promise<{ source: string; count: bigint; newest: Buffer }[]> {
  const { rows } = await q.query<{ source: string; count: bigint; newest: Buffer }>(
    `with bare as (
       select a.source, a.tree_size from attestation a
       where a.type = 'rfc3161' and a.complete
         and not exists (select from archive_leaf l
                         where l.kind = 'publication' and l.tree_size = a.tree_size and l.source = a.source)),
     counted as (select source, count(*) as count, max(tree_size) as tree_size from bare group by source)
     select c.source, c.count, a.body as newest
     from counted c join attestation a on a.tree_size = c.tree_size and a.source = c.source and a.type = 'rfc3161'
     order by c.source`,
  );
  return rows;
}
