CREATE INDEX sla_ledger_breach ON sla_ledger (tenant_id, breached_at) WHERE breached_at IS NOT NULL;
DROP TABLE sla_outcome;
