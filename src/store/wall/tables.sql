-- The wall around the tables, run as their owner after each migration. A table with a tenant is shut whatever its migration says.
DO $tables$
DECLARE
    shut regclass;
BEGIN
    FOR shut IN
        SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relowner = 'docket_owner'::regrole
    LOOP
        IF NOT (SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = shut) THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', shut);
        END IF;
        IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = shut AND polname = 'tenants') THEN
            -- The setting is read once a statement. CASE, so that the planner neither looks for these tenants in an index that it
            -- searches for one, nor thinks that few rows are left.
            EXECUTE format($policy$
                CREATE POLICY tenants ON %s USING (CASE WHEN tenant_id = ANY (
                    (SELECT nullif(current_setting('docket.tenants', true), '')::text[])::text[]) THEN true ELSE false END)
            $policy$, shut);
        END IF;
        IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = shut AND polname = 'owner') THEN
            -- FORCE binds the owner, too.
            EXECUTE format('CREATE POLICY owner ON %s TO docket_owner USING (true)', shut);
        END IF;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO docket_server', shut);
    END LOOP;
END
$tables$;

-- What happened stays as it was written.
REVOKE UPDATE, DELETE ON activity, sla_ledger FROM docket_server;
GRANT SELECT ON __diesel_schema_migrations TO docket_server, docket_prune;
GRANT SELECT, INSERT ON rule_set TO docket_server;
GRANT SELECT, INSERT, UPDATE ON rule_set_activation TO docket_server;
GRANT SELECT, UPDATE ON installation TO docket_server;

-- Retention raises the floor, and deletes below it only.
GRANT SELECT ON tenant_head, ticket, activity, request TO docket_prune;
GRANT UPDATE (floor) ON tenant_head TO docket_prune;
GRANT DELETE ON activity, request TO docket_prune;
DO $floor$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = 'activity'::regclass AND polname = 'floor') THEN
        CREATE POLICY floor ON activity AS RESTRICTIVE FOR DELETE TO docket_prune
            USING (position <= (SELECT h.floor FROM tenant_head h WHERE h.tenant_id = activity.tenant_id));
        CREATE POLICY floor ON request AS RESTRICTIVE FOR DELETE TO docket_prune
            USING (position <= (SELECT h.floor FROM tenant_head h WHERE h.tenant_id = request.tenant_id));
    END IF;
END
$floor$;
