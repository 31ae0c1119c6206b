import type { AnchorState } from './anchors.ts';
import type { Queryable } from './pool.ts';

/** How far one deposit has come: what each step has left of it. */
export interface DepositProgress {
  depositId: string;
  receivedAt: Date;
  fileCount: number;
  /** Canonical bytes of the statement annex; null if erased. */
  statement: Buffer | null;
  /** Null until the deposit is in the tree. */
  leafIndex: bigint | null;
  /** The smallest published checkpoint that covers the leaf. */
  publication: { treeSize: bigint; publishedAt: Date } | null;
  /** The smallest final anchor that covers the leaf, else the smallest on its way. */
  anchor: {
    chain: string;
    contract: Buffer;
    treeSize: bigint;
    state: AnchorState;
    stateSince: Date;
    blockHash: Buffer | null;
    transactionHash: Buffer | null;
  } | null;
  /** On each chain that has begun, the smallest final anchor that covers the leaf, else the smallest on its way. */
  anchors: DepositAnchor[];
  /** What calendars have come to for any publication that covers the leaf; null before the first stamp. */
  opentimestamps: 'pending' | 'complete' | null;
  /** The newest one. */
  certificate: { certificateNo: string; digest: Buffer; issuedAt: Date } | null;
}

/** Hashes and addresses are `0x` hex. */
export interface DepositAnchor {
  chain: string;
  contract: string;
  treeSize: number;
  state: AnchorState;
  stateSince: Date;
  blockHash: string | null;
  transactionHash: string | null;
}

interface Row {
  anchors: (Omit<DepositAnchor, 'stateSince'> & { stateSince: string })[] | null;
  depositId: string;
  receivedAt: Date;
  fileCount: bigint;
  statement: Buffer | null;
  leafIndex: bigint | null;
  publicationTreeSize: bigint | null;
  publishedAt: Date | null;
  chain: string | null;
  contract: Buffer | null;
  anchorTreeSize: bigint | null;
  state: AnchorState | null;
  stateSince: Date | null;
  blockHash: Buffer | null;
  transactionHash: Buffer | null;
  opentimestamps: 'pending' | 'complete' | null;
  certificateNo: string | null;
  digest: Buffer | null;
  issuedAt: Date | null;
}

const PROGRESS = `
  select d.deposit_id as "depositId", d.received_at as "receivedAt", s.leaf_index as "leafIndex",
    (select count(*) from file_entry f where f.deposit_id = d.deposit_id) as "fileCount",
    (select body from annex where annex.deposit_id = d.deposit_id and annex.name = 'statement') as statement,
    p.tree_size as "publicationTreeSize", p.published_at as "publishedAt",
    a.chain, a.contract, a.tree_size as "anchorTreeSize", a.state, a.state_since as "stateSince",
    a.block_hash as "blockHash", a.transaction_hash as "transactionHash",
    (select json_agg(json_build_object('chain', chain, 'contract', '0x' || encode(contract, 'hex'), 'treeSize', tree_size,
        'state', state, 'stateSince', state_since, 'blockHash', '0x' || encode(block_hash, 'hex'),
        'transactionHash', '0x' || encode(transaction_hash, 'hex')))
      from (select distinct on (chain, contract) * from anchor where tree_size > s.leaf_index and state <> 'superseded'
        order by chain, contract, state = 'final' desc, tree_size) each) as anchors,
    case
      when exists (select from attestation t where t.tree_size > s.leaf_index and t.type = 'opentimestamps' and t.complete) then 'complete'
      when exists (select from attestation t where t.tree_size > s.leaf_index and t.type = 'opentimestamps') then 'pending'
    end as opentimestamps,
    c.certificate_no as "certificateNo", c.digest, c.issued_at as "issuedAt"
  from deposit d
  join submission s using (submission_id)
  left join lateral (
    select * from publication where tree_size > s.leaf_index order by tree_size limit 1) p on true
  left join lateral (
    select * from anchor where tree_size > s.leaf_index and state <> 'superseded' order by state = 'final' desc, tree_size limit 1) a on true
  left join lateral (
    select certificate_no, digest, issued_at from certificate
    where certificate.deposit_id = d.deposit_id order by issued_at desc limit 1) c on true`;

/** Undefined if there is no such deposit within the fence of `q` (see row-security.ts): another's is not told from one that never was. */
export async function selectDepositProgress(q: Queryable, depositId: string): Promise<DepositProgress | undefined> {
  const { rows } = await q.query<Row>(`${PROGRESS} where d.deposit_id = $1`, [depositId]);
  return rows[0] && asProgress(rows[0]);
}

/** Newest first; `before` is the account's deposit after which the page begins, null for the first page. */
export async function selectDepositProgressOfAccount(
  q: Queryable,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<DepositProgress[]> {
  const { rows } = await q.query<Row>(
    `${PROGRESS}
     where d.account_id = $1
       and ($3::uuid is null or (d.received_at, d.deposit_id) <
         (select b.received_at, b.deposit_id from deposit b where b.deposit_id = $3 and b.account_id = $1))
     order by d.received_at desc, d.deposit_id desc limit $2`,
    [accountId, limit, before],
  );
  return rows.map(asProgress);
}

function asProgress(row: Row): DepositProgress {
  const { depositId, receivedAt, statement, leafIndex } = row;
  return {
    depositId,
    receivedAt,
    fileCount: Number(row.fileCount),
    statement,
    leafIndex,
    publication:
      row.publicationTreeSize === null
        ? null
        : { treeSize: row.publicationTreeSize, publishedAt: row.publishedAt as Date },
    anchor:
      row.anchorTreeSize === null
        ? null
        : {
            chain: row.chain as string,
            contract: row.contract as Buffer,
            treeSize: row.anchorTreeSize,
            state: row.state as AnchorState,
            stateSince: row.stateSince as Date,
            blockHash: row.blockHash,
            transactionHash: row.transactionHash,
          },
    anchors: (row.anchors ?? []).map((each) => ({ ...each, stateSince: new Date(each.stateSince) })),
    opentimestamps: row.opentimestamps,
    certificate:
      row.certificateNo === null
        ? null
        : { certificateNo: row.certificateNo, digest: row.digest as Buffer, issuedAt: row.issuedAt as Date },
  };
}
