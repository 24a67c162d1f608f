-- What requesters may set in their tickets beside what they always may.
ALTER TABLE tenant ADD COLUMN requester_fields jsonb NOT NULL DEFAULT '[]';
