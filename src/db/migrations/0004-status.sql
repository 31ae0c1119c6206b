-- What the log says of certificates and of itself: which certificate is about to be issued, how certificates stand, which key signs.

create table certificate_intent (
  certificate_no text primary key,
  deposit_id uuid not null references deposit,
  digest bytea not null unique check (octet_length(digest) = 32),
  certified bytea not null,
  submission_id bigint not null unique references submission,
  body bytea,
  ended text check (ended in ('issued', 'given-up')),
  intended_at timestamptz not null,
  check ((body is null) = (ended is not null))
);
comment on table certificate_intent is 'Written with the submission of its leaf, before the certificate is sealed: whoever finds one goes on with it.';
comment on column certificate_intent.certified is 'Canonical bytes of tiezheng/certified/v1.';
comment on column certificate_intent.body is 'Canonical bytes of the certificate without its seals; null once issued or given up.';
create unique index certificate_intent_one_open on certificate_intent (deposit_id) where ended is null;

create function refuse_intent_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.ended is not null or new.ended is null or new.certificate_no <> old.certificate_no
     or new.deposit_id <> old.deposit_id or new.digest <> old.digest or new.certified <> old.certified
     or new.submission_id <> old.submission_id or new.intended_at <> old.intended_at then
    raise exception '% on certificate_intent is refused: an intent only ends, once', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger certificate_intent_ends_once before update or delete on certificate_intent for each row execute function refuse_intent_change();
create trigger certificate_intent_no_truncate before truncate on certificate_intent for each statement execute function refuse_change();

create table certificate_status (
  submission_id bigint primary key references submission,
  certificate_no text not null,
  status text not null check (status in ('valid', 'withdrawn', 'superseded')),
  body bytea not null,
  recorded_at timestamptz not null
);
comment on table certificate_status is 'The one with the highest submission is how the certificate stands.';
comment on column certificate_status.body is 'Canonical bytes of tiezheng/status/v1.';
create index certificate_status_by_number on certificate_status (certificate_no, submission_id desc);
create trigger certificate_status_append_only before update or delete on certificate_status for each row execute function refuse_change();
create trigger certificate_status_no_truncate before truncate on certificate_status for each statement execute function refuse_change();

create table log_event (
  log_event_id bigint generated always as identity primary key,
  event text not null check (event in ('key-rotation', 'heartbeat')),
  leaf_data bytea not null unique check (octet_length(leaf_data) = 32),
  body bytea not null,
  submission_id bigint unique references submission,
  refilled_index bigint unique,
  recorded_at timestamptz not null,
  check ((submission_id is null) <> (refilled_index is null))
);
comment on column log_event.body is 'Canonical bytes of tiezheng/log-event/v1.';
comment on column log_event.refilled_index is 'Index of the leaf where a restored database had lost the row and it was put back from the object store.';
create trigger log_event_append_only before update or delete on log_event for each row execute function refuse_change();
create trigger log_event_no_truncate before truncate on log_event for each statement execute function refuse_change();
