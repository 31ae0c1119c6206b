-- What people and their systems are told of: written down once per cause, delivered afterwards, at least once, each under an id of its own.

create table notice (
  notice_id uuid primary key default gen_random_uuid(),
  ordinal bigint generated always as identity unique,
  account_id uuid not null references account,
  kind text not null check (kind ~ '^[a-z]+(-[a-z]+)*$'),
  key text not null check (length(key) between 1 and 200),
  about jsonb not null check (jsonb_typeof(about) = 'object'),
  at timestamptz not null,
  spread_at timestamptz,
  unique (account_id, kind, key)
);
comment on table notice is 'The outbox. Written in the transaction of its cause, or found later from the rows that the cause has left.';
comment on column notice.key is 'Which cause it is: a second notice of the same cause is not written. Causes that come often name a window of time in it.';
comment on column notice.about is 'Ids, codes, counts and times. Never a file name, a title or a person''s name.';
comment on column notice.at is 'Of the cause, as far as it is known.';
comment on column notice.spread_at is 'When deliveries were made of it, to whoever wanted it then; null before.';
create index notice_to_spread on notice (ordinal) where spread_at is null;

create table notice_sweep (
  name text primary key,
  leaf_index bigint not null check (leaf_index >= 0)
);
comment on table notice_sweep is 'How far causes were looked for: all leaves below are done.';
-- Nobody is told today of what was anchored long ago.
insert into notice_sweep (name, leaf_index) select 'anchored', coalesce(max(tree_size), 0) from anchor where state = 'final';

create table notice_preference (
  account_id uuid not null references account,
  user_id text not null,
  language text not null check (language in ('both', 'zh', 'en')),
  email_kinds text[] not null,
  unsubscribe_token text not null unique check (length(unsubscribe_token) = 43),
  changed_at timestamptz not null,
  primary key (account_id, user_id)
);
comment on column notice_preference.user_id is 'Of auth."user"; empty for the account itself, which speaks for members who have not chosen.';
comment on column notice_preference.unsubscribe_token is 'Stands in every mail: whoever has it can end these mails, and nothing else.';

create table webhook (
  webhook_id uuid primary key,
  account_id uuid not null references account,
  url text not null check (length(url) <= 500),
  kinds text[],
  secret_key_id text not null,
  wrapped_secret bytea not null,
  previous_key_id text,
  previous_secret bytea,
  previous_until timestamptz,
  created_at timestamptz not null,
  created_by text,
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_because text,
  removed_at timestamptz,
  leased_until timestamptz,
  check (num_nulls(previous_key_id, previous_secret, previous_until) in (0, 3)),
  check ((disabled_at is null) = (disabled_because is null))
);
comment on column webhook.kinds is 'Null: every kind.';
comment on column webhook.wrapped_secret is 'By the master key named beside it: the secret that signs.';
comment on column webhook.previous_secret is 'The one before its rotation, wrapped too; signs beside the new one until previous_until.';
comment on column webhook.leased_until is 'A server sends to it and nobody else does, until then at most.';
create index webhook_of_account on webhook (account_id) where removed_at is null;

create table delivery (
  delivery_id uuid primary key default gen_random_uuid(),
  ordinal bigint generated always as identity unique,
  notice_id uuid not null references notice,
  account_id uuid not null references account,
  webhook_id uuid references webhook,
  user_id text,
  address text check (length(address) <= 254),
  mail_id uuid,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'given-up', 'cancelled')),
  attempts integer not null default 0 check (attempts >= 0),
  made_at timestamptz not null,
  due_at timestamptz not null,
  last_attempt_at timestamptz,
  outcome text check (length(outcome) <= 300),
  ended_at timestamptz,
  check ((webhook_id is null) <> (address is null)),
  check ((address is null) = (user_id is null)),
  check (mail_id is null or address is not null),
  check ((state = 'waiting') = (ended_at is null))
);
comment on column delivery.delivery_id is 'Told to the receiver and never another for the same notice: a repetition is known by it.';
comment on column delivery.ordinal is 'To one webhook they go in this order.';
comment on column delivery.mail_id is 'Notices that share it go in one mail. Set before the mail is sent, so that a repetition is the same mail.';
comment on column delivery.outcome is 'Of the last attempt: a status or a code.';
create unique index delivery_once_to_webhook on delivery (notice_id, webhook_id) where webhook_id is not null;
create unique index delivery_once_to_user on delivery (notice_id, user_id) where user_id is not null;
create index delivery_waiting_of_webhook on delivery (webhook_id, ordinal) where state = 'waiting' and webhook_id is not null;
create index delivery_waiting_mail on delivery (account_id, user_id, ordinal) where state = 'waiting' and address is not null;
create index delivery_sent_mail on delivery (account_id, user_id, ended_at desc) where state = 'sent' and address is not null;
create index delivery_of_account on delivery (account_id, ordinal desc);
create index delivery_ended on delivery (ended_at) where ended_at is not null;

alter table notice enable row level security;
create policy caller_reads on notice for select to tiezheng_caller using (account_id = caller_account());
alter table notice_preference enable row level security;
create policy caller_reads on notice_preference for select to tiezheng_caller using (account_id = caller_account());
alter table webhook enable row level security;
create policy caller_reads on webhook for select to tiezheng_caller using (account_id = caller_account());
alter table delivery enable row level security;
create policy caller_reads on delivery for select to tiezheng_caller using (account_id = caller_account());
grant select on notice, notice_preference, webhook, delivery to tiezheng_caller;
