-- People: users who sign in, the organisations they belong to, in which accounts each may act, and how an account's identity was checked.

-- ---------------------------------------------------------------- users and organisations (the tables of better-auth, its spelling)

create schema auth;
comment on schema auth is 'Kept by better-auth 1.7: its columns are its own. Ours refer to users and organisations by id.';

create table auth."user" (
  "id" text primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null default current_timestamp,
  "twoFactorEnabled" boolean
);

create table auth."session" (
  "id" text primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text not null references auth."user" on delete cascade,
  "activeOrganizationId" text
);
create index "session_userId_idx" on auth."session" ("userId");

create table auth."account" (
  "id" text primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references auth."user" on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null
);
comment on table auth."account" is 'A way to sign in: a password, or a subject at an OIDC provider. Not an account of ours.';
create index "account_userId_idx" on auth."account" ("userId");

create table auth."verification" (
  "id" text primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null default current_timestamp
);
create index "verification_identifier_idx" on auth."verification" ("identifier");

create table auth."twoFactor" (
  "id" text primary key,
  "secret" text not null,
  "backupCodes" text not null,
  "userId" text not null references auth."user" on delete cascade,
  "verified" boolean,
  "failedVerificationCount" integer,
  "lockedUntil" timestamptz
);
create index "twoFactor_secret_idx" on auth."twoFactor" ("secret");
create index "twoFactor_userId_idx" on auth."twoFactor" ("userId");

create table auth."organization" (
  "id" text primary key,
  "name" text not null,
  "slug" text not null unique,
  "logo" text,
  "createdAt" timestamptz not null,
  "metadata" text
);

create table auth."member" (
  "id" text primary key,
  "organizationId" text not null references auth."organization" on delete cascade,
  "userId" text not null references auth."user" on delete cascade,
  "role" text not null,
  "createdAt" timestamptz not null,
  unique ("organizationId", "userId")
);
create index "member_userId_idx" on auth."member" ("userId");

create table auth."invitation" (
  "id" text primary key,
  "organizationId" text not null references auth."organization" on delete cascade,
  "email" text not null,
  "role" text,
  "status" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default current_timestamp,
  "inviterId" text not null references auth."user" on delete cascade
);
create index "invitation_organizationId_idx" on auth."invitation" ("organizationId");
create index "invitation_email_idx" on auth."invitation" ("email");

create table auth."passkey" (
  "id" text primary key,
  "name" text,
  "publicKey" text not null,
  "userId" text not null references auth."user" on delete cascade,
  "credentialID" text not null,
  "counter" integer not null,
  "deviceType" text not null,
  "backedUp" boolean not null,
  "transports" text,
  "createdAt" timestamptz,
  "aaguid" text
);
create index "passkey_userId_idx" on auth."passkey" ("userId");
create index "passkey_credentialID_idx" on auth."passkey" ("credentialID");

-- ---------------------------------------------------------------- accounts and who acts in them

create function are_roles(names text[]) returns boolean language sql immutable as $$
  select names <@ array['holder', 'capture-operator', 'notary', 'mediator', 'reader', 'officer', 'platform-reviewer', 'opponent',
    'operator', 'auditor', 'administrator']
$$;

alter table account
  add column roles text[] not null default '{holder,capture-operator,opponent,administrator}' check (are_roles(roles)),
  add column user_id text unique references auth."user" on delete set null,
  add column organization_id text unique references auth."organization" on delete set null,
  add column identity_checked_by text,
  add check (user_id is null or organization_id is null);
comment on column account.roles is 'The most that its members can have. Only the operator of the service gives an account others than these.';
comment on column account.user_id is 'The person whose own account it is; null for others.';
comment on column account.name is 'As given when the account was made. A deposit prints the name of its time.';

create table membership (
  user_id text not null references auth."user" on delete cascade,
  account_id uuid not null references account,
  roles text[] not null check (are_roles(roles)),
  since timestamptz not null default clock_timestamp(),
  primary key (user_id, account_id)
);
comment on column membership.roles is 'What counts of them is what the account has, too.';
create index membership_by_account on membership (account_id);

create table acting_account (
  session_id text primary key references auth."session" on delete cascade,
  account_id uuid not null references account
);
comment on table acting_account is 'In which account the user of a session chose to act. Counts only while he is a member.';

-- A person has an account of his own once his address is known to be his. He is there whatever it is.
create function open_personal_account() returns trigger language plpgsql set search_path from current as $$
declare
  made uuid := gen_random_uuid();
begin
  if new."emailVerified" and not exists (select from account where user_id = new."id") then
    insert into account (account_id, name, kind, user_id) values (made, left(new."name", 200), 'person', new."id");
    insert into membership (user_id, account_id, roles) values (new."id", made, roles_of_member('owner'));
  end if;
  return null;
end $$;
create trigger user_has_account after insert or update of "emailVerified" on auth."user"
  for each row execute function open_personal_account();

create function open_organisation_account() returns trigger language plpgsql set search_path from current as $$
begin
  insert into account (account_id, name, kind, organization_id)
  values (gen_random_uuid(), left(new."name", 200), 'organisation', new."id");
  return null;
end $$;
create trigger organization_has_account after insert on auth."organization"
  for each row execute function open_organisation_account();

-- better-auth's list of roles, `owner,notary`, becomes ours: an owner has whatever the account has, an admin administers.
create function roles_of_member(role text) returns text[] language sql immutable set search_path from current as $$
  select coalesce(array_agg(distinct r), '{}') from (
    select case when name = 'admin' then 'administrator' else name end as r
    from unnest(case when 'owner' = any (string_to_array(role, ',')) then
      array['holder', 'capture-operator', 'notary', 'mediator', 'reader', 'officer', 'platform-reviewer', 'opponent', 'operator',
        'auditor', 'administrator']
      else string_to_array(role, ',') end) as name) as named
  where are_roles(array[r])
$$;

create function follow_member() returns trigger language plpgsql set search_path from current as $$
begin
  if tg_op <> 'INSERT' then
    delete from membership m using account a
    where a.organization_id = old."organizationId" and m.account_id = a.account_id and m.user_id = old."userId";
  end if;
  if tg_op <> 'DELETE' then
    insert into membership (user_id, account_id, roles)
    select new."userId", a.account_id, roles_of_member(new."role") from account a where a.organization_id = new."organizationId";
  end if;
  return null;
end $$;
create trigger member_is_membership after insert or update or delete on auth."member"
  for each row execute function follow_member();

create table identity_check (
  identity_check_id bigint generated always as identity primary key,
  account_id uuid not null references account,
  method text not null check (length(method) between 1 and 100),
  checked_at timestamptz,
  checked_by text check (length(checked_by) between 1 and 200),
  recorded_by_user text,
  recorded_by_account uuid,
  recorded_at timestamptz not null,
  check ((method = 'none') = (checked_at is null)),
  check (method <> 'none' or checked_by is null)
);
comment on table identity_check is 'History: the newest of an account is what its deposits print. Deposits made before keep what they say.';
comment on column identity_check.checked_by is 'Who looked at the papers: a person or an office, in words.';
comment on column identity_check.recorded_by_user is 'Who wrote it down here; null from the command line.';
create index identity_check_by_account on identity_check (account_id, identity_check_id desc);
create trigger identity_check_append_only before update or delete on identity_check for each row execute function refuse_change();
create trigger identity_check_no_truncate before truncate on identity_check for each statement execute function refuse_change();

-- ---------------------------------------------------------------- API keys

alter table api_key
  add column key_id uuid not null unique default gen_random_uuid(),
  add column roles text[] not null default '{holder}' check (are_roles(roles)),
  add column scopes text[],
  add column expires_at timestamptz,
  add column created_by text,
  add column replaced_by uuid references api_key (key_id),
  add column last_used_on date;
comment on column api_key.roles is 'Those of whoever made it, at most. What counts of them is what the account has, too.';
comment on column api_key.scopes is 'Actions; null: all that the roles allow to a key.';
comment on column api_key.created_by is 'User; null from the command line.';
comment on column api_key.replaced_by is 'The key that came with its rotation. This one goes on until expires_at.';
create index api_key_by_account on api_key (account_id);

-- ---------------------------------------------------------------- signing in

create table sign_in_guard (
  subject bytea primary key check (octet_length(subject) = 32),
  failures integer not null check (failures >= 0),
  since timestamptz not null,
  locked_until timestamptz
);
comment on table sign_in_guard is 'Failed attempts in a window of time. Says nothing about whether there is such a user.';
comment on column sign_in_guard.subject is 'SHA-256 over what is counted: an address tried from unknown devices, or one known device.';
