-- What reads over all tenants, for timers, projections and operators: these functions tell tenants, ids, positions and times,
-- and nothing that a tenant wrote. And what an index serves only without row-level security, whose conditions come before operators
-- that might leak: those ask for the tenants of the transaction themselves, and tell ids, ranks, and where the statement that
-- calls them finds the rows.

CREATE OR REPLACE FUNCTION docket_logs() RETURNS TABLE (tenant_id text, last_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT h.tenant_id, h.last_at FROM tenant_head AS h
$$;

CREATE OR REPLACE FUNCTION docket_due(by timestamptz, most bigint) RETURNS TABLE (tenant_id text, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN QUERY SELECT t.tenant_id, t.id FROM ticket AS t WHERE t.sla_next_at <= by ORDER BY t.sla_next_at LIMIT most;
END
$$;

CREATE OR REPLACE FUNCTION docket_revocations(since timestamptz)
RETURNS TABLE (tenant_id text, jti text, sub text, updated_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN QUERY SELECT r.tenant_id, r.jti, r.sub, r.updated_at FROM token_revocation AS r WHERE r.updated_at > since;
END
$$;

CREATE OR REPLACE FUNCTION docket_behind(projection_name text, most bigint) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT h.tenant_id FROM tenant_head AS h
      LEFT JOIN projection AS p ON p.tenant_id = h.tenant_id AND p.name = projection_name
     WHERE p.position IS NULL OR p.position < h.position OR p.remaining > 0 ORDER BY h.last_at LIMIT most
$$;

-- Tenants that have something left of a projection that another takes the place of.
CREATE OR REPLACE FUNCTION docket_superseded(projection_name text, most bigint) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT p.tenant_id FROM projection AS p WHERE p.name = projection_name ORDER BY p.tenant_id LIMIT most
$$;

CREATE OR REPLACE FUNCTION docket_moves(zone_data text, most bigint)
RETURNS TABLE (tenant_id text, config_position bigint, marks text, after_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT f.tenant_id, f.position, f.marks,
           CASE WHEN m.config_position = f.position AND m.marks = f.marks AND m.zones = zone_data THEN m.after_id
                ELSE '00000000-0000-0000-0000-000000000000' END
      FROM (SELECT c.tenant_id, c.position,
                   CASE WHEN i.marks_version = 0 THEN ''
                        WHEN i.marks_by_tenant THEN i.marks_version || '@' || coalesce(t.position, 0)
                        ELSE i.marks_version::text END AS marks
              FROM (SELECT tenant_id, max(position) AS position
                      FROM (SELECT tenant_id, position FROM sla_policy UNION ALL SELECT tenant_id, position FROM calendar
                            UNION ALL SELECT tenant_id, 0 FROM tenant_head WHERE (SELECT timed FROM installation))
                        AS changed GROUP BY tenant_id) AS c
              LEFT JOIN tenant AS t ON t.tenant_id = c.tenant_id CROSS JOIN installation AS i) AS f
      LEFT JOIN sla_move AS m ON m.tenant_id = f.tenant_id
     WHERE m.tenant_id IS NULL OR m.config_position <> f.position OR m.marks <> f.marks OR m.zones <> zone_data OR NOT m.done
     ORDER BY f.position LIMIT most
$$;

-- Tenants of which organizations changed after the policies did, where an active policy reads them: those changes behind `since` and
-- up to `until` are followed together, and the tickets up to `after_id` have. What a change of a policy moves is moved first, and
-- that follows all organizations, too.
CREATE OR REPLACE FUNCTION docket_organizations(most bigint, together bigint)
RETURNS TABLE (tenant_id text, since bigint, until bigint, after_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT f.tenant_id, f.since, coalesce(f.begun, n.until),
           CASE WHEN f.begun IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE f.after_id END
      FROM (SELECT m.tenant_id, greatest(m.organization_position, m.config_position) AS since, m.organization_after AS after_id,
                   CASE WHEN m.organization_until > greatest(m.organization_position, m.config_position)
                        THEN m.organization_until END AS begun
              FROM sla_move AS m
             WHERE m.done AND EXISTS (SELECT FROM sla_policy AS p WHERE p.tenant_id = m.tenant_id AND p.status = 'ACTIVE'
                                         AND p.deleted_at IS NULL AND strpos(p.condition, 'organization') > 0)) AS f
     CROSS JOIN LATERAL (SELECT max(c.position) AS until
                           FROM (SELECT o.position FROM organization AS o
                                  WHERE o.tenant_id = f.tenant_id AND o.position > f.since
                                  ORDER BY o.position LIMIT together) AS c) AS n
     WHERE n.until IS NOT NULL OR f.begun IS NOT NULL LIMIT most
$$;

-- Tenants that were there when a schedule came, and that it was not carried out for.
CREATE OR REPLACE FUNCTION docket_scheduled(name text, came timestamptz, most bigint)
RETURNS TABLE (tenant_id text, after_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT h.tenant_id, CASE WHEN s.came_at = came THEN s.after_id ELSE '00000000-0000-0000-0000-000000000000' END
      FROM tenant_head AS h LEFT JOIN rule_schedule AS s ON s.tenant_id = h.tenant_id AND s.schedule = name
     WHERE (s.tenant_id IS NULL OR s.came_at < came OR (s.came_at = came AND NOT s.done))
       AND (h.floor > 0 OR (SELECT a.occurred_at FROM activity AS a WHERE a.tenant_id = h.tenant_id
                             ORDER BY a.position LIMIT 1) <= came)
     ORDER BY h.tenant_id LIMIT most
$$;

-- Where the tickets are that have all of these keys, or all of the others, of the index ticket_tags.
CREATE OR REPLACE FUNCTION docket_tagged(keys text[], or_keys text[]) RETURNS tid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    tenants text[] := nullif(current_setting('docket.tenants', true), '');
BEGIN
    RETURN ARRAY(SELECT t.ctid FROM ticket AS t
        WHERE (docket_tag_keys(t.tenant_id, t.status, t.tags) @> keys OR docket_tag_keys(t.tenant_id, t.status, t.tags) @> or_keys)
          AND t.tags <> '[]'::jsonb AND CASE WHEN t.tenant_id = ANY (tenants) THEN true ELSE false END);
END
$$;

-- Both for each version of the rules of words: the table of its documents, and what is behind the names of its functions.
DO $search$
DECLARE
    version text[];
BEGIN
    FOREACH version SLICE 1 IN ARRAY ARRAY[['ticket_search', ''], ['ticket_search_2', '_2']] LOOP
        -- The tickets with these numbers that have the words, the newest first, at most so many (NULL: all). Where there are queries
        -- to rank by, each is for one place of the index, `size` numbers, and the first for the place below `top`.
        EXECUTE format($function$
            CREATE OR REPLACE FUNCTION docket_worded%2$s(
                wanted tsquery, oldest bigint, newest bigint, most bigint, queries tsquery[], top bigint, size bigint)
            RETURNS TABLE (document uuid, nth bigint, place tid, rank real)
            LANGUAGE plpgsql STABLE SECURITY DEFINER SET enable_seqscan = off AS $$
            DECLARE
                tenants text[] := nullif(current_setting('docket.tenants', true), '');
            BEGIN
                RETURN QUERY SELECT f.ticket_id, f.number, f.place, ts_rank(f.words, queries[(top - f.number / size)::integer])
                    FROM (SELECT m.* FROM (SELECT s.ctid AS place, s.* FROM %1$I AS s WHERE s.words @@ wanted OFFSET 0) AS m
                           WHERE m.tenant_id = ANY (tenants) AND m.number >= oldest AND m.number <= newest
                           ORDER BY m.number DESC LIMIT most) AS f;
            END
            $$
        $function$, version[1], version[2]);
        -- How many tickets up to a number have what each of these asks for, at most so many.
        EXECUTE format($function$
            CREATE OR REPLACE FUNCTION docket_counted%2$s(wanted tsquery[], newest bigint, most bigint) RETURNS bigint[]
            LANGUAGE plpgsql STABLE SECURITY DEFINER SET enable_seqscan = off AS $$
            DECLARE
                tenants text[] := nullif(current_setting('docket.tenants', true), '');
                counts bigint[] := '{}';
            BEGIN
                FOR i IN 1 .. cardinality(wanted) LOOP
                    counts[i] := (SELECT count(*) FROM (SELECT FROM %1$I AS s WHERE s.words @@ wanted[i]
                        AND s.tenant_id = ANY (tenants) AND s.number <= newest LIMIT most) AS counted);
                END LOOP;
                RETURN counts;
            END
            $$
        $function$, version[1], version[2]);
    END LOOP;
END
$search$;

DO $functions$
DECLARE
    named regprocedure;
BEGIN
    FOR named IN
        SELECT p.oid FROM pg_proc p
         WHERE p.pronamespace = current_schema()::regnamespace AND p.proowner = 'docket_owner'::regrole AND p.prosecdef
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', named, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', named);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO docket_server', named);
    END LOOP;
    GRANT EXECUTE ON FUNCTION docket_logs() TO docket_prune;
    -- Triggers fire while a dump is restored, too, which has no search path.
    FOR named IN
        SELECT p.oid FROM pg_proc p
         WHERE p.pronamespace = current_schema()::regnamespace AND p.proowner = 'docket_owner'::regrole
           AND p.prorettype = 'trigger'::regtype
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', named, current_schema());
    END LOOP;
END
$functions$;
