-- A deleted ticket has no document from here on, so that a search by words alone need not look at the tickets.
DELETE FROM ticket_search s USING ticket t
WHERE t.tenant_id = s.tenant_id AND t.id = s.ticket_id AND t.deleted_at IS NOT NULL;
