-- Showing evidence to others: grants to accounts, links for readers without one, and a look-up by digest that ends at one's own.

create table access_grant (
  grant_id uuid primary key,
  account_id uuid not null references account,
  deposit_id uuid,
  matter_id uuid,
  request_id uuid references verification_request,
  grantee_account_id uuid references account,
  invited_email text check (invited_email = lower(invited_email) and length(invited_email) between 3 and 254),
  scope text not null check (scope in ('read', 'download', 'export')),
  coverage text not null default 'disclosed' check (coverage in ('disclosed', 'everything')),
  remark text check (length(remark) between 1 and 500),
  created_at timestamptz not null,
  expires_at timestamptz check (expires_at > created_at),
  accepted_at timestamptz,
  revoked_at timestamptz,
  check (num_nonnulls(deposit_id, matter_id) = 1),
  check (num_nonnulls(grantee_account_id, invited_email) >= 1),
  check (grantee_account_id <> account_id),
  foreign key (deposit_id, account_id) references deposit (deposit_id, account_id),
  foreign key (matter_id, account_id) references matter (matter_id, account_id) on delete cascade
);
comment on table access_grant is 'What one account lets another see of one deposit or matter of its own.';
comment on column access_grant.grantee_account_id is 'Null until whoever was invited by e-mail has accepted.';
comment on column access_grant.scope is 'read < download < export; each has what comes before it.';
comment on column access_grant.coverage is 'Of a matter: what it discloses to readers, or everything in it.';
create index access_grant_by_giver on access_grant (account_id, grant_id desc);
create index access_grant_by_grantee on access_grant (grantee_account_id, grant_id desc);
create index access_grant_by_email on access_grant (invited_email) where grantee_account_id is null;
create index access_grant_by_request on access_grant (request_id) where request_id is not null;

create function refuse_grant_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    -- Only together with a draft that is removed.
    if old.matter_id is null or exists (select from matter where matter_id = old.matter_id) then
      raise exception 'a grant is revoked, not removed' using errcode = 'integrity_constraint_violation';
    end if;
    return old;
  end if;
  if (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
     or (old.grantee_account_id is not null and (new.grantee_account_id, new.accepted_at) is distinct from (old.grantee_account_id, old.accepted_at))
     or (new.grant_id, new.account_id, new.deposit_id, new.matter_id, new.request_id, new.invited_email, new.scope, new.coverage, new.remark, new.created_at, new.expires_at)
        is distinct from
        (old.grant_id, old.account_id, old.deposit_id, old.matter_id, old.request_id, old.invited_email, old.scope, old.coverage, old.remark, old.created_at, old.expires_at) then
    raise exception 'a grant is accepted once and revoked once; all else stays' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger access_grant_stays before update or delete on access_grant for each row execute function refuse_grant_change();

create table share_link (
  link_id uuid primary key,
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  account_id uuid not null references account,
  deposit_id uuid,
  matter_id uuid,
  reader text not null check (length(reader) between 1 and 100),
  scope text not null check (scope in ('read', 'download', 'export')),
  coverage text not null default 'disclosed' check (coverage in ('disclosed', 'everything')),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  max_openings integer not null check (max_openings between 1 and 10000),
  openings integer not null default 0 check (openings between 0 and max_openings),
  passphrase_salt bytea check (octet_length(passphrase_salt) = 16),
  passphrase_hash bytea check (octet_length(passphrase_hash) = 32),
  attempts_left integer check (attempts_left >= 0),
  revoked_at timestamptz,
  check (num_nonnulls(deposit_id, matter_id) = 1),
  check (num_nonnulls(passphrase_salt, passphrase_hash, attempts_left) in (0, 3)),
  foreign key (deposit_id, account_id) references deposit (deposit_id, account_id),
  foreign key (matter_id, account_id) references matter (matter_id, account_id) on delete cascade
);
comment on column share_link.secret_hash is 'SHA-256 of the link''s secret, which has 256 random bits and is kept nowhere.';
comment on column share_link.reader is 'For whom the link was made; printed on previews.';
comment on column share_link.passphrase_hash is 'scrypt, N = 2^15, r = 8, p = 1.';
comment on column share_link.attempts_left is 'Passphrases that may still be tried before the next right one; at 0 the link is dead.';
create index share_link_by_account on share_link (account_id, link_id desc);

create table link_opening (
  opening_hash bytea primary key check (octet_length(opening_hash) = 32),
  link_id uuid not null references share_link on delete cascade,
  opened_at timestamptz not null,
  expires_at timestamptz not null
);
comment on table link_opening is 'One visit: the secret that reads is not the one that opens, and soon ends.';
create index link_opening_by_link on link_opening (link_id);

-- ---------------------------------------------------------------- look-up by digest

create table file_digest (
  deposit_id uuid not null,
  file_index integer not null,
  account_id uuid not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  sm3 bytea check (octet_length(sm3) = 32),
  primary key (deposit_id, file_index),
  foreign key (deposit_id, file_index) references file_entry on delete cascade
);
comment on table file_digest is 'Taken out of file entries as they are written. No index begins with a digest: a search never touches rows of others.';
create index file_digest_by_sha256 on file_digest (account_id, sha256);
create index file_digest_by_sm3 on file_digest (account_id, sm3);

create function file_digests_of(body bytea) returns table (sha256 bytea, sm3 bytea) language sql immutable as $$
  -- Entries are canonical JSON without free text, so this is the one place where the words can stand. By position: a pattern that
  -- counts 64 digits takes a hundred times as long.
  select decode(first.hex, 'hex'), case when second.hex ~ '^[0-9a-f]+$' and length(second.hex) = 64 then decode(second.hex, 'hex') end
  from (select position('"digests":{"sha256":"'::bytea in body) as at) found,
    lateral (select encode(substr(body, found.at + 21, 64), 'escape') as hex) first,
    lateral (select case when substr(body, found.at + 85, 9) = '","sm3":"'::bytea
      then encode(substr(body, found.at + 94, 64), 'escape') end as hex) second
  where found.at > 0 and first.hex ~ '^[0-9a-f]+$' and length(first.hex) = 64
$$;
create function record_file_digests() returns trigger language plpgsql as $$
begin
  insert into file_digest (deposit_id, file_index, account_id, sha256, sm3)
  select a.deposit_id, a.file_index, d.account_id, f.sha256, f.sm3
  from added a join deposit d using (deposit_id), file_digests_of(a.body) f;
  return null;
end $$;
create trigger file_entry_digests after insert on file_entry referencing new table as added for each statement execute function record_file_digests();
insert into file_digest (deposit_id, file_index, account_id, sha256, sm3)
  select e.deposit_id, e.file_index, d.account_id, f.sha256, f.sm3 from file_entry e join deposit d using (deposit_id), file_digests_of(e.body) f;

-- ---------------------------------------------------------------- the second fence, see 0011

do $$
declare
  name text;
begin
  foreach name in array array['access_grant', 'share_link'] loop
    execute format('alter table %I enable row level security', name);
    execute format('create policy caller_reads on %I for select to tiezheng_caller using (account_id = caller_account())', name);
    execute format('grant select on %I to tiezheng_caller', name);
  end loop;
end $$;
