-- Whoever was given a grant is told of it: those of the last days are looked for every few seconds.

create index access_grant_by_time on access_grant (created_at);
