DROP TRIGGER ticket_tag_folded ON ticket_tag;
DROP FUNCTION docket_fold_name;
ALTER TABLE ticket_tag DROP CONSTRAINT ticket_tag_pkey;
DROP INDEX ticket_tag_name;
ALTER TABLE ticket_tag ADD PRIMARY KEY (tenant_id, name);
ALTER TABLE ticket_tag DROP COLUMN folded;
DROP INDEX ticket_tags;
CREATE INDEX ticket_tags ON ticket USING gin ((jsonb_set('{}', ARRAY[
    CASE WHEN status NOT IN ('RESOLVED', 'CLOSED') THEN 'open/' ELSE 'done/' END || tenant_id], tags)) jsonb_path_ops)
    WITH (fastupdate = off) WHERE tags <> '[]'::jsonb;
DROP FUNCTION docket_fold_all;
DROP FUNCTION docket_fold;
