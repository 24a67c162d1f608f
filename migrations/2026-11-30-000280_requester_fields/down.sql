ALTER TABLE tenant DROP COLUMN requester_fields;
