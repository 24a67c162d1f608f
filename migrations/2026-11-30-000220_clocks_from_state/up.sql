-- Clocks follow from the ticket's state. That a question waits is a part of it: the instant of the oldest message of the requester
-- that nobody has answered. And a deadline that was missed stays with the ticket, whatever becomes of the clock. Servers of the
-- version before leave both alone.
ALTER TABLE ticket ADD COLUMN asked_at timestamptz, ADD COLUMN breached_at timestamptz;
UPDATE ticket AS t SET asked_at = q.asked_at
  FROM (SELECT m.tenant_id, m.ticket_id, min(m.created_at) AS asked_at FROM message AS m
         WHERE m.author_kind = 'REQUESTER' AND m.visibility = 'PUBLIC' AND m.workflow = '' AND m.deleted_at IS NULL
           AND NOT EXISTS (SELECT FROM message AS a
                            WHERE a.tenant_id = m.tenant_id AND a.ticket_id = m.ticket_id AND a.id > m.id
                              AND a.author_kind = 'AGENT' AND a.visibility = 'PUBLIC' AND a.workflow = '')
         GROUP BY m.tenant_id, m.ticket_id) AS q
 WHERE t.tenant_id = q.tenant_id AND t.id = q.ticket_id;
UPDATE ticket AS t SET breached_at = o.breached_at
  FROM (SELECT tenant_id, ticket_id, min(breached_at) AS breached_at FROM sla_outcome
         WHERE metric = 'RESOLUTION' AND breached_at IS NOT NULL GROUP BY tenant_id, ticket_id) AS o
 WHERE t.tenant_id = o.tenant_id AND t.id = o.ticket_id;
-- What has ended shows no deadline. Of open tickets the walk that follows policies sees to that.
UPDATE ticket SET due_at = NULL, first_response_due_at = NULL
 WHERE status IN ('RESOLVED', 'CLOSED') AND (due_at IS NOT NULL OR first_response_due_at IS NOT NULL);

-- When a breach became one: at the deadline, or with the change that set a deadline in the past. Reports count it then.
ALTER TABLE sla_outcome ADD COLUMN counted_at timestamptz;
UPDATE sla_outcome SET counted_at = breached_at WHERE breached_at IS NOT NULL;
-- Servers of the version before do not write it.
CREATE INDEX sla_outcome_counted ON sla_outcome
    (tenant_id, (CASE WHEN breached_at IS NULL THEN fulfilled_at WHEN counted_at IS NULL THEN breached_at ELSE counted_at END));
DROP INDEX sla_outcome_decided_at;

-- How far open tickets have followed changes of their organizations, beside those of policies: all changes up to this position have
-- been followed; those behind it, up to `organization_until`, are, by the tickets up to `organization_after`.
ALTER TABLE sla_move ADD COLUMN organization_position bigint NOT NULL DEFAULT 0,
    ADD COLUMN organization_until bigint NOT NULL DEFAULT 0,
    ADD COLUMN organization_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
CREATE INDEX organization_changed ON organization (tenant_id, position);

-- Statistics count what was breached otherwise than before: they are made again from the tickets.
DELETE FROM projection WHERE name = 'statistics';
DELETE FROM statistic;
