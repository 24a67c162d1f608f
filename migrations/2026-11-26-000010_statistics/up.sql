-- Projections: what is folded from the log beside the write path, so that counting a tenant's tickets reads a few sums and
-- not the tickets. All of it can be made again from tickets and log: deleting a tenant's row in `projection` has that done.

-- How far each projection has taken a tenant's log in. Moved by compare-and-set in the transaction that writes what
-- follows from it, so that several processes may fold at once.
CREATE TABLE projection (
    tenant_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    -- Tickets up to this number are still to be taken from their table; 0: none.
    remaining bigint NOT NULL,
    PRIMARY KEY (tenant_id, name)
) WITH (fillfactor = 50);

-- Sums over tickets that are not deleted: of the day on which they were made (days since 1970 in UTC; -2147483648: all
-- days), by a dimension (team, priority, category, channel, or '' for all) and the value that they have there.
CREATE TABLE statistic (
    tenant_id text COLLATE "C" NOT NULL,
    dimension text COLLATE "C" NOT NULL,
    day integer NOT NULL,
    value text COLLATE "C" NOT NULL,
    -- `status.OPEN`, `first_response.sum`, …: model/statistics.rs.
    measure text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (tenant_id, dimension, day, value, measure)
) WITH (fillfactor = 70);

-- Open tickets that have a deadline: which of them are past it depends on the time of the question.
CREATE INDEX ticket_open_due ON ticket (tenant_id, due_at) WHERE resolved_at IS NULL AND due_at IS NOT NULL;

ALTER TABLE statistic ALTER COLUMN tenant_id SET (n_distinct = -0.001);
