ALTER TABLE tenant DROP COLUMN default_calendar_id;
DROP TABLE calendar_version;
DROP TABLE sla_policy_version;
DROP TABLE calendar;
DROP TABLE sla_policy;
