-- Disputes: who is who in them, which rights stand behind them, which deposits shall prove what, and whom one asks to look at them.

-- Rows of a matter name their account, so that nobody's matter can hold another's deposit.
alter table deposit add constraint deposit_of_account unique (deposit_id, account_id);

create table matter (
  matter_id uuid primary key,
  account_id uuid not null references account,
  title text not null check (length(title) between 1 and 200),
  dispute text not null check (dispute in ('copyright', 'trademark', 'patent', 'design', 'trade-secret', 'unfair-competition',
    'plant-variety', 'layout-design', 'domain-name', 'other')),
  status text not null default 'draft' check (status in ('draft', 'open', 'closed')),
  confidentiality text not null default 'confidential' check (confidentiality in ('normal', 'confidential', 'trade-secret')),
  legal_hold boolean not null default false,
  legal_hold_reason text check (length(legal_hold_reason) between 1 and 1000),
  summary text check (length(summary) between 1 and 10000),
  version integer not null default 1 check (version >= 1),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  unique (matter_id, account_id),
  check (legal_hold or legal_hold_reason is null)
);
comment on column matter.confidentiality is 'Of everything in the matter, unless an item is stricter.';
comment on column matter.version is 'One more with each change of this row; If-Match names it.';
create index matter_by_account on matter (account_id, matter_id desc);

create function refuse_matter_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.status <> 'draft' or old.legal_hold then
      raise exception 'matter % is %: only drafts without legal hold are removed', old.matter_id, old.status using errcode = 'integrity_constraint_violation';
    end if;
    return old;
  end if;
  if new.matter_id <> old.matter_id or new.account_id <> old.account_id or new.version <> old.version + 1
     or array_position(array['draft', 'open', 'closed'], new.status) < array_position(array['draft', 'open', 'closed'], old.status) then
    raise exception 'matter % keeps its account, counts its versions and goes draft, open, closed', old.matter_id using errcode = 'integrity_constraint_violation';
  end if;
  if old.status = 'closed' and (new.title, new.dispute, new.confidentiality, new.summary) is distinct from (old.title, old.dispute, old.confidentiality, old.summary) then
    raise exception 'matter % is closed', old.matter_id using errcode = 'integrity_constraint_violation', constraint = 'matter_closed';
  end if;
  return new;
end $$;
create trigger matter_goes_forward before update or delete on matter for each row execute function refuse_matter_change();
create trigger matter_no_truncate before truncate on matter for each statement execute function refuse_change();

create table matter_party (
  party_id uuid primary key,
  matter_id uuid not null references matter on delete cascade,
  role text not null check (role in ('holder', 'depositor', 'capture-operator', 'respondent')),
  name text not null check (length(name) between 1 and 200),
  kind text not null default 'unknown' check (kind in ('person', 'organisation', 'unknown')),
  identifier text check (length(identifier) between 1 and 100),
  contact text check (length(contact) between 1 and 500),
  represented_by text check (length(represented_by) between 1 and 200),
  remark text check (length(remark) between 1 and 2000),
  version integer not null default 1,
  unique (party_id, matter_id, role)
);
comment on table matter_party is 'Four different things, even where one person is several of them: then each has its own row.';
comment on column matter_party.identifier is 'Such as a business licence number. Not shown to readers.';
create index matter_party_by_matter on matter_party (matter_id, party_id);

create table matter_right (
  right_id uuid primary key,
  matter_id uuid not null references matter on delete cascade,
  kind text not null check (kind in ('copyright', 'trademark', 'invention', 'utility-model', 'design', 'trade-secret', 'plant-variety',
    'layout-design', 'name', 'other')),
  title text not null check (length(title) between 1 and 200),
  registration_no text check (length(registration_no) between 1 and 100),
  holder_party_id uuid,
  holder_role text generated always as (case when holder_party_id is null then null else 'holder' end) stored,
  valid_from date,
  valid_until date,
  remark text check (length(remark) between 1 and 2000),
  version integer not null default 1,
  check (valid_from <= valid_until),
  unique (right_id, matter_id),
  -- Removing a party that a right names is refused; its role too can then not change.
  foreign key (holder_party_id, matter_id, holder_role) references matter_party (party_id, matter_id, role)
);
comment on table matter_right is 'As declared: nobody here has checked it.';
create index matter_right_by_matter on matter_right (matter_id, right_id);

create table right_proof (
  proof_id uuid primary key,
  matter_id uuid not null,
  right_id uuid not null,
  account_id uuid not null,
  deposit_id uuid not null,
  kind text not null check (kind in ('certificate', 'contract', 'draft', 'licence', 'publication', 'other')),
  remark text check (length(remark) between 1 and 2000),
  version integer not null default 1,
  unique (right_id, deposit_id),
  foreign key (right_id, matter_id) references matter_right (right_id, matter_id) on delete cascade,
  foreign key (matter_id, account_id) references matter (matter_id, account_id) on delete cascade,
  foreign key (deposit_id, account_id) references deposit (deposit_id, account_id)
);
comment on table right_proof is 'Certificate, contract or draft behind a right: a deposit like any other.';
create index right_proof_by_matter on right_proof (matter_id, proof_id);
create index right_proof_by_deposit on right_proof (deposit_id);

create table matter_item (
  item_id uuid primary key,
  matter_id uuid not null,
  account_id uuid not null,
  deposit_id uuid not null,
  position integer not null check (position >= 1),
  title text check (length(title) between 1 and 200),
  issue text check (length(issue) between 1 and 200),
  source text check (length(source) between 1 and 2000),
  proof_purpose text check (length(proof_purpose) between 1 and 1000),
  form text not null default 'unknown' check (form in ('original', 'copy', 'unknown')),
  pages integer check (pages between 1 and 100000),
  disclosure text not null default 'original' check (disclosure in ('original', 'derivative', 'withheld')),
  confidentiality text not null default 'normal' check (confidentiality in ('normal', 'confidential', 'trade-secret')),
  version integer not null default 1,
  unique (matter_id, deposit_id),
  unique (item_id, matter_id),
  constraint matter_item_position unique (matter_id, position) deferrable initially deferred,
  foreign key (matter_id, account_id) references matter (matter_id, account_id) on delete cascade,
  foreign key (deposit_id, account_id) references deposit (deposit_id, account_id)
);
comment on column matter_item.source is 'Where the data comes from; null is printed as unknown.';
comment on column matter_item.form is 'Whether the original or a copy can be shown in a hearing.';
comment on column matter_item.disclosure is 'What readers of the matter see: the deposit and its derivatives, only the derivatives, or nothing.';
create index matter_item_by_deposit on matter_item (deposit_id);

create table item_relation (
  relation_id uuid primary key,
  matter_id uuid not null,
  item_id uuid not null,
  other_item_id uuid not null,
  kind text not null check (kind in ('corroborates', 'contradicts', 'continues', 'same-act', 'explains', 'compares')),
  remark text check (length(remark) between 1 and 2000),
  version integer not null default 1,
  check (item_id <> other_item_id),
  unique (item_id, other_item_id, kind),
  foreign key (item_id, matter_id) references matter_item (item_id, matter_id) on delete cascade,
  foreign key (other_item_id, matter_id) references matter_item (item_id, matter_id) on delete cascade
);
comment on table item_relation is 'Rows of the corroboration table: the first item corroborates (and so on) the other one.';
create index item_relation_by_matter on item_relation (matter_id, relation_id);

create table matter_note (
  note_id uuid primary key,
  matter_id uuid not null references matter on delete cascade,
  body text not null check (length(body) between 1 and 10000),
  version integer not null default 1
);
comment on table matter_note is 'The account''s own; readers of the matter never see them.';
create index matter_note_by_matter on matter_note (matter_id, note_id);

create table matter_deadline (
  deadline_id uuid primary key,
  matter_id uuid not null references matter on delete cascade,
  title text not null check (length(title) between 1 and 200),
  due_at timestamptz not null,
  basis text check (length(basis) between 1 and 500),
  done_at timestamptz,
  version integer not null default 1
);
create index matter_deadline_by_matter on matter_deadline (matter_id, deadline_id);

create function refuse_closed_matter() returns trigger language plpgsql as $$
declare
  matter_status text;
begin
  -- Shared, so that nobody closes the matter between this look and the commit.
  select status into matter_status from matter where matter_id = coalesce(new.matter_id, old.matter_id) for share;
  if matter_status = 'closed' then
    raise exception 'matter % is closed', coalesce(new.matter_id, old.matter_id) using errcode = 'integrity_constraint_violation', constraint = 'matter_closed';
  end if;
  if tg_op = 'UPDATE' and (new.matter_id <> old.matter_id or new.version <> old.version + 1) then
    raise exception 'a row of % keeps its matter and counts its versions', tg_table_name using errcode = 'integrity_constraint_violation';
  end if;
  return coalesce(new, old);
end $$;
do $$
declare
  part text;
begin
  foreach part in array array['matter_party', 'matter_right', 'right_proof', 'matter_item', 'item_relation', 'matter_note', 'matter_deadline'] loop
    execute format('create trigger %I before insert or update or delete on %I for each row execute function refuse_closed_matter()', part || '_while_open', part);
  end loop;
end $$;

create table matter_change (
  change_id bigint generated always as identity primary key,
  matter_id uuid not null,
  at timestamptz not null,
  account_id uuid not null,
  user_id text,
  by text not null,
  part text not null,
  part_id uuid not null,
  change text not null check (change in ('created', 'changed', 'removed')),
  before jsonb,
  after jsonb,
  check ((before is null) = (change = 'created')),
  check ((after is null) = (change = 'removed'))
);
comment on table matter_change is 'Who changed what and when. Stays when a draft is removed, therefore without reference to the matter.';
create index matter_change_by_matter on matter_change (matter_id, change_id desc);
create trigger matter_change_append_only before update or delete on matter_change for each row execute function refuse_change();
create trigger matter_change_no_truncate before truncate on matter_change for each statement execute function refuse_change();

-- ---------------------------------------------------------------- derivatives

create table derivative (
  deposit_id uuid primary key,
  original_deposit_id uuid not null,
  account_id uuid not null,
  kind text not null check (kind in ('redacted', 'excerpt', 'translation', 'transcript', 'enlargement', 'other')),
  method text not null check (length(method) between 1 and 1000),
  linked_at timestamptz not null,
  check (deposit_id <> original_deposit_id),
  foreign key (deposit_id, account_id) references deposit (deposit_id, account_id),
  foreign key (original_deposit_id, account_id) references deposit (deposit_id, account_id)
);
comment on table derivative is 'A deposit made from another: its own digests, and the link back. Of one original only, and never of a derivative.';
comment on column derivative.method is 'How it was made: what was blacked out, with which tool.';
create index derivative_by_original on derivative (original_deposit_id);

create function refuse_derivative() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    raise exception '% on derivative is refused: rows of this table are never changed', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  -- One at a time for each account: two opposite links at once would not see each other.
  perform pg_advisory_xact_lock(hashtextextended(new.account_id::text, 12));
  if exists (select from derivative where deposit_id = new.original_deposit_id or original_deposit_id = new.deposit_id) then
    raise exception 'a derivative of a derivative' using errcode = 'integrity_constraint_violation', constraint = 'derivative_of_derivative';
  end if;
  return new;
end $$;
create trigger derivative_append_only before insert or update or delete on derivative for each row execute function refuse_derivative();
create trigger derivative_no_truncate before truncate on derivative for each statement execute function refuse_change();

-- ---------------------------------------------------------------- what follows from matters for their deposits

create view matter_deposit as
  select matter_id, deposit_id, disclosure = 'original' as disclosed from matter_item
  union all
  select i.matter_id, d.deposit_id, i.disclosure <> 'withheld' from matter_item i join derivative d on d.original_deposit_id = i.deposit_id
  union all
  select matter_id, deposit_id, true from right_proof;
comment on view matter_deposit is 'Every deposit that a matter reaches, and whether its readers see it. A deposit may stand there more than once.';

create view trade_secret as
  select e.deposit_id from matter_deposit e join matter m using (matter_id) where m.confidentiality = 'trade-secret'
  union
  select deposit_id from matter_item where confidentiality = 'trade-secret'
  union
  select d.deposit_id from matter_item i join derivative d on d.original_deposit_id = i.deposit_id where i.confidentiality = 'trade-secret';
comment on view trade_secret is 'Deposits that are a trade secret anywhere: the strictest word counts, and derivatives share it.';

create function refuse_erasure_under_hold() returns trigger language plpgsql as $$
begin
  if exists (select from matter_deposit e join matter m using (matter_id) where e.deposit_id = old.deposit_id and m.legal_hold) then
    raise exception 'deposit % is under legal hold', old.deposit_id using errcode = 'integrity_constraint_violation', constraint = 'legal_hold';
  end if;
  return old;
end $$;
create trigger record_held before delete on record for each row execute function refuse_erasure_under_hold();
create trigger annex_held before delete on annex for each row execute function refuse_erasure_under_hold();
create trigger file_entry_held before delete on file_entry for each row execute function refuse_erasure_under_hold();
create trigger object_key_held before delete on object_key for each row when (old.role = 'original') execute function refuse_erasure_under_hold();

-- ---------------------------------------------------------------- asking a notary's office

create table verification_request (
  request_id uuid primary key,
  account_id uuid not null references account,
  office_account_id uuid not null references account,
  matter_id uuid,
  subject text not null check (length(subject) between 1 and 200),
  message text check (length(message) between 1 and 5000),
  state text not null default 'submitted' check (state in ('submitted', 'accepted', 'deed-issued', 'refused', 'withdrawn')),
  state_since timestamptz not null,
  deed_no text check (length(deed_no) between 1 and 100),
  deed_digest bytea check (octet_length(deed_digest) = 32),
  reason text check (length(reason) between 1 and 2000),
  version integer not null default 1,
  created_at timestamptz not null,
  foreign key (matter_id, account_id) references matter (matter_id, account_id),
  check (account_id <> office_account_id),
  unique (request_id, account_id),
  check ((deed_no is not null) = (state = 'deed-issued')),
  check ((deed_digest is null) = (deed_no is null)),
  check ((reason is not null) = (state = 'refused'))
);
comment on column verification_request.deed_digest is 'SHA-256 of the notarial deed, as the office entered it.';
comment on column verification_request.reason is 'Why the office refused.';
create index verification_request_by_account on verification_request (account_id, request_id desc);
create index verification_request_by_office on verification_request (office_account_id, request_id desc);

create function refuse_request_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.state in ('deed-issued', 'refused', 'withdrawn') or new.version <> old.version + 1
     or (new.request_id, new.account_id, new.office_account_id, new.matter_id, new.subject, new.message, new.created_at)
        is distinct from (old.request_id, old.account_id, old.office_account_id, old.matter_id, old.subject, old.message, old.created_at)
     or (old.state, new.state) not in (('submitted', 'accepted'), ('submitted', 'refused'), ('submitted', 'withdrawn'),
       ('accepted', 'deed-issued'), ('accepted', 'refused'), ('accepted', 'withdrawn')) then
    raise exception '% on verification_request is refused: it goes from submitted to accepted to its one end', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger verification_request_goes_forward before update or delete on verification_request for each row execute function refuse_request_change();
create trigger verification_request_no_truncate before truncate on verification_request for each statement execute function refuse_change();

create table request_item (
  request_id uuid not null,
  account_id uuid not null,
  deposit_id uuid not null,
  primary key (request_id, deposit_id),
  foreign key (request_id, account_id) references verification_request (request_id, account_id),
  foreign key (deposit_id, account_id) references deposit (deposit_id, account_id)
);
create trigger request_item_append_only before update or delete on request_item for each row execute function refuse_change();
create trigger request_item_no_truncate before truncate on request_item for each statement execute function refuse_change();

create table request_step (
  step_id bigint generated always as identity primary key,
  request_id uuid not null references verification_request,
  at timestamptz not null,
  account_id uuid not null,
  user_id text,
  by text not null,
  kind text not null check (kind in ('submitted', 'accepted', 'digest-recomputed', 'chain-read', 'timestamp-checked', 'package-verified',
    'capture-inspected', 'capture-repeated', 'asked', 'answered', 'other', 'deed-issued', 'refused', 'withdrawn')),
  deposit_id uuid,
  outcome text check (outcome in ('consistent', 'inconsistent', 'not-checked')),
  remark text check (length(remark) between 1 and 5000),
  foreign key (request_id, deposit_id) references request_item
);
comment on table request_step is 'What either side did, in its own words. Never changed.';
create index request_step_by_request on request_step (request_id, step_id);
create trigger request_step_append_only before update or delete on request_step for each row execute function refuse_change();
create trigger request_step_no_truncate before truncate on request_step for each statement execute function refuse_change();

-- ---------------------------------------------------------------- the second fence, see 0011

alter table matter enable row level security;
create policy caller_reads on matter for select to tiezheng_caller using (account_id = caller_account());
grant select on matter to tiezheng_caller;
do $$
declare
  part text;
begin
  foreach part in array array['matter_party', 'matter_right', 'right_proof', 'matter_item', 'item_relation', 'matter_note', 'matter_deadline', 'matter_change'] loop
    execute format('alter table %I enable row level security', part);
    -- The subselect is under the policy above.
    execute format('create policy caller_reads on %I for select to tiezheng_caller using (matter_id in (select m.matter_id from matter m))', part);
    execute format('grant select on %I to tiezheng_caller', part);
  end loop;
end $$;
