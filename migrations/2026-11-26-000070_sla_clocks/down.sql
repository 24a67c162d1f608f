DROP TABLE sla_move;
DROP TABLE sla_ledger;
DROP INDEX ticket_sla_next;
ALTER TABLE ticket DROP COLUMN sla_next_at;
ALTER TABLE ticket DROP COLUMN clocks;
