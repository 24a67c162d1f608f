-- The honest naive service, one transaction per ticket. Every column, row and size is what Docket writes for the same
-- ticket. One round trip is saved by locking and counting in one statement, and the ticket's id rises with time, as
-- Docket's does, so that its index grows at one end.
\set i random(1, :tenants)
BEGIN;
UPDATE tenant_head SET position = position + 1, last_number = last_number + 1, last_at = clock_timestamp()
WHERE tenant_id = :prefix || :i
RETURNING position, last_number,
    lpad(to_hex((extract(epoch FROM last_at) * 1000)::bigint), 12, '0') || right(gen_random_uuid()::text, 23) AS id \gset
INSERT INTO ticket (
    tenant_id, id, number, subject, description, kind, status, priority, category, channel, tags, custom,
    requester_id, requester_email, requester_name, assignee_id, team_id, organization_id, deal_id, related_asset_id,
    related_vulnerability_id, escalation_level, reopen_count, satisfaction_comment, message_count,
    public_message_count, version, described_at, app_id, source, source_type, created_at, created_by, updated_at,
    updated_by, deleted_by, schema_version, etag_version, position)
VALUES (
    :prefix || :i, :id, :last_number, :subject, :description, 'INCIDENT', 'OPEN', 'MEDIUM', 'general', 'API', '[]', '{}',
    '', '', '', '', '', '', '', '',
    '', 0, 0, '', 0,
    0, 1, :position, '', 'docket', 'API', now(), 'bench', now(),
    'bench', '', 1, 1, :position);
INSERT INTO activity (
    tenant_id, position, kind, families, ticket_id, ticket_version, app_id, requester_id, public, actor_kind, actor_id,
    occurred_at, body, image)
VALUES (:prefix || :i, :position, 'ticket.created', '[]', :id, 1, '', '', true, 'AGENT', 'bench', now(), :body, :image);
INSERT INTO request (tenant_id, key, fingerprint, resource_id, resource_position, first_position, position, created_at)
VALUES (:prefix || :i, gen_random_uuid(), :fingerprint, :shown, :position, :position, :position, now());
COMMIT;
