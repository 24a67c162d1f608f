DELETE FROM projection WHERE name = 'statistics';
DELETE FROM statistic;
DROP INDEX organization_changed;
ALTER TABLE sla_move DROP COLUMN organization_position, DROP COLUMN organization_until, DROP COLUMN organization_after;
CREATE INDEX sla_outcome_decided_at ON sla_outcome
    (tenant_id, (CASE WHEN breached_at IS NULL THEN fulfilled_at ELSE breached_at END));
DROP INDEX sla_outcome_counted;
ALTER TABLE sla_outcome DROP COLUMN counted_at;
ALTER TABLE ticket DROP COLUMN asked_at, DROP COLUMN breached_at;
