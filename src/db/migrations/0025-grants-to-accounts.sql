-- Who grants something to an account that he has had nothing to do with does not learn whether there is such an account: it waits until that account takes it.

alter table access_grant add column invited_account_id uuid;
comment on column access_grant.invited_account_id is 'As the giver named it; whether there is such an account is not told him.';
alter table access_grant drop constraint access_grant_check2,
  add constraint access_grant_for_somebody check (num_nonnulls(grantee_account_id, invited_email, invited_account_id) >= 1),
  add constraint access_grant_named_once check (num_nonnulls(invited_email, invited_account_id) <= 1),
  add constraint access_grant_not_to_giver check (invited_account_id <> account_id);
comment on column access_grant.grantee_account_id is 'Null until whoever was invited, by e-mail or by the number of an account, has accepted.';
create index access_grant_by_invited_account on access_grant (invited_account_id) where grantee_account_id is null;

create or replace function refuse_grant_change() returns trigger language plpgsql as $$
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
     or (old.invited_account_id is not null and new.grantee_account_id <> old.invited_account_id)
     or (new.grant_id, new.account_id, new.deposit_id, new.matter_id, new.request_id, new.invited_email, new.invited_account_id, new.scope, new.coverage, new.remark, new.created_at, new.expires_at)
        is distinct from
        (old.grant_id, old.account_id, old.deposit_id, old.matter_id, old.request_id, old.invited_email, old.invited_account_id, old.scope, old.coverage, old.remark, old.created_at, old.expires_at) then
    raise exception 'a grant is accepted once and revoked once; all else stays' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

-- ---------------------------------------------------------------- names of those with whom one has to do

create or replace function caller_counterparts() returns setof uuid language sql stable security definer set search_path from current as $$
  select r.account_id from verification_request r where r.office_account_id = caller_account()
  union select r.office_account_id from verification_request r where r.account_id = caller_account()
  union select g.account_id from access_grant g where g.grantee_account_id = caller_account()
  -- Whoever took what was granted to him has shown himself, and so has whoever confirmed a hand-over.
  union select g.grantee_account_id from access_grant g where g.account_id = caller_account() and g.accepted_at is not null
  union select h.giver_account from hand_over h where h.receiver_account = caller_account()
  union select h.receiver_account from hand_over h where h.giver_account = caller_account() and h.ended = 'confirmed' and h.receiver_account is not null
  -- Everybody who may ask an office sees the list of them.
  union select a.account_id from account a where a.roles && '{notary,mediator}'
$$;
comment on function caller_counterparts() is
  'Accounts that acted towards the caller''s or answered it: by a request, a grant given or taken, a hand-over given or confirmed; and the offices that are listed for all.';
