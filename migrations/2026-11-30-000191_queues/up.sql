-- Tickets that wait for an agent of their team, since when and by what they are to be assigned; and how many of them each team
-- of a tenant has, beside what every batch reads anyway, so that a tenant without any reads nothing more.
ALTER TABLE ticket ADD COLUMN queued_at timestamptz, ADD COLUMN queue jsonb NOT NULL DEFAULT 'null';
ALTER TABLE tenant_head ADD COLUMN queues jsonb NOT NULL DEFAULT '{}';
CREATE INDEX ticket_queued ON ticket (tenant_id, team_id) WHERE queued_at IS NOT NULL;
