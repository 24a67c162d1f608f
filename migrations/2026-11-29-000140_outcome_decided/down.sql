CREATE INDEX sla_outcome_decided ON sla_outcome (tenant_id, (coalesce(breached_at, fulfilled_at)));
DROP INDEX sla_outcome_decided_at;
