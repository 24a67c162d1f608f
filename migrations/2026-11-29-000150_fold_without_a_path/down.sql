DO $folding$
BEGIN
    EXECUTE format('ALTER FUNCTION docket_fold_all(jsonb) SET search_path = pg_catalog, %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION docket_fold(text) SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$folding$;
