-- Which marks clocks have is told by a number that rises whenever a set with other marks is made active: a content hash would not
-- tell that another set was active meanwhile, and tickets of that time would be left with its marks. `sla_move.marks` holds the
-- number that was followed, and the position of the tenant's settings where they matter. `marks_rule_set` is the set that the
-- others tell of: a server of the version before, which does not write them, may have made another one active.
ALTER TABLE installation ADD COLUMN marks_version bigint NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN marks_hash text NOT NULL DEFAULT '';
ALTER TABLE installation ADD COLUMN marks_by_tenant boolean NOT NULL DEFAULT false;
ALTER TABLE installation ADD COLUMN marks_rule_set text NOT NULL DEFAULT '';
UPDATE installation SET marks_rule_set = rule_set;
