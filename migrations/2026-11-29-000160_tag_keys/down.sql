DROP FUNCTION IF EXISTS docket_worded(tsquery, bigint, bigint, bigint, tsquery[], bigint, bigint);
DROP FUNCTION IF EXISTS docket_tagged(text[], text[]);
DROP INDEX ticket_tags;
CREATE INDEX ticket_tags ON ticket USING gin ((jsonb_set('{}', ARRAY[
    CASE WHEN status NOT IN ('RESOLVED', 'CLOSED') THEN 'open/' ELSE 'done/' END || tenant_id], docket_fold_all(tags))) jsonb_path_ops)
    WITH (fastupdate = off) WHERE tags <> '[]'::jsonb;
DROP FUNCTION docket_tag_keys;
DO $folding$
BEGIN
    EXECUTE format('ALTER FUNCTION docket_fold_all(jsonb) SET search_path = pg_catalog, %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION docket_fold(text) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$folding$;
