-- A setting of a function is put in place and taken back at each call, and lists by tag fold a word for each row: name the schema
-- in the body instead. Indexes call it while a dump is restored, too, when there is no search path.
DO $folding$
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
END
$folding$;
-- It calls nothing but PostgreSQL's own.
ALTER FUNCTION docket_fold(text) RESET ALL;
-- It has more to tell now: see functions.sql.
DROP FUNCTION IF EXISTS docket_worded(tsquery, bigint, bigint);
