-- The newest 50 open tickets with a tag, whole, by the index that there is for it.
SELECT * FROM ticket
WHERE docket_tag_keys(tenant_id, status, tags) @> ARRAY['open/' || length(:tenant) || '/' || :tenant || '/vip']
    AND tags <> '[]' AND tenant_id = :tenant AND status = 'OPEN' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
