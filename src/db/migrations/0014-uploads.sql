-- Content that follows digests deposited before: what has arrived so far survives any interruption, and that all of it arrived is a leaf.

create table upload (
  upload_id uuid primary key,
  deposit_id uuid not null references deposit,
  file_index integer not null check (file_index >= 0),
  account_id uuid not null references account,
  size_bytes bigint not null check (size_bytes > 0),
  offset_bytes bigint not null default 0 check (offset_bytes between 0 and size_bytes),
  state text not null default 'open' check (state in ('open', 'received', 'refused', 'expired', 'terminated')),
  refusal text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'open') = (ended_at is null)),
  check ((state = 'refused') = (refusal is not null))
);
comment on table upload is 'The content of one file of a deposit of digests, on its way.';
comment on column upload.size_bytes is 'What the file entry declares.';
comment on column upload.offset_bytes is 'So many bytes are durable in the object store.';
comment on column upload.refusal is 'Why the bytes were dropped, as a stable code.';
comment on column upload.expires_at is 'Moves on with every byte that arrives; all of it having arrived, it no longer counts.';
create unique index upload_one_open on upload (deposit_id, file_index) where state = 'open';
create index upload_of_deposit on upload (deposit_id, file_index, created_at desc);
create index upload_open_of_account on upload (account_id) where state = 'open';

create function refuse_upload_change() returns trigger language plpgsql as $$
begin
  if old.state <> 'open' or new.upload_id <> old.upload_id or new.deposit_id <> old.deposit_id or new.file_index <> old.file_index
     or new.account_id <> old.account_id or new.size_bytes <> old.size_bytes or new.offset_bytes < old.offset_bytes then
    raise exception 'upload % has ended, or would change what it is for', old.upload_id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger upload_goes_on before update on upload for each row execute function refuse_upload_change();

create table upload_object (
  object_name text primary key,
  upload_id uuid not null references upload,
  start_bytes bigint check (start_bytes >= 0),
  size_bytes bigint check (size_bytes > 0),
  wrapped_key bytea not null,
  check (size_bytes is null or start_bytes is not null)
);
comment on table upload_object is 'Every object that an upload puts into the object store, written down before it is put.';
comment on column upload_object.start_bytes is 'Of a part: where it begins in the file. Null for the whole file, put together at the end.';
comment on column upload_object.size_bytes is 'Plaintext bytes, once the part is durable and counts; null before.';
create unique index upload_object_part on upload_object (upload_id, start_bytes) where size_bytes is not null;

-- From this one too a lawful erasure can delete: it holds digests. The leaf stays.
create table content_received (
  deposit_id uuid not null references deposit,
  file_index integer not null check (file_index >= 0),
  submission_id bigint not null unique references submission,
  body bytea not null,
  recorded_at timestamptz not null,
  primary key (deposit_id, file_index)
);
comment on column content_received.body is 'Canonical bytes of tiezheng/content-received/v1.';
create trigger content_received_stays before update on content_received for each row execute function refuse_change();

-- The second fence, as for everything that hangs on a deposit.
alter table upload enable row level security;
create policy caller_reads on upload for select to tiezheng_caller using (account_id = caller_account());
alter table content_received enable row level security;
create policy caller_reads on content_received for select to tiezheng_caller
  using (deposit_id in (select d.deposit_id from deposit d));
grant select on upload, content_received to tiezheng_caller;
