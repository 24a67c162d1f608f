-- Rules wait for marks on clocks (`at: "80%"`): when a set with other marks becomes active, open clocks follow it as they follow a
-- policy. `marks` is the hash of what the set that was followed asks of clocks; '' of one that asks nothing.
ALTER TABLE sla_move ADD COLUMN marks text NOT NULL DEFAULT '';
