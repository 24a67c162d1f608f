-- Docket's roles. Run it in Docket's database, as a superuser or as the owner of the database with CREATEROLE; again does no harm.
--
-- docket_owner     owns the tables; nobody logs in as it
-- docket_migrator  a login for `docket migrate`: acts as the owner
-- docket_server    a login for `docket serve`: owns nothing, and sees the rows of the tenants that its transaction names
-- docket_prune     a login for `docket prune`: deletes what lies below the floor of a log
--
-- Roles belong to the whole PostgreSQL server. Give the logins passwords, or whatever pg_hba.conf asks for, and to whoever else
-- may connect the right to connect to this database, or take it away.
DO $roles$
DECLARE
    wanted text[];
BEGIN
    FOREACH wanted SLICE 1 IN ARRAY ARRAY[
        ['docket_owner', 'NOLOGIN'], ['docket_migrator', 'LOGIN'], ['docket_server', 'LOGIN'], ['docket_prune', 'LOGIN']
    ] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted[1]);
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', wanted[1], wanted[2]);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Another database of this server was migrated at the same moment.
        END;
    END LOOP;
    IF NOT pg_has_role('docket_migrator', 'docket_owner', 'MEMBER') THEN
        BEGIN
            GRANT docket_owner TO docket_migrator;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
    -- For `docket dev`, which has no login of its own for its server.
    IF NOT pg_has_role('docket_owner', 'docket_server', 'MEMBER') THEN
        BEGIN
            GRANT docket_server TO docket_owner;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'docket_owner', 'MEMBER') THEN
        EXECUTE format('GRANT docket_owner TO %I', current_user);
    END IF;
    IF NOT has_schema_privilege('docket_owner', current_schema(), 'CREATE') THEN
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO docket_owner', current_schema());
    END IF;
    IF NOT has_schema_privilege('docket_server', current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO docket_server', current_schema());
    END IF;
    IF NOT has_schema_privilege('docket_prune', current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO docket_prune', current_schema());
    END IF;
END
$roles$;
