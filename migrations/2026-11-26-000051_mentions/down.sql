DROP INDEX agent_name;
ALTER TABLE message DROP COLUMN mentions;
