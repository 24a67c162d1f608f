-- What SearchTickets looks in: one document for each ticket, made of its row and its messages as they are; folded from the
-- log beside the write path, like statistics, and made again when its row in `projection` is deleted.
CREATE TABLE ticket_search (
    tenant_id text COLLATE "C" NOT NULL,
    ticket_id uuid NOT NULL,
    number bigint NOT NULL,
    -- Each lexeme begins with a hash of the tenant and of the ticket's place among its tickets (4,096 numbers make one),
    -- then says what it is: `:` a word that the requester may read, `~` one of an internal note, and marks to narrow by.
    words tsvector NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id)
);

-- The one index that does not begin with the tenant: its keys do, so that a tenant pays for its own words only, and so do
-- its places, so that the newest tickets with a common word are found without reading all that have it. Nothing pends:
-- what one write put off, a reader would pay.
CREATE INDEX ticket_search_words ON ticket_search USING gin (words) WITH (fastupdate = off);

ALTER TABLE ticket_search ALTER COLUMN tenant_id SET (n_distinct = -0.001);
