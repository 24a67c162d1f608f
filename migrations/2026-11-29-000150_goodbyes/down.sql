ALTER TABLE message DROP CONSTRAINT message_author_kind_check;
UPDATE message SET author_kind = 'SERVICE' WHERE author_kind = 'SYSTEM';
ALTER TABLE message ADD CONSTRAINT message_author_kind_check CHECK (author_kind IN ('REQUESTER', 'AGENT', 'SERVICE'));
