-- The second fence: what a caller's request reads of evidence, it reads as a role that sees the rows of one account only.

-- The role belongs to the whole server. Where the owner of this database may not make it, an administrator does so once:
--   create role tiezheng_caller nologin; grant tiezheng_caller to <owner>;
do $$
begin
  if not exists (select from pg_roles where rolname = 'tiezheng_caller') then
    begin
      create role tiezheng_caller nologin;
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception 'role tiezheng_caller is missing and % may not make it: an administrator runs "create role tiezheng_caller nologin; grant tiezheng_caller to %"',
          current_user, current_user using errcode = 'insufficient_privilege';
    end;
  end if;
  if exists (select from pg_roles where rolname = 'tiezheng_caller' and (rolbypassrls or rolsuper)) then
    raise exception 'role tiezheng_caller must not bypass row security';
  end if;
  if not pg_has_role(current_user, 'tiezheng_caller', 'member') then
    execute format('grant tiezheng_caller to %I', current_user);
  end if;
  execute format('grant usage on schema %I to tiezheng_caller', current_schema());
end $$;

create function caller_account() returns uuid language sql stable as $$
  select nullif(current_setting('tiezheng.account_id', true), '')::uuid
$$;
comment on function caller_account() is 'The account in whose name this transaction reads; null sees nothing.';

create function caller_deposits() returns uuid[] language sql stable as $$
  select coalesce(nullif(current_setting('tiezheng.deposit_ids', true), '')::uuid[], '{}')
$$;
comment on function caller_deposits() is 'Deposits of others that were granted, as far as this request is about them.';

alter table deposit enable row level security;
create policy caller_reads on deposit for select to tiezheng_caller
  using (account_id = caller_account() or deposit_id = any (caller_deposits()));

-- What hangs on a deposit is seen where the deposit is: the subselect is under the policy above.
do $$
declare
  name text;
begin
  foreach name in array array['record', 'annex', 'file_entry', 'object_key', 'certificate', 'certificate_intent'] loop
    execute format('alter table %I enable row level security', name);
    execute format(
      'create policy caller_reads on %I for select to tiezheng_caller using (exists (select from deposit d where d.deposit_id = %I.deposit_id))',
      name, name);
  end loop;
end $$;
alter table certificate_status enable row level security;
create policy caller_reads on certificate_status for select to tiezheng_caller
  using (exists (select from certificate c where c.certificate_no = certificate_status.certificate_no));

grant select on deposit, record, annex, file_entry, object_key, certificate, certificate_status to tiezheng_caller;
-- The log is public, its leaves are blinded.
grant select on log, submission, leaf, tile, checkpoint, publication, cosignature, attestation, timestamp_material, block_header,
  anchor, anchor_cost, alarm, log_event to tiezheng_caller;
