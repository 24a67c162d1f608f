-- The newest 50 open tickets with a tag, whole, by the index that there is for it.
SELECT * FROM ticket
WHERE jsonb_set('{}', ARRAY[CASE WHEN status NOT IN ('RESOLVED', 'CLOSED') THEN 'open/' ELSE 'done/' END || tenant_id], docket_fold_all(tags))
        @> jsonb_build_object('open/' || :tenant, '["vip"]'::jsonb)
    AND tags <> '[]' AND tenant_id = :tenant AND status = 'OPEN' AND deleted_at IS NULL
ORDER BY created_at DESC, number DESC
LIMIT 50;
