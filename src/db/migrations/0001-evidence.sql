-- The evidence itself, the log over it and what was published of the log: everything a deposit leaves behind on its way to a certificate.

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: rows of this table are never changed', tg_op, tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

-- ---------------------------------------------------------------- who hands in

create table account (
  account_id uuid primary key,
  name text not null,
  kind text not null check (kind in ('person', 'organisation', 'unknown')),
  identity_method text not null default 'none',
  identity_checked_at timestamptz,
  created_at timestamptz not null default now()
);
comment on column account.identity_method is 'How the depositor''s identity was checked; "none" is a value and is printed.';

create table api_key (
  key_hash bytea primary key check (octet_length(key_hash) = 32),
  account_id uuid not null references account,
  label text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
comment on column api_key.key_hash is 'SHA-256 of the key. The key has 256 random bits, so a plain digest is enough.';

create table sign_in_token (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  account_id uuid not null references account,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table session (
  session_hash bytea primary key check (octet_length(session_hash) = 32),
  account_id uuid not null references account,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

-- ---------------------------------------------------------------- the log

create table log (
  only_row boolean primary key default true check (only_row),
  origin text not null,
  record bytea not null,
  size bigint not null default 0 check (size >= 0 and size <= 281474976710656),
  epoch bigint not null default 0,
  leader uuid,
  lease_until timestamptz
);
comment on column log.record is 'Canonical bytes of tiezheng/log/v1, the content of leaf 0.';
comment on column log.epoch is 'Raised by whoever becomes leader. A writer whose epoch is not this one changes nothing.';

create function refuse_shrinking() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or new.size < old.size or new.epoch < old.epoch or new.origin <> old.origin or new.record <> old.record then
    raise exception '% on log is refused: its origin and record stay, size % and epoch % only grow', tg_op, old.size, old.epoch
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger log_only_grows before update or delete on log for each row execute function refuse_shrinking();
create trigger log_no_truncate before truncate on log for each statement execute function refuse_change();

create table submission (
  submission_id bigint generated always as identity primary key,
  leaf_data bytea not null check (octet_length(leaf_data) = 32),
  queued_at timestamptz not null default now(),
  leaf_index bigint unique
);
comment on table submission is 'Leaves that wait for an index, in the order in which they get it.';
comment on column submission.leaf_index is 'Null until the sequencer has put the leaf into the tree.';
create index submission_waiting on submission (submission_id) where leaf_index is null;

create function refuse_resequencing() returns trigger language plpgsql as $$
begin
  if old.leaf_index is not null or new.leaf_data <> old.leaf_data or new.submission_id <> old.submission_id then
    raise exception 'submission % already has leaf index % or would change its leaf', old.submission_id, old.leaf_index using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger submission_sequenced_once before update on submission for each row execute function refuse_resequencing();
create trigger submission_stays before delete on submission for each row execute function refuse_change();
create trigger submission_no_truncate before truncate on submission for each statement execute function refuse_change();

create table leaf (
  leaf_index bigint primary key check (leaf_index >= 0),
  leaf_data bytea not null check (octet_length(leaf_data) = 32)
);
create trigger leaf_append_only before update or delete on leaf for each row execute function refuse_change();
create trigger leaf_no_truncate before truncate on leaf for each statement execute function refuse_change();

create table tile (
  level smallint not null check (level between 0 and 6),
  tile_index bigint not null check (tile_index >= 0),
  hashes bytea not null check (octet_length(hashes) = 8192),
  primary key (level, tile_index)
);
comment on table tile is 'Full tiles only (256 node hashes). Partial ones are computed on request.';
create trigger tile_append_only before update or delete on tile for each row execute function refuse_change();
create trigger tile_no_truncate before truncate on tile for each statement execute function refuse_change();

create table checkpoint (
  tree_size bigint primary key,
  root_hash bytea not null check (octet_length(root_hash) = 32),
  note bytea not null,
  signed_at timestamptz not null
);
comment on column checkpoint.note is 'The signed note with the log''s signature only, exact.';
create trigger checkpoint_append_only before update or delete on checkpoint for each row execute function refuse_change();
create trigger checkpoint_no_truncate before truncate on checkpoint for each statement execute function refuse_change();

create table publication (
  tree_size bigint primary key references checkpoint,
  published_at timestamptz not null
);
create trigger publication_append_only before update or delete on publication for each row execute function refuse_change();
create trigger publication_no_truncate before truncate on publication for each statement execute function refuse_change();

-- ---------------------------------------------------------------- deposits

create table deposit (
  deposit_id uuid primary key,
  account_id uuid not null references account,
  submission_id bigint not null unique references submission,
  received_at timestamptz not null,
  idempotency_key text check (length(idempotency_key) <= 255),
  request_digest bytea check (octet_length(request_digest) = 32),
  unique (account_id, idempotency_key)
);
comment on column deposit.request_digest is 'SHA-256 over what the request carried, so that a repeated Idempotency-Key with other content is refused.';
create index deposit_by_account on deposit (account_id, received_at desc);

-- From these four a lawful erasure can delete; the leaf stays.
create table record (
  deposit_id uuid primary key references deposit,
  body bytea not null
);
create table annex (
  deposit_id uuid not null references deposit,
  name text not null,
  body bytea not null,
  primary key (deposit_id, name)
);
create table file_entry (
  deposit_id uuid not null references deposit,
  file_index integer not null check (file_index >= 0),
  body bytea not null,
  name_body bytea not null,
  primary key (deposit_id, file_index)
);
comment on column file_entry.body is 'Canonical bytes of tiezheng/file/v1.';
comment on column file_entry.name_body is 'Canonical bytes of tiezheng/file-name/v1.';

create table object_key (
  deposit_id uuid not null references deposit,
  file_index integer not null,
  role text not null check (role in ('original', 'preview')),
  object_name text,
  ciphertext bytea,
  wrapped_key bytea not null,
  size_bytes bigint not null check (size_bytes >= 0),
  media_type text not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  sm3 bytea not null check (octet_length(sm3) = 32),
  primary key (deposit_id, file_index, role),
  check ((object_name is null) <> (ciphertext is null))
);
comment on column object_key.object_name is 'Name in the object store; null if the ciphertext is kept here.';
comment on column object_key.size_bytes is 'Plaintext bytes.';

-- ---------------------------------------------------------------- proofs from outside

create table block_header (
  chain text not null,
  block_hash bytea not null check (octet_length(block_hash) = 32),
  block_number bigint not null,
  block_time timestamptz not null,
  header bytea,
  seen_final_at timestamptz not null,
  primary key (chain, block_hash)
);
comment on table block_header is 'Final blocks that deposits or anchors refer to.';
comment on column block_header.header is 'RLP; null on chains whose header hash cannot be rebuilt.';

create table anchor (
  anchor_id bigint generated always as identity primary key,
  chain text not null,
  contract bytea not null check (octet_length(contract) = 20),
  tree_size bigint not null references publication,
  root_hash bytea not null check (octet_length(root_hash) = 32),
  state text not null check (state in ('intended', 'sent', 'mined', 'final', 'superseded')),
  state_since timestamptz not null,
  block_hash bytea check (octet_length(block_hash) = 32),
  transaction_hash bytea check (octet_length(transaction_hash) = 32),
  attestation bytea,
  unique (chain, contract, tree_size)
);
comment on column anchor.state is
  'superseded: the contract went on to a larger tree of this log without this one, which can therefore never be anchored.';
comment on column anchor.attestation is 'Canonical bytes of the evm attestation; set when final.';
create unique index anchor_one_in_flight on anchor (chain, contract) where state not in ('final', 'superseded');

create table anchor_transaction (
  transaction_hash bytea primary key check (octet_length(transaction_hash) = 32),
  anchor_id bigint not null references anchor,
  nonce bigint not null,
  raw bytea not null,
  signed_at timestamptz not null
);
comment on table anchor_transaction is 'Every transaction ever signed for an anchor, written before it is sent.';

create table anchor_event (
  anchor_event_id bigint generated always as identity primary key,
  anchor_id bigint not null references anchor,
  at timestamptz not null,
  state text not null,
  detail text not null
);
comment on table anchor_event is 'History: every change of state and why, block disappearances included.';
create trigger anchor_event_append_only before update or delete on anchor_event for each row execute function refuse_change();
create trigger anchor_event_no_truncate before truncate on anchor_event for each statement execute function refuse_change();

-- ---------------------------------------------------------------- certificates and alarms

create table certificate (
  certificate_no text primary key,
  deposit_id uuid not null references deposit,
  digest bytea not null unique check (octet_length(digest) = 32),
  issued_at timestamptz not null,
  json bytea not null,
  pdf bytea not null
);
create index certificate_by_deposit on certificate (deposit_id, issued_at desc);
create trigger certificate_append_only before update or delete on certificate for each row execute function refuse_change();
create trigger certificate_no_truncate before truncate on certificate for each statement execute function refuse_change();

create table alarm (
  alarm_id bigint generated always as identity primary key,
  code text not null,
  subject text not null default '',
  detail text not null,
  raised_at timestamptz not null,
  cleared_at timestamptz
);
comment on column alarm.subject is 'What the alarm is about where there are several, such as a chain and contract; empty for the log itself.';
create unique index alarm_one_open on alarm (code, subject) where cleared_at is null;
