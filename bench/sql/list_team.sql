-- The newest 50 urgent open tickets of a team, whole.
SELECT * FROM ticket
WHERE tenant_id = :tenant AND team_id = 'support' AND priority = 'URGENT' AND status = 'OPEN' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
