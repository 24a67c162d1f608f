-- Tables that an earlier version made belong to whoever migrated then: give them to the owner.
DO $owner$
DECLARE
    mine oid := (SELECT relowner FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations'));
    made regclass;
BEGIN
    FOR made IN
        SELECT c.oid FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
           AND c.relowner = mine AND c.relowner <> 'docket_owner'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO docket_owner', made);
    END LOOP;
END
$owner$;
