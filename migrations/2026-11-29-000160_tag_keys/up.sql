-- The index of tags, over texts: what it finds need not be looked at again, as with jsonb. A ticket has a key for each tag: `open` or
-- `done`, its tenant, behind the length of that so that no two keys are alike, and the tag, folded.
--
-- A setting of a function is put in place and taken back at each call: the bodies name the schema instead. Indexes call these
-- while a dump is restored, too, when there is no search path.
DO $tag_keys$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION docket_fold_all(words jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            written text := words;
        BEGIN
            IF octet_length(written) = length(written) AND written = lower(written COLLATE "C") THEN
                RETURN words;
            END IF;
            RETURN (SELECT coalesce(jsonb_agg(%I.docket_fold(word) ORDER BY place), '[]')
                FROM jsonb_array_elements_text(words) WITH ORDINALITY AS w(word, place));
        END
        $$
    $function$, current_schema());
    EXECUTE format($function$
        CREATE FUNCTION docket_tag_keys(tenant_id text, status text, tags jsonb) RETURNS text[]
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            of text := CASE WHEN status IN ('RESOLVED', 'CLOSED') THEN 'done/' ELSE 'open/' END
                || length(tenant_id) || '/' || tenant_id || '/';
            keys text[] := '{}';
        BEGIN
            FOR i IN 0 .. jsonb_array_length(tags) - 1 LOOP
                keys[i + 1] := of || %I.docket_fold(tags ->> i);
            END LOOP;
            RETURN keys;
        END
        $$
    $function$, current_schema());
END
$tag_keys$;
-- It calls nothing but PostgreSQL's own.
ALTER FUNCTION docket_fold(text) RESET ALL;

DROP INDEX ticket_tags;
CREATE INDEX ticket_tags ON ticket USING gin (docket_tag_keys(tenant_id, status, tags)) WITH (fastupdate = off) WHERE tags <> '[]'::jsonb;

-- Others of these names have more to tell now: see functions.sql.
DROP FUNCTION IF EXISTS docket_worded(tsquery, bigint, bigint);
DROP FUNCTION IF EXISTS docket_tagged(jsonb, jsonb);
