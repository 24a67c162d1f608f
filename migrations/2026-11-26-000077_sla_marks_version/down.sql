ALTER TABLE installation DROP COLUMN marks_rule_set;
ALTER TABLE installation DROP COLUMN marks_by_tenant;
ALTER TABLE installation DROP COLUMN marks_hash;
ALTER TABLE installation DROP COLUMN marks_version;
