-- E-mail addresses compare without case, and are found by an index: stored as they compare, since row-level security lets no function
-- into the conditions of an index. Servers of the version before need not know.
ALTER TABLE ticket ADD COLUMN requester_address text COLLATE "C" GENERATED ALWAYS AS (docket_fold(requester_email)) STORED;
CREATE INDEX ticket_requester_address ON ticket (tenant_id, requester_address, created_at, number) WHERE requester_address <> '';
ALTER TABLE contact ADD COLUMN address text COLLATE "C" GENERATED ALWAYS AS (docket_fold(email)) STORED;
CREATE INDEX contact_address ON contact (tenant_id, address);
