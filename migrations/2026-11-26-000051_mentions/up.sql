-- Whom a message mentions, as ids of agents. Messages from before name nobody: what they say was never read for it.
ALTER TABLE message ADD COLUMN mentions jsonb NOT NULL DEFAULT '[]';

-- A mention may be an agent's name.
CREATE INDEX agent_name ON agent (tenant_id, name);
