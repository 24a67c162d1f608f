DROP INDEX ticket_queued;
ALTER TABLE tenant_head DROP COLUMN queues;
ALTER TABLE ticket DROP COLUMN queued_at, DROP COLUMN queue;
