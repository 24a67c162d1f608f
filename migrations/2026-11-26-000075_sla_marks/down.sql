ALTER TABLE sla_move DROP COLUMN marks;
