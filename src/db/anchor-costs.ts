import type { Queryable } from './pool.ts';

export interface AnchorCost {
  /** 32 bytes; a row of `anchor_transaction`. */
  transactionHash: Uint8Array;
  gasUsed: bigint;
  /** In the chain's smallest unit, all fees together. */
  costWei: bigint;
  minedAt: Date;
}

/** What one contract's anchors cost on one UTC day. */
export interface DailyAnchorCost {
  /** `2026-11-22`. */
  day: string;
  transactions: number;
  gasUsed: bigint;
  costWei: bigint;
}

/** Of one that is there already gas and cost are brought up to date; it counts for the day on which it was first seen. */
export async function upsertAnchorCost(q: Queryable, cost: AnchorCost): Promise<void> {
  await q.query(
    `insert into anchor_cost (transaction_hash, gas_used, cost_wei, mined_at) values ($1, $2, $3, $4)
     on conflict (transaction_hash) do update set gas_used = excluded.gas_used, cost_wei = excluded.cost_wei
     where (anchor_cost.gas_used, anchor_cost.cost_wei) is distinct from (excluded.gas_used, excluded.cost_wei)`,
    [cost.transactionHash, cost.gasUsed, cost.costWei, cost.minedAt],
  );
}

/** Wei spent on one contract's anchors since a moment. */
export async function selectAnchorCostSince(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
  since: Date,
): Promise<bigint> {
  const { rows } = await q.query<{ wei: string }>(
    `select coalesce(sum(c.cost_wei), 0)::text as wei
     from anchor_cost c join anchor_transaction t using (transaction_hash) join anchor a using (anchor_id)
     where a.chain = $1 and a.contract = $2 and c.mined_at >= $3`,
    [chain, contract, since],
  );
  return BigInt(rows[0]?.wei ?? '0');
}

/** Newest day first; days without a transaction are left out. */
export async function selectDailyAnchorCosts(
  q: Queryable,
  chain: string,
  contract: Uint8Array,
  days: number,
): Promise<DailyAnchorCost[]> {
  const { rows } = await q.query<{ day: string; transactions: bigint; gasUsed: string; costWei: string }>(
    `select to_char(c.mined_at at time zone 'UTC', 'YYYY-MM-DD') as day, count(*) as transactions,
       sum(c.gas_used)::text as "gasUsed", sum(c.cost_wei)::text as "costWei"
     from anchor_cost c join anchor_transaction t using (transaction_hash) join anchor a using (anchor_id)
     where a.chain = $1 and a.contract = $2 group by 1 order by 1 desc limit $3`,
    [chain, contract, days],
  );
  return rows.map(({ day, transactions, gasUsed, costWei }) => ({
    day,
    transactions: Number(transactions),
    gasUsed: BigInt(gasUsed),
    costWei: BigInt(costWei),
  }));
}
