-- How clocks came out: one row for each that was breached or fulfilled, written when that happens; nothing more is written when a
-- ticket is made. Breaches are listed and reports counted from here: the ledger cannot be asked for a metric or a policy.
-- The first breach decides for ever: from then on only `fulfilled_at`, `voided_at` and `elapsed` change. What the ticket was is
-- kept as of that moment, so that no later move of it rewrites a report. Clocks that ended before this table was there are not in it.
CREATE TABLE sla_outcome (
    tenant_id text COLLATE "C" NOT NULL,
    ticket_id uuid NOT NULL,
    metric text COLLATE "C" NOT NULL CHECK (metric IN ('FIRST_RESPONSE', 'NEXT_RESPONSE', 'RESOLUTION')),
    cycle integer NOT NULL CHECK (cycle > 0),
    policy_id uuid NOT NULL,
    policy_version integer NOT NULL,
    target bigint NOT NULL,
    priority text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    organization_id text COLLATE "C" NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    breached_at timestamptz,
    late bigint NOT NULL,
    position bigint NOT NULL,
    fulfilled_at timestamptz,
    voided_at timestamptz,
    elapsed bigint,
    CHECK (fulfilled_at IS NULL OR voided_at IS NULL),
    PRIMARY KEY (tenant_id, ticket_id, metric, cycle)
);
CREATE INDEX sla_outcome_breached ON sla_outcome (tenant_id, breached_at, position) WHERE breached_at IS NOT NULL;
-- By the instant that decided it.
CREATE INDEX sla_outcome_decided ON sla_outcome (tenant_id, (coalesce(breached_at, fulfilled_at)));
-- What it was made for is asked of the other one.
DROP INDEX sla_ledger_breach;
