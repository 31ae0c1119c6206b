-- Who runs the service is printed on every certificate: what was printed when must stay to be read, so versions are added and none is changed.

create table platform_profile (
  version integer primary key check (version > 0),
  in_force_from timestamptz not null unique,
  body text not null check (length(body) <= 32768),
  printed_digest bytea not null check (octet_length(printed_digest) = 32),
  source text not null check (source in ('settings', 'operator')),
  recorded_by_user text,
  recorded_by_account uuid,
  check ((source = 'operator') = (recorded_by_account is not null))
);
comment on table platform_profile is 'A version is in force until the next one is; versions are counted without gaps.';
comment on column platform_profile.body is 'Canonical JSON of the whole record.';
comment on column platform_profile.printed_digest is 'SHA-256 over canonical JSON of the part that certificates print.';
create trigger platform_profile_append_only before update or delete on platform_profile for each row execute function refuse_change();
create trigger platform_profile_no_truncate before truncate on platform_profile for each statement execute function refuse_change();

create index certificate_by_issue on certificate (issued_at);
