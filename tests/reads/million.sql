-- A tenant with as many tickets as `seed.rows` says, and a fifth as many messages and activities: one ticket in ten is not
-- finished. No row is wide: what is measured is which rows are touched.

-- Indexes are made faster over rows that are there.
CREATE TEMPORARY TABLE made AS
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename IN ('ticket', 'message', 'activity')
    AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT indexname FROM made LOOP EXECUTE format('DROP INDEX %I', name); END LOOP;
END $$;

INSERT INTO ticket (
    tenant_id, id, number, subject, description, kind, status, priority, category, channel, tags, custom,
    requester_id, requester_email, requester_name, assignee_id, team_id, organization_id, deal_id, related_asset_id,
    related_vulnerability_id, resolved_at, closed_at, escalation_level, reopen_count, satisfaction_comment,
    message_count, public_message_count, version, described_at, app_id, source, source_type, created_at, created_by,
    updated_at, updated_by, deleted_by, schema_version, etag_version, position)
SELECT
    'million', ('019b7606-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n, 'Printer', '', 'INCIDENT', status,
    CASE WHEN n % 97 = 0 THEN 'URGENT' WHEN n % 11 = 0 THEN 'HIGH' WHEN n % 3 = 0 THEN 'LOW' ELSE 'MEDIUM' END,
    'general', 'API',
    CASE WHEN n % 333 = 9 THEN '["vip"]'::jsonb WHEN n % 7 = 0 THEN '["login", "web"]' ELSE '[]' END, '{}',
    'r' || n % 20011, '', '', CASE WHEN n % 5 = 0 THEN '' ELSE 'a' || n % 199 END, 't' || n % 23, 'o' || n % 2003, '', '',
    '', CASE WHEN status = 'CLOSED' THEN at END, CASE WHEN status = 'CLOSED' THEN at END, 0, 0, '',
    0, 0, 1, 1, '', 'docket', 'API', at, 'ann', at, 'ann', '', 1, 1, n
FROM (
    SELECT n, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 second' AS at,
        CASE WHEN n % 10 < 9 THEN 'CLOSED' WHEN n % 3 = 0 THEN 'PENDING' ELSE 'OPEN' END AS status
    FROM generate_series(1, current_setting('seed.rows')::bigint) n
) seed;

-- A hundred tickets have all the messages and activities.
INSERT INTO message (
    tenant_id, id, ticket_id, body, visibility, author_id, author_email, author_kind, workflow, app_id, source, source_type,
    created_at, created_by, updated_at, updated_by, deleted_by, schema_version, etag_version, position)
SELECT
    'million', ('019b7606-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    ('019b7606-0000-7000-8000-' || lpad(to_hex(n % 100), 12, '0'))::uuid, '', 'PUBLIC', '', '', 'AGENT', '', '', 'docket', 'API',
    at, '', at, '', '', 1, 1, n
FROM (
    SELECT n, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 second' AS at
    FROM generate_series(1, current_setting('seed.rows')::bigint / 5) n
) seed;

INSERT INTO activity (
    tenant_id, position, kind, families, ticket_id, ticket_version, app_id, requester_id, public, actor_kind, actor_id,
    occurred_at, body, image)
SELECT
    'million', n, 'ticket.updated', '[]', ('019b7606-0000-7000-8000-' || lpad(to_hex(n % 100), 12, '0'))::uuid, n, '', '',
    true, 'AGENT', 'ann', timestamptz '2026-01-01T00:00:00Z' + n * interval '1 second', '', ''
FROM generate_series(1, current_setting('seed.rows')::bigint / 5) n;

DO $$ DECLARE sql text; BEGIN
    FOR sql IN SELECT indexdef FROM made LOOP EXECUTE sql; END LOOP;
END $$;
ANALYZE;
