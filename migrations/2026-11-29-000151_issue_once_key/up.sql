-- Rules make one issue for a ticket, or one for each key that they name; '' is no key, and what issues that are there have.
ALTER TABLE issue ADD COLUMN once_key text NOT NULL DEFAULT '';
