-- ListTickets with `order_by: due_at`: what is not due comes last.
CREATE INDEX ticket_due ON ticket (tenant_id, (coalesce(due_at, '9999-12-31 23:59:59.999999+00'::timestamptz)), number);
