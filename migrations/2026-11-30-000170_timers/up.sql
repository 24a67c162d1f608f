-- Timers of rules (`after: 48h`, `since: ticket.resolved_at`): the earliest stands in the ticket's `sla_next_at` beside its clocks'
-- next instant; which have fired is remembered here. Servers of the version before leave it alone.
ALTER TABLE ticket ADD COLUMN fired bytea NOT NULL DEFAULT '';
-- How often a set was made active, and since when the active one has had each of its timers and schedules, in microseconds since
-- 1970: what had passed then does not fire. `timed` says whether tickets have timers: those that are done follow a new set, too.
ALTER TABLE installation ADD COLUMN activation bigint NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN timers jsonb NOT NULL DEFAULT '{}';
ALTER TABLE installation ADD COLUMN timed boolean NOT NULL DEFAULT false;

-- How far a tenant has got with a schedule of a rule: `came_at` is when it last came, `after_id` the last ticket that it ran for,
-- and `done` is set when it ran for all.
CREATE TABLE rule_schedule (
    tenant_id text COLLATE "C" NOT NULL,
    schedule text COLLATE "C" NOT NULL,
    came_at timestamptz NOT NULL,
    after_id uuid NOT NULL,
    done boolean NOT NULL,
    PRIMARY KEY (tenant_id, schedule)
);
