ALTER TABLE ticket DROP COLUMN rule_runs;
