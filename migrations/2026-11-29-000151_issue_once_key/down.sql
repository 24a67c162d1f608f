ALTER TABLE issue DROP COLUMN once_key;
