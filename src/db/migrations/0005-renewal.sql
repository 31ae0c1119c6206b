-- What must hold for decades: hash trees over what deposits hold and over older timestamps, and one timestamp for each tree (RFC 4998).

create table archive_stamp (
  stamp_id bigint generated always as identity primary key,
  round text not null check (round in ('initial', 'timestamp-renewal', 'hash-tree-renewal')),
  algorithm text not null check (algorithm in ('sha256', 'sha384', 'sha512')),
  root bytea not null check (octet_length(root) in (32, 48, 64)),
  intended_at timestamptz not null,
  source text,
  token bytea,
  certificates bytea[],
  revocation bytea[],
  gen_time timestamptz,
  completed_at timestamptz,
  check (num_nulls(source, token, certificates, revocation, gen_time, completed_at) in (0, 6))
);
comment on table archive_stamp is 'Written with its leaves before an authority is asked; the token follows. Whoever finds one without goes on with it.';
comment on column archive_stamp.root is 'Top of the tree over the leaves: what the token stamps, and all that the authority sees.';
comment on column archive_stamp.certificates is 'DER, signer first, root last.';
comment on column archive_stamp.revocation is 'DER of the CRLs and OCSP responses that were collected when the token came.';
create index archive_stamp_incomplete on archive_stamp (stamp_id) where token is null;

create function refuse_stamp_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.token is not null or new.token is null or new.stamp_id <> old.stamp_id or new.round <> old.round
     or new.algorithm <> old.algorithm or new.root <> old.root or new.intended_at <> old.intended_at then
    raise exception '% on archive_stamp is refused: a stamp only gets its token, once', tg_op using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger archive_stamp_completes_once before update or delete on archive_stamp for each row execute function refuse_stamp_change();
create trigger archive_stamp_no_truncate before truncate on archive_stamp for each statement execute function refuse_change();

create table archive_leaf (
  stamp_id bigint not null references archive_stamp,
  position integer not null check (position >= 0),
  kind text not null check (kind in ('file', 'deposit', 'publication', 'token', 'stamp')),
  hash bytea not null,
  deposit_id uuid references deposit,
  file_index integer check (file_index >= 0),
  tree_size bigint references publication,
  source text,
  renews bigint references archive_stamp,
  covers bigint references archive_stamp,
  primary key (stamp_id, position),
  check ((kind in ('file', 'deposit')) = (deposit_id is not null)),
  check ((kind = 'file') = (file_index is not null)),
  check ((kind in ('publication', 'token')) = (tree_size is not null and source is not null)),
  check ((kind = 'stamp') = (renews is not null))
);
comment on column archive_leaf.kind is
  'file, deposit (all files of one that has several), publication (its checkpoint): what is proved. token (of a publication), stamp: an older timestamp.';
comment on column archive_leaf.hash is 'Of the leaf; files and deposits are blinded, so that neither neighbours nor authorities learn a digest.';
comment on column archive_leaf.covers is 'In a hash-tree renewal: last stamp of the chains that it takes up; null if these end with a publication''s own token.';
create index archive_leaf_of_deposit on archive_leaf (deposit_id, file_index) where deposit_id is not null;
create index archive_leaf_of_publication on archive_leaf (tree_size, source) where tree_size is not null;
-- Each thing begins its record once, and each timestamp is renewed once: two servers at work cannot branch a chain.
create unique index archive_leaf_begun_once on archive_leaf (deposit_id, coalesce(file_index, -1)) where deposit_id is not null and covers is null;
create unique index archive_leaf_token_once on archive_leaf (tree_size, source) where kind = 'token';
create unique index archive_leaf_renewed_once on archive_leaf (renews) where kind = 'stamp';
create unique index archive_leaf_taken_up_once on archive_leaf (kind, coalesce(deposit_id::text, source), coalesce(file_index, tree_size, -1), coalesce(covers, -1))
  where kind in ('file', 'deposit', 'publication');
create trigger archive_leaf_append_only before update or delete on archive_leaf for each row execute function refuse_change();
create trigger archive_leaf_no_truncate before truncate on archive_leaf for each statement execute function refuse_change();

-- From these two a lawful erasure can delete; what stays in the trees then says nothing about the content.
create table archive_blind (
  deposit_id uuid not null references deposit,
  file_index integer not null check (file_index >= -1),
  blind bytea not null check (octet_length(blind) = 32),
  primary key (deposit_id, file_index)
);
comment on column archive_blind.file_index is '-1: of the deposit as a whole.';
create table archive_digest (
  deposit_id uuid not null references deposit,
  file_index integer not null check (file_index >= 0),
  algorithm text not null check (algorithm in ('sha384', 'sha512')),
  digest bytea not null check (octet_length(digest) in (48, 64)),
  primary key (deposit_id, file_index, algorithm)
);
comment on table archive_digest is 'Of originals, hashed again for a hash-tree renewal.';
