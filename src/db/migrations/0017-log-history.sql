-- The public page of the log asks how it grew by day, however many publications there are.

create index publication_by_time on publication (published_at);
