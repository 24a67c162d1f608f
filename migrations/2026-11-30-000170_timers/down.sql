DROP TABLE rule_schedule;
ALTER TABLE installation DROP COLUMN timed;
ALTER TABLE installation DROP COLUMN timers;
ALTER TABLE installation DROP COLUMN activation;
ALTER TABLE ticket DROP COLUMN fired;
