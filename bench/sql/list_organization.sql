-- The newest 50 of an organization, whole.
SELECT * FROM ticket
WHERE tenant_id = :tenant AND organization_id = 'acme' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
