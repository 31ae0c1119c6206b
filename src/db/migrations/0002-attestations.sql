-- Who outside attests to a checkpoint besides a chain: witnesses that cosigned it, authorities that timestamped it, calendars that stamped its root.

create table cosignature (
  tree_size bigint not null references checkpoint,
  vkey text not null,
  line text not null,
  received_at timestamptz not null,
  primary key (tree_size, vkey)
);
comment on column cosignature.line is 'Signature line of the witness, without line feed, as certificates carry it.';
create trigger cosignature_append_only before update or delete on cosignature for each row execute function refuse_change();
create trigger cosignature_no_truncate before truncate on cosignature for each statement execute function refuse_change();

create table attestation (
  tree_size bigint not null references publication,
  type text not null check (type in ('rfc3161', 'opentimestamps')),
  source text not null,
  body bytea not null,
  complete boolean not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tree_size, type, source)
);
comment on column attestation.source is 'Which of ours was asked: the authority''s or calendar''s address.';
comment on column attestation.body is 'Canonical bytes of the attestation as certificates carry it.';
comment on column attestation.complete is 'False while the calendar still waits for a Bitcoin block; then the row is changed for the last time.';
create index attestation_incomplete on attestation (type, source, tree_size) where not complete;

create function refuse_completed_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.complete or new.tree_size <> old.tree_size or new.type <> old.type or new.source <> old.source then
    raise exception '% on attestation is refused: a complete one is never changed', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger attestation_completed_once before update or delete on attestation for each row execute function refuse_completed_change();
create trigger attestation_no_truncate before truncate on attestation for each statement execute function refuse_change();
