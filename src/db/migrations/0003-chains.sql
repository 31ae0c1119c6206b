-- What anchoring costs, so that a budget can be kept to and shown.

create table anchor_cost (
  transaction_hash bytea primary key references anchor_transaction,
  gas_used bigint not null check (gas_used >= 0),
  cost_wei numeric(78, 0) not null check (cost_wei >= 0),
  mined_at timestamptz not null
);
comment on table anchor_cost is 'What each transaction of ours that a block holds has cost, whether it succeeded or not.';
comment on column anchor_cost.cost_wei is 'In the chain''s smallest unit, all fees together.';
comment on column anchor_cost.mined_at is 'When it was first seen in a block, by our clock: the day it counts for. A block that moved changes the cost, not the day.';
create index anchor_cost_by_time on anchor_cost (mined_at);
