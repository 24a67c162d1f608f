-- The newest 50 open tickets of an agent, whole.
SELECT * FROM ticket
WHERE tenant_id = :tenant AND assignee_id = 'ann' AND status = 'OPEN' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
