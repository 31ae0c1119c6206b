-- The second fence for what was granted: the database itself knows what others let the caller see, so that a route which asks
-- for the wrong row, or forgets to ask whether it may, still reads nothing of another.

create function caller_link() returns uuid language sql stable as $$
  select nullif(current_setting('tiezheng.link_id', true), '')::uuid
$$;
comment on function caller_link() is 'The link by which this transaction reads; null for callers with an account.';

create function caller_now() returns timestamptz language sql stable as $$
  select coalesce(nullif(current_setting('tiezheng.at', true), '')::timestamptz, now())
$$;
comment on function caller_now() is 'By the clock of the service: when grants and links are judged.';

-- With the owner's eyes, since the caller's role sees neither others' matters nor the views over them. What they give is the caller's to see.
create function caller_granted_matters() returns table (matter_id uuid, is_whole boolean) language sql stable security definer
set search_path from current as $$
  select g.matter_id, g.coverage = 'everything' from access_grant g
  where g.grantee_account_id = caller_account() and g.matter_id is not null and g.revoked_at is null
    and (g.expires_at is null or g.expires_at > caller_now())
  union all
  select l.matter_id, l.coverage = 'everything' from share_link l join matter m using (matter_id)
  where l.link_id = caller_link() and l.revoked_at is null and l.expires_at > caller_now()
    and (l.passphrase_hash is not null or m.confidentiality <> 'trade-secret')
$$;
create function caller_granted_deposits() returns setof uuid language sql stable security definer
set search_path from current as $$
  select g.deposit_id from access_grant g
  where g.grantee_account_id = caller_account() and g.deposit_id is not null and g.revoked_at is null
    and (g.expires_at is null or g.expires_at > caller_now())
  union
  select e.deposit_id from access_grant g join matter_deposit e using (matter_id)
  where g.grantee_account_id = caller_account() and g.revoked_at is null
    and (g.expires_at is null or g.expires_at > caller_now()) and (e.disclosed or g.coverage = 'everything')
  union
  select d.deposit_id from share_link l, lateral (
      select l.deposit_id where l.deposit_id is not null
      union select e.deposit_id from matter_deposit e where e.matter_id = l.matter_id and (e.disclosed or l.coverage = 'everything')) d
  where l.link_id = caller_link() and l.revoked_at is null and l.expires_at > caller_now()
    and (l.passphrase_hash is not null or not exists (select from trade_secret t where t.deposit_id = d.deposit_id))
$$;
comment on function caller_granted_matters() is 'Matters of others that a grant or link in force shows the caller: the whole, or what they disclose. May name one twice.';
comment on function caller_granted_deposits() is 'Deposits of others that a grant or link in force shows the caller, by themselves or in a matter.';

-- ---------------------------------------------------------------- deposits, and what hangs on them

drop policy caller_reads on deposit;
create policy caller_reads on deposit for select to tiezheng_caller
  using (account_id = caller_account() or deposit_id in (select caller_granted_deposits()));
drop function caller_deposits();

do $$
declare
  name text;
begin
  foreach name in array array['file_digest', 'custody_chain', 'custody_event', 'custody_leaf', 'derivative'] loop
    execute format('alter table %I enable row level security', name);
    -- The subselect is under the policy of deposit.
    execute format(
      'create policy caller_reads on %I for select to tiezheng_caller using (exists (select from deposit d where d.deposit_id = %I.deposit_id))',
      name, name);
    execute format('grant select on %I to tiezheng_caller', name);
  end loop;
end $$;
-- Who acted is told the depositor alone.
alter table custody_actor enable row level security;
create policy caller_reads on custody_actor for select to tiezheng_caller
  using (exists (select from deposit d where d.deposit_id = custody_actor.deposit_id and d.account_id = caller_account()));
grant select on custody_actor to tiezheng_caller;

-- ---------------------------------------------------------------- matters

drop policy caller_reads on matter;
create policy caller_reads on matter for select to tiezheng_caller
  using (account_id = caller_account() or matter_id in (select g.matter_id from caller_granted_matters() g));
do $$
declare
  part text;
begin
  foreach part in array array['matter_party', 'matter_right', 'right_proof', 'matter_item', 'item_relation', 'matter_note', 'matter_deadline', 'matter_change'] loop
    execute format('drop policy caller_reads on %I', part);
  end loop;
  foreach part in array array['matter_party', 'matter_right', 'right_proof'] loop
    execute format('create policy caller_reads on %I for select to tiezheng_caller
      using (exists (select from matter m where m.matter_id = %I.matter_id))', part, part);
  end loop;
  -- The account's own, whatever it grants.
  foreach part in array array['matter_note', 'matter_deadline', 'matter_change'] loop
    execute format('create policy caller_reads on %I for select to tiezheng_caller
      using (exists (select from matter m where m.matter_id = %I.matter_id and m.account_id = caller_account()))', part, part);
  end loop;
end $$;
create policy caller_reads on matter_item for select to tiezheng_caller
  using (exists (select from matter m where m.matter_id = matter_item.matter_id and (m.account_id = caller_account()
    or matter_item.disclosure <> 'withheld' or m.matter_id in (select g.matter_id from caller_granted_matters() g where g.is_whole))));
create policy caller_reads on item_relation for select to tiezheng_caller
  using (exists (select from matter_item i where i.item_id = item_relation.item_id)
    and exists (select from matter_item i where i.item_id = item_relation.other_item_id));

-- Read with the eyes of whoever asks: the owner of the tables sees all as before.
alter view matter_deposit set (security_invoker = true);
grant select on matter_deposit to tiezheng_caller;

-- ---------------------------------------------------------------- grants, links, requests, hand-overs: what one is a side of

drop policy caller_reads on access_grant;
create policy caller_reads on access_grant for select to tiezheng_caller
  using (account_id = caller_account()
    -- One that was given with a request is part of it, also when it has ended.
    or (grantee_account_id = caller_account()
      and (request_id is not null or (revoked_at is null and (expires_at is null or expires_at > caller_now())))));
drop policy caller_reads on share_link;
create policy caller_reads on share_link for select to tiezheng_caller
  using (account_id = caller_account() or link_id = caller_link());

alter table verification_request enable row level security;
create policy caller_reads on verification_request for select to tiezheng_caller
  using (caller_account() in (account_id, office_account_id));
do $$
declare
  part text;
begin
  foreach part in array array['request_item', 'request_step'] loop
    execute format('alter table %I enable row level security', part);
    execute format('create policy caller_reads on %I for select to tiezheng_caller
      using (exists (select from verification_request r where r.request_id = %I.request_id))', part, part);
  end loop;
end $$;

alter table hand_over enable row level security;
create policy caller_reads on hand_over for select to tiezheng_caller
  using (caller_account() in (giver_account, receiver_account)
    or exists (select from deposit d where d.deposit_id = hand_over.deposit_id and d.account_id = caller_account()));
-- Its receiver sees the events that it is about, whether or not he may see the deposit.
create policy caller_reads_hand_overs on custody_event for select to tiezheng_caller
  using (exists (select from hand_over h where h.deposit_id = custody_event.deposit_id
    and custody_event.event_index in (h.statement_event, h.confirmation_event)));
grant select on verification_request, request_item, request_step, hand_over to tiezheng_caller;

-- ---------------------------------------------------------------- names of those with whom one has to do

create function caller_counterparts() returns setof uuid language sql stable security definer set search_path from current as $$
  select r.account_id from verification_request r where r.office_account_id = caller_account()
  union select r.office_account_id from verification_request r where r.account_id = caller_account()
  union select g.account_id from access_grant g where g.grantee_account_id = caller_account()
$$;
comment on function caller_counterparts() is 'Accounts that asked the caller''s, that it asked, or that granted it something.';
alter table account enable row level security;
create policy caller_reads on account for select to tiezheng_caller
  using (account_id = caller_account() or account_id in (select caller_counterparts()));
grant select (account_id, name) on account to tiezheng_caller;
