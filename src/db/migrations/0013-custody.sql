-- Who touched a deposit: one chain of events for each, the leaves that hold it fast, and what was handed from one person to another.

create table custody_chain (
  deposit_id uuid primary key references deposit,
  event_count integer not null check (event_count > 0),
  head_hash bytea not null check (octet_length(head_hash) = 32),
  last_at timestamptz not null,
  leaf_count integer not null default 0 check (leaf_count between 0 and event_count),
  leaf_at timestamptz,
  news_since timestamptz
);
comment on table custody_chain is 'Where each chain ends. Whoever adds an event locks its row.';
comment on column custody_chain.leaf_count is 'Events that the newest leaf handed in covers.';
comment on column custody_chain.news_since is 'Time of the first event that waits for a leaf; null if none does.';
create index custody_chain_news on custody_chain (news_since) where news_since is not null;

create function refuse_shorter_chain() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or new.deposit_id <> old.deposit_id or new.event_count < old.event_count or new.leaf_count < old.leaf_count
     or new.last_at < old.last_at or (new.event_count = old.event_count and new.head_hash <> old.head_hash) then
    raise exception '% on custody_chain is refused: a chain only grows', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger custody_chain_only_grows before update or delete on custody_chain for each row execute function refuse_shorter_chain();
create trigger custody_chain_no_truncate before truncate on custody_chain for each statement execute function refuse_change();

create table custody_event (
  deposit_id uuid not null references custody_chain,
  event_index integer not null check (event_index >= 0),
  kind text not null,
  at timestamptz not null,
  event_hash bytea not null check (octet_length(event_hash) = 32),
  repeat_key bytea not null check (octet_length(repeat_key) = 32),
  body bytea not null,
  primary key (deposit_id, event_index)
);
comment on column custody_event.body is 'Canonical bytes of tiezheng/custody-event/v1.';
comment on column custody_event.event_hash is 'SHA-256 of body.';
comment on column custody_event.repeat_key is 'SHA-256 over kind, actor and detail: the same act of the same person has the same.';
create index custody_event_repeats on custody_event (deposit_id, repeat_key, at desc);
create trigger custody_event_append_only before update or delete on custody_event for each row execute function refuse_change();
create trigger custody_event_no_truncate before truncate on custody_event for each statement execute function refuse_change();

-- From these two a lawful erasure can delete; the events stay, and commit to what is gone.
create table custody_actor (
  deposit_id uuid not null,
  event_index integer not null,
  body bytea not null,
  primary key (deposit_id, event_index),
  foreign key (deposit_id, event_index) references custody_event
);
comment on column custody_actor.body is 'Canonical bytes of tiezheng/custody-actor/v1.';

create table hand_over (
  hand_over_id uuid primary key,
  deposit_id uuid not null references deposit,
  giver_account uuid not null references account,
  receiver_account uuid,
  token_hash bytea unique check (octet_length(token_hash) = 32),
  handed_over_at timestamptz not null,
  expires_at timestamptz not null,
  statement bytea not null,
  statement_event integer not null,
  confirmation bytea,
  confirmation_event integer,
  ended text check (ended in ('confirmed', 'cancelled')),
  ended_at timestamptz,
  check ((receiver_account is null) <> (token_hash is null)),
  check ((ended is null) = (ended_at is null)),
  check ((confirmation is not null) = (ended is not distinct from 'confirmed')),
  check ((confirmation is null) = (confirmation_event is null)),
  foreign key (deposit_id, statement_event) references custody_event,
  foreign key (deposit_id, confirmation_event) references custody_event
);
comment on column hand_over.receiver_account is 'As the giver named it; whether there is such an account is not told him.';
comment on column hand_over.token_hash is 'SHA-256 of the one-time link''s secret, for a receiver without an account here.';
comment on column hand_over.statement is 'Canonical bytes of tiezheng/hand-over-statement/v1.';
comment on column hand_over.confirmation is 'Canonical bytes of tiezheng/hand-over-confirmation/v1.';
create index hand_over_by_deposit on hand_over (deposit_id, handed_over_at);
create index hand_over_by_giver on hand_over (giver_account, handed_over_at desc);
create index hand_over_by_receiver on hand_over (receiver_account, handed_over_at desc) where receiver_account is not null;

create table custody_leaf (
  submission_id bigint primary key references submission,
  deposit_id uuid not null references custody_chain,
  event_count integer not null check (event_count > 0),
  body bytea not null,
  recorded_at timestamptz not null
);
comment on column custody_leaf.body is 'Canonical bytes of tiezheng/custody/v1.';
create index custody_leaf_by_deposit on custody_leaf (deposit_id, submission_id);
create trigger custody_leaf_append_only before update or delete on custody_leaf for each row execute function refuse_change();
create trigger custody_leaf_no_truncate before truncate on custody_leaf for each statement execute function refuse_change();
