-- The naive update: the same transaction, and the ticket comes back whole, as the activity's image and the answer need it.
-- Only the columns that change are written.
\set i random(1, :tenants)
\set n random(1, :tickets)
BEGIN;
UPDATE tenant_head SET position = position + 1, last_at = clock_timestamp() WHERE tenant_id = 't' || :i
RETURNING position \gset
UPDATE ticket SET subject = :subject || :position, version = version + 1, etag_version = etag_version + 1,
    position = :position, updated_at = now(), updated_by = 'bench'
WHERE tenant_id = 't' || :i
    AND id = ('01900000-' || lpad(to_hex(:i::bigint), 4, '0') || '-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid
RETURNING *;
INSERT INTO activity (
    tenant_id, position, kind, families, ticket_id, ticket_version, app_id, requester_id, public, actor_kind, actor_id,
    occurred_at, body, image)
VALUES (
    't' || :i, :position, 'ticket.updated', '[]',
    ('01900000-' || lpad(to_hex(:i::bigint), 4, '0') || '-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid,
    2, '', 'bench', true, 'AGENT', 'bench', now(), :body, :image);
INSERT INTO request (tenant_id, key, fingerprint, resource_id, resource_position, first_position, position, created_at)
VALUES ('t' || :i, gen_random_uuid(), :fingerprint, :shown, :position, :position, :position, now());
COMMIT;
