-- Offices are looked for with every name that a caller's request reads (caller_counterparts()): not among all accounts.

create index account_office on account (account_id) where roles && '{notary,mediator}'::text[];
