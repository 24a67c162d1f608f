-- Timers of rules (`after: 48h`, `since: ticket.resolved_at`): the earliest stands in the ticket's `sla_next_at` beside its clocks'
-- next instant; which have fired is remembered here. Servers of the version before leave it alone.
ALTER TABLE ticket ADD COLUMN fired bytea NOT NULL DEFAULT '';
-- How often a set was made active, and since when the active one has had each of its timers and schedules, in microseconds since
-- 1970: what had passed then does not fire. `timed` says whether tickets have timers: those that are done follow a new set, too.
ALTER TABLE installation ADD COLUMN activation bigint NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN timers jsonb NOT NULL DEFAULT '{}';
ALTER TABLE installation ADD COLUMN timed boolean NOT NULL DEFAULT false;
