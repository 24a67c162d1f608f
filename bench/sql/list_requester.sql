-- The newest 50 of a requester, whole.
SELECT * FROM ticket
WHERE tenant_id = :tenant AND requester_id = 'rita' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
