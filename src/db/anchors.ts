import type { Queryable } from './pool.ts';

export interface BlockHeaderRow {
  /** CAIP-2. */
  chain: string;
  blockHash: Uint8Array;
  blockNumber: bigint;
  blockTime: Date;
  /** RLP; null on chains whose header hash cannot be rebuilt. */
  header: Uint8Array | null;
  seenFinalAt: Date;
}

/** `intended`: perhaps signed, perhaps even sent. `sent`: a node has taken a transaction. `mined`: in a block. `final`: the block stays. */
export type AnchorState = 'intended' | 'sent' | 'mined' | 'final';

/** The contract went on to a larger tree of this log without this one, which can never be anchored now. */
export type OvertakenAnchorState = 'superseded';

export interface AnchorRow {
  anchorId: bigint;
  chain: string;
  /** 20 bytes. */
  contract: Buffer;
  treeSize: bigint;
  rootHash: Buffer;
  state: AnchorState | OvertakenAnchorState;
  stateSince: Date;
  blockHash: Buffer | null;
  transactionHash: Buffer | null;
  /** Canonical bytes of the evm attestation; set when final. */
  attestation: Buffer | null;
}

/** One that a deposit can rest on, or will. */
export type LiveAnchorRow = AnchorRow & { state: AnchorState };

export interface AnchorTransactionRow {
  transactionHash: Buffer;
  anchorId: bigint;
  nonce: bigint;
  raw: Buffer;
  signedAt: Date;
}

export interface AnchorEventRow {
  at: Date;
  state: string;
  detail: string;
}

// ---------------------------------------------------------------- blocks

const BLOCK = `chain, block_hash as "blockHash", block_number as "blockNumber", block_time as "blockTime", header,
  seen_final_at as "seenFinalAt"`;

/** One that is there already stays. */
export async function insertBlockHeader(q: Queryable, block: BlockHeaderRow): Promise<void> {
  await q.query(
    `insert into block_header (chain, block_hash, block_number, block_time, header, seen_final_at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [block.chain, block.blockHash, block.blockNumber, block.blockTime, block.header, block.seenFinalAt],
  );
}

export async function selectBlockHeader(
  q: Queryable,
  chain: string,
  blockHash: Uint8Array,
): Promise<BlockHeaderRow | undefined> {
  const { rows } = await q.query<BlockHeaderRow>(
    `select ${BLOCK} from block_header where chain = $1 and block_hash = $2`,
    [chain, blockHash],
  );
  return rows[0];
}

/** By number. */
export async function selectNewestBlockHeader(q: Queryable, chain: string): Promise<BlockHeaderRow | undefined> {
  const { rows } = await q.query<BlockHeaderRow>(
    `select ${BLOCK} from block_header where chain = $1 order by block_number desc limit 1`,
    [chain],
  );
  return rows[0];
}

// ---------------------------------------------------------------- anchors

const ANCHOR = `anchor_id as "anchorId", chain, contract, tree_size as "treeSize", root_hash as "rootHash", state,
  state_since as "stateSince", block_hash as "blockHash", transaction_hash as "transactionHash", attestation`;

/** Records the intent. Rejects with pg's 23505 on `anchor_one_in_flight` while another one is on its way. */
export async function insertAnchor(
  q: Queryable,
  anchor: { chain: string; contract: Uint8Array; treeSize: bigint; rootHash: Uint8Array; at: Date },
): Promise<bigint> {
  const { rows } = await q.query<{ anchorId: bigint }>(
    `insert into anchor (chain, contract, tree_size, root_hash, state, state_since)
     values ($1, $2, $3, $4, 'intended', $5) returning anchor_id as "anchorId"`,
    [anchor.chain, anchor.contract, anchor.treeSize, anchor.rootHash, anchor.at],
  );
  return (rows[0] as { anchorId: bigint }).anchorId;
}

export async function selectAnchor(q: Queryable, anchorId: bigint): Promise<AnchorRow | undefined> {
  return (await q.query<AnchorRow>(`select ${ANCHOR} from anchor where anchor_id = $1`, [anchorId])).rows[0];
}

/** The one that is neither final nor superseded. */
export async function selectAnchorInFlight(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
): Promise<LiveAnchorRow | undefined> {
  const { rows } = await q.query<LiveAnchorRow>(
    `select ${ANCHOR} from anchor where chain = $1 and contract = $2 and state not in ('final', 'superseded')`,
    [chain, contract],
  );
  return rows[0];
}

/** Of any state. */
export async function selectAnchorOfSize(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
  treeSize: bigint,
): Promise<AnchorRow | undefined> {
  const { rows } = await q.query<AnchorRow>(
    `select ${ANCHOR} from anchor where chain = $1 and contract = $2 and tree_size = $3`,
    [chain, contract, treeSize],
  );
  return rows[0];
}

/** Of any state, the one with the largest tree. */
export async function selectNewestAnchor(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
): Promise<AnchorRow | undefined> {
  const { rows } = await q.query<AnchorRow>(
    `select ${ANCHOR} from anchor where chain = $1 and contract = $2 order by tree_size desc limit 1`,
    [chain, contract],
  );
  return rows[0];
}

export async function selectNewestFinalAnchor(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
): Promise<AnchorRow | undefined> {
  const { rows } = await q.query<AnchorRow>(
    `select ${ANCHOR} from anchor where chain = $1 and contract = $2 and state = 'final' order by tree_size desc limit 1`,
    [chain, contract],
  );
  return rows[0];
}

/** When an anchor was last begun, whatever became of it. */
export async function selectLastIntentTime(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
): Promise<Date | undefined> {
  const { rows } = await q.query<{ at: Date | null }>(
    `select max(e.at) as at from anchor_event e join anchor a using (anchor_id)
     where a.chain = $1 and a.contract = $2 and e.state = 'intended'`,
    [chain, contract],
  );
  return rows[0]?.at ?? undefined;
}

/** On each chain and contract, the smallest final anchor of a tree that has leaf `leafIndex`. */
export async function selectFinalAnchorsCovering(q: Queryable, leafIndex: bigint): Promise<LiveAnchorRow[]> {
  const { rows } = await q.query<LiveAnchorRow>(
    `select distinct on (chain, contract) ${ANCHOR} from anchor
     where state = 'final' and tree_size > $1 order by chain, contract, tree_size`,
    [leafIndex],
  );
  return rows;
}

/** On each chain and contract, the largest tree that a final anchor holds, and that one held which was final at `before`; 0 if none. */
export async function selectFinalTreeSizes(
  q: Queryable,
  before: Date,
): Promise<{ chain: string; contract: Buffer; newest: bigint; newestBefore: bigint }[]> {
  const { rows } = await q.query<{ chain: string; contract: Buffer; newest: bigint; newestBefore: bigint }>(
    `select chain, contract, max(tree_size) as newest,
       coalesce(max(tree_size) filter (where state_since <= $1), 0) as "newestBefore"
     from anchor where state = 'final' group by chain, contract`,
    [before],
  );
  return rows;
}

/** On each chain and contract, the smallest anchor of any state but superseded whose tree has leaf `leafIndex`. */
export async function selectAnchorsCovering(q: Queryable, leafIndex: bigint): Promise<LiveAnchorRow[]> {
  const { rows } = await q.query<LiveAnchorRow>(
    `select distinct on (chain, contract) ${ANCHOR} from anchor
     where tree_size > $1 and state <> 'superseded' order by chain, contract, tree_size`,
    [leafIndex],
  );
  return rows;
}

/**
 * Moves an anchor from one state to another. False, and nothing is changed, if it is not in `from`. Block, transaction and
 * attestation become what is given, null included.
 */
export async function updateAnchorState(
  q: Queryable,
  anchorId: bigint,
  from: AnchorState | OvertakenAnchorState,
  to: {
    state: AnchorState | OvertakenAnchorState;
    at: Date;
    blockHash: Uint8Array | null;
    transactionHash: Uint8Array | null;
    attestation: Uint8Array | null;
  },
): Promise<boolean> {
  const { rowCount } = await q.query(
    `update anchor set state = $3, state_since = $4, block_hash = $5, transaction_hash = $6, attestation = $7
     where anchor_id = $1 and state = $2`,
    [anchorId, from, to.state, to.at, to.blockHash, to.transactionHash, to.attestation],
  );
  return rowCount === 1;
}

/** Before the transaction is sent. One that is there already stays. */
export async function insertAnchorTransaction(
  q: Queryable,
  transaction: {
    transactionHash: Uint8Array;
    anchorId: bigint;
    nonce: bigint;
    /** Signed, as it goes out. */
    raw: Uint8Array;
    signedAt: Date;
  },
): Promise<void> {
  await q.query(
    `insert into anchor_transaction (transaction_hash, anchor_id, nonce, raw, signed_at) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [transaction.transactionHash, transaction.anchorId, transaction.nonce, transaction.raw, transaction.signedAt],
  );
}

/** Oldest first. */
export async function selectAnchorTransactions(q: Queryable, anchorId: bigint): Promise<AnchorTransactionRow[]> {
  const { rows } = await q.query<AnchorTransactionRow>(
    `select transaction_hash as "transactionHash", anchor_id as "anchorId", nonce, raw, signed_at as "signedAt"
     from anchor_transaction where anchor_id = $1 order by signed_at, nonce`,
    [anchorId],
  );
  return rows;
}

export async function insertAnchorEvent(q: Queryable, anchorId: bigint, event: AnchorEventRow): Promise<void> {
  await q.query('insert into anchor_event (anchor_id, at, state, detail) values ($1, $2, $3, $4)', [
    anchorId,
    event.at,
    event.state,
    event.detail,
  ]);
}

/** Oldest first. */
export async function selectAnchorEvents(q: Queryable, anchorId: bigint): Promise<AnchorEventRow[]> {
  const { rows } = await q.query<AnchorEventRow>(
    'select at, state, detail from anchor_event where anchor_id = $1 order by anchor_event_id',
    [anchorId],
  );
  return rows;
}

const FINAL_BLOCKS = `select chain, block_hash, seen_final_at as at from block_header
   union all
   select chain, block_hash, state_since from anchor where state = 'final' and block_hash is not null`;

/** The newest blocks that deposits or final anchors refer to, oldest first. All were final when they were written down. */
export async function selectFinalBlocks(q: Queryable, limit: number): Promise<{ chain: string; blockHash: Buffer }[]> {
  const { rows } = await q.query<{ chain: string; blockHash: Buffer }>(
    `select chain, block_hash as "blockHash" from (${FINAL_BLOCKS}) b
     group by chain, block_hash order by min(at) desc, block_hash limit $1`,
    [limit],
  );
  return rows.reverse();
}

/** Of the given blocks, those that were seen final. */
export async function selectFinalBlocksAmong(
  q: Queryable,
  blockHashes: readonly Uint8Array[],
): Promise<{ chain: string; blockHash: Buffer }[]> {
  const { rows } = await q.query<{ chain: string; blockHash: Buffer }>(
    `select distinct chain, block_hash as "blockHash" from (${FINAL_BLOCKS}) b where block_hash = any($1::bytea[])`,
    [blockHashes],
  );
  return rows;
}

/** The newest published checkpoint that is on its way into a contract, or there already. */
export async function selectNewestAnchoredCheckpoint(
  q: Queryable,
): Promise<{ treeSize: bigint; rootHash: Buffer } | undefined> {
  const { rows } = await q.query<{ treeSize: bigint; rootHash: Buffer }>(
    `select c.tree_size as "treeSize", c.root_hash as "rootHash"
     from anchor a join publication using (tree_size) join checkpoint c using (tree_size)
     where a.state <> 'superseded' order by a.tree_size desc limit 1`,
  );
  return rows[0];
}
