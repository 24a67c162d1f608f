ALTER TABLE contact DROP COLUMN address;
ALTER TABLE ticket DROP COLUMN requester_address;
