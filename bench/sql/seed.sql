-- What both databases hold before the first round: the same tenants, heads and tickets, with ids that both sides can
-- name (see load/tenants.rs): tenants t1..tN with a few tickets each to read and update, one tenant with a short and one
-- with a long list, and the hot one, hot1. Settings: bench.tenants, bench.tickets, bench.short_list, bench.long_list.

CREATE TEMPORARY TABLE seed AS
SELECT 't' || i AS tenant_id, i, current_setting('bench.tickets')::bigint AS tickets
FROM generate_series(1, current_setting('bench.tenants')::bigint) i
UNION ALL SELECT 'hot1', 60000, 0
UNION ALL SELECT 'short', 60001, current_setting('bench.short_list')::bigint
UNION ALL SELECT 'long', 60002, current_setting('bench.long_list')::bigint;

INSERT INTO tenant_head (tenant_id, position, config_position, last_number, floor, last_at)
SELECT tenant_id, 0, 0, tickets, 0, clock_timestamp() FROM seed;

-- One in five is resolved, so that a list of one status has something to leave out. The long list has twenty teams, and
-- words to search for: a device of a few, the first of them in half of the tickets; one of 512 places; and a serial number
-- that no other ticket has. In the short and in the long list some are somebody's: of an agent, a team, a requester and an
-- organization the same share, with the tag the same number.
INSERT INTO ticket (
    tenant_id, id, number, subject, description, kind, status, priority, category, channel, tags, custom,
    requester_id, requester_email, requester_name, assignee_id, team_id, organization_id, deal_id, related_asset_id,
    related_vulnerability_id, resolved_at, escalation_level, reopen_count, satisfaction_comment, message_count,
    public_message_count, version, described_at, app_id, source, source_type, created_at, created_by, updated_at,
    updated_by, deleted_by, schema_version, etag_version, position)
SELECT
    tenant_id,
    ('01900000-' || lpad(to_hex(i), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    n,
    CASE WHEN tenant_id = 'long'
        THEN (ARRAY['Paper jam', 'No power', 'Strange noise', 'Lost connection', 'Blank page'])[1 + n * 7 % 5] || ' in '
            || (ARRAY['printer', 'printer', 'printer', 'printer', 'scanner', 'copier', 'router', 'phone'])[1 + n * 11 % 8]
            || ' bay' || n * 2654435761 % 512
        ELSE 'Paper jam in printer ' || n
    END,
    CASE WHEN tenant_id = 'long'
        THEN repeat('The third tray takes two sheets at once. ', 3) || 'Its serial number is ' || substr(md5(n::text), 1, 12)
        ELSE repeat('The third tray takes two sheets at once. ', 4)
    END,
    'INCIDENT',
    CASE WHEN n % 5 = 0 THEN 'RESOLVED' ELSE 'OPEN' END,
    CASE WHEN i > 60000 AND n % 7 = 0 THEN 'URGENT' ELSE 'MEDIUM' END, 'general', 'API',
    CASE WHEN i > 60000 AND n % (tickets / 100) = 1 THEN '["vip"]'::jsonb ELSE '[]' END, '{}',
    CASE WHEN i > 60000 AND n % 100 = 7 THEN 'rita' ELSE 'bench' END, '', '',
    CASE WHEN i > 60000 AND n % 50 = 3 THEN 'ann' ELSE '' END,
    CASE WHEN i > 60000 AND n % 10 = 4 THEN 'support' WHEN tenant_id = 'long' THEN 'team-' || n % 20 ELSE '' END,
    CASE WHEN i > 60000 AND n % 100 = 13 THEN 'acme' ELSE '' END, '', '', '',
    CASE WHEN n % 5 = 0 THEN clock_timestamp() END, 0, 0, '', 0,
    0, 1, 0, '', 'docket', 'API', clock_timestamp() - (tickets - n + 1) * interval '1 second', 'bench', clock_timestamp(),
    'bench', '', 1, 1, 0
FROM seed, generate_series(1, tickets) n;

DROP TABLE seed;
