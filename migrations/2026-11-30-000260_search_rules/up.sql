-- Documents by the second rules of words, like those of ticket_search, which stay and are searched until these are complete: how far
-- they are is in `projection`, under a name of their own.
CREATE TABLE ticket_search_2 (LIKE ticket_search INCLUDING ALL);
ALTER TABLE ticket_search_2 ALTER COLUMN tenant_id SET (n_distinct = -0.001);
