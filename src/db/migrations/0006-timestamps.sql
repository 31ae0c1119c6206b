-- What a timestamp rests on beside its token, and how right this service's clock was: both are asked about years later.

create table timestamp_material (
  tree_size bigint not null references publication,
  source text not null,
  certificates bytea[] not null,
  revocation bytea[] not null,
  notes text not null,
  collected_at timestamptz not null,
  primary key (tree_size, source)
);
comment on table timestamp_material is 'Written together with the token''s row in attestation, of the same tree size and source.';
comment on column timestamp_material.certificates is 'DER, from the token''s signer up to the root, as far as they were at hand.';
comment on column timestamp_material.revocation is 'DER of the CRLs and OCSP responses that were collected when the token came.';
comment on column timestamp_material.notes is 'Canonical JSON: what was asked for revocation, and what could not be had.';
create trigger timestamp_material_append_only before update or delete on timestamp_material for each row execute function refuse_change();
create trigger timestamp_material_no_truncate before truncate on timestamp_material for each statement execute function refuse_change();

create table clock_offset (
  measured_at timestamptz not null,
  server text not null,
  source text not null,
  offset_ms bigint not null,
  uncertainty_ms bigint not null check (uncertainty_ms >= 0),
  within_limit boolean not null,
  primary key (source, server, measured_at)
);
comment on column clock_offset.measured_at is 'By the server''s own clock, the one that is measured.';
comment on column clock_offset.server is 'Host name.';
comment on column clock_offset.source is 'database, chain and its name, or the authority''s address.';
comment on column clock_offset.offset_ms is 'The server''s clock minus the source''s, milliseconds.';
comment on column clock_offset.uncertainty_ms is 'How far the true offset may lie from that on either side: time on the way, accuracy of the source.';
create trigger clock_offset_append_only before update or delete on clock_offset for each row execute function refuse_change();
create trigger clock_offset_no_truncate before truncate on clock_offset for each statement execute function refuse_change();
