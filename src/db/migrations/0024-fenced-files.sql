-- The second fence for files that are made on request: evidence records, packages and the list of webhooks are read by the caller's role too.

-- A record shows its neighbours' hashes, which are blinded, and never whose they are.
create view archive_tree as select stamp_id, position, hash from archive_leaf;
comment on view archive_tree is 'Every tree as all of its records show it. Read with the owner''s eyes.';
alter table archive_leaf enable row level security;
create policy caller_reads on archive_leaf for select to tiezheng_caller
  using (deposit_id is null or exists (select from deposit d where d.deposit_id = archive_leaf.deposit_id));
do $$
declare
  name text;
begin
  foreach name in array array['archive_blind', 'archive_digest'] loop
    execute format('alter table %I enable row level security', name);
    execute format(
      'create policy caller_reads on %I for select to tiezheng_caller using (exists (select from deposit d where d.deposit_id = %I.deposit_id))',
      name, name);
  end loop;
end $$;
grant select on archive_tree, archive_leaf, archive_blind, archive_digest, archive_stamp to tiezheng_caller;

-- What signs is the sender's alone.
revoke select on webhook from tiezheng_caller;
grant select (webhook_id, account_id, url, kinds, created_at, failing_since, disabled_at, disabled_because, removed_at) on webhook
  to tiezheng_caller;
