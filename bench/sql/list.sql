-- The newest 50 of a status, whole.
SELECT * FROM ticket
WHERE tenant_id = :tenant AND status = 'OPEN' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
