-- Erasing what a deposit says: the tombstone that stays, the objects that still have to go, and nothing of it coming back.

create table erasure (
  deposit_id uuid primary key references deposit,
  account_id uuid not null references account,
  user_id text,
  basis text not null check (basis in ('depositor-request', 'personal-data', 'court-order', 'authority-order', 'retention-ended', 'other')),
  file_count integer not null check (file_count >= 0),
  erased_at timestamptz not null,
  completed_at timestamptz check (completed_at >= erased_at)
);
comment on table erasure is 'Written in the transaction that deletes record, annexes, entries and keys: from then on nobody reads the content.';
comment on column erasure.user_id is 'Of auth."user": who did it; null for a session by one-time link.';
comment on column erasure.basis is 'A code, and no free text: it stays.';
comment on column erasure.completed_at is 'When the object store had confirmed that every object is gone; null while some wait, each in erasure_object.';
create index erasure_incomplete on erasure (erased_at) where completed_at is null;

create function refuse_erasure_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.completed_at is not null or new.completed_at is null
     or (new.deposit_id, new.account_id, new.user_id, new.basis, new.file_count, new.erased_at)
        is distinct from (old.deposit_id, old.account_id, old.user_id, old.basis, old.file_count, old.erased_at) then
    raise exception '% on erasure is refused: an erasure is only completed, once', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger erasure_completes_once before update or delete on erasure for each row execute function refuse_erasure_change();
create trigger erasure_no_truncate before truncate on erasure for each statement execute function refuse_change();

create table erasure_object (
  object_name text primary key,
  deposit_id uuid not null references erasure
);
comment on table erasure_object is 'Ciphertexts without a key. Each row goes once the object store has confirmed that its object is gone.';
create index erasure_object_of_deposit on erasure_object (deposit_id);

-- What is erased stays erased: a preview, an upload or a certificate that was under way ends here.
create function refuse_after_erasure() returns trigger language plpgsql as $$
begin
  -- The lock waits for an erasure under way, and the next statement sees what it has committed.
  perform from deposit where deposit_id in (select deposit_id from added) for key share;
  if exists (select from erasure e join added a using (deposit_id)) then
    raise exception 'the deposit was erased' using errcode = 'integrity_constraint_violation', constraint = 'deposit_erased';
  end if;
  return null;
end $$;
do $$
declare
  part text;
begin
  -- Record, annexes and entries are written with the deposit itself and never again.
  foreach part in array array['object_key', 'upload', 'content_received', 'certificate', 'certificate_intent', 'hand_over', 'archive_blind',
      'archive_digest'] loop
    execute format('create trigger %I after insert on %I referencing new table as added for each statement execute function refuse_after_erasure()',
      part || '_after_erasure', part);
  end loop;
end $$;

-- A certificate opens what its deposit says, so its bytes go too. Number, digest and time stay: its status is still answered.
alter table certificate alter column json drop not null, alter column pdf drop not null,
  add constraint certificate_bytes_together check ((json is null) = (pdf is null));
comment on column certificate.json is 'Null once the deposit was erased, and only then.';
create function refuse_certificate_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.json is null or new.json is not null
     or (new.certificate_no, new.deposit_id, new.digest, new.issued_at) is distinct from (old.certificate_no, old.deposit_id, old.digest, old.issued_at)
     or not exists (select from erasure e where e.deposit_id = old.deposit_id) then
    raise exception '% on certificate is refused: it loses its bytes with its deposit, and nothing else changes', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
drop trigger certificate_append_only on certificate;
create trigger certificate_append_only before update or delete on certificate for each row execute function refuse_certificate_change();

-- The second fence, see 0011.
alter table erasure enable row level security;
create policy caller_reads on erasure for select to tiezheng_caller using (exists (select from deposit d where d.deposit_id = erasure.deposit_id));
grant select on erasure to tiezheng_caller;
