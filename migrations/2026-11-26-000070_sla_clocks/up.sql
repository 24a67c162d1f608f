-- A ticket's clocks, when the next of them warns or is breached, and the ledger from which they follow. The clocks stand in the
-- ticket's row: who writes a ticket has them in hand, and they cost no row of their own. Servers of the version before leave
-- them alone.
ALTER TABLE ticket ADD COLUMN clocks bytea NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN sla_next_at timestamptz;
-- What is due, over all tenants: read by one scanner, by time.
CREATE INDEX ticket_sla_next ON ticket (sla_next_at) WHERE sla_next_at IS NOT NULL;

-- The rows that one activity wrote, at its position. Kept beside the log, which retention cuts: a deadline stays explained.
CREATE TABLE sla_ledger (
    tenant_id text COLLATE "C" NOT NULL,
    ticket_id uuid NOT NULL,
    position bigint NOT NULL,
    breached_at timestamptz,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, position)
);
CREATE INDEX sla_ledger_breach ON sla_ledger (tenant_id, breached_at) WHERE breached_at IS NOT NULL;

-- How far a tenant's open tickets have followed its policies and calendars: bookkeeping. `config_position` is that of the newest
-- change that is being followed, `after_id` the last ticket that did; `done` when all have.
CREATE TABLE sla_move (
    tenant_id text COLLATE "C" PRIMARY KEY,
    config_position bigint NOT NULL,
    zones text NOT NULL,
    after_id uuid NOT NULL,
    done boolean NOT NULL
);
