DROP INDEX ticket_due;
