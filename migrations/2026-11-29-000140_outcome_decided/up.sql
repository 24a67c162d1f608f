-- When an outcome was decided, in words that row-level security lets into an index condition: COALESCE might tell of rows that
-- nobody may see, as far as PostgreSQL knows, and CASE does not.
CREATE INDEX sla_outcome_decided_at ON sla_outcome
    (tenant_id, (CASE WHEN breached_at IS NULL THEN fulfilled_at ELSE breached_at END));
DROP INDEX sla_outcome_decided;
