-- Names of canned responses, policies and calendars compare as tags do: `Gold` is `gold`. Of two that are one now, both stay, and
-- either is found by its id; servers make no third.
ALTER TABLE canned_response ADD COLUMN folded text COLLATE "C";
UPDATE canned_response SET folded = docket_fold(name);
CREATE TRIGGER canned_response_folded BEFORE INSERT OR UPDATE ON canned_response FOR EACH ROW EXECUTE FUNCTION docket_fold_name();
ALTER TABLE canned_response ALTER COLUMN folded SET NOT NULL;
CREATE INDEX canned_response_folded ON canned_response (tenant_id, folded) WHERE deleted_at IS NULL;
ALTER TABLE sla_policy ADD COLUMN folded text COLLATE "C";
UPDATE sla_policy SET folded = docket_fold(name);
CREATE TRIGGER sla_policy_folded BEFORE INSERT OR UPDATE ON sla_policy FOR EACH ROW EXECUTE FUNCTION docket_fold_name();
ALTER TABLE sla_policy ALTER COLUMN folded SET NOT NULL;
CREATE INDEX sla_policy_folded ON sla_policy (tenant_id, folded) WHERE deleted_at IS NULL;
ALTER TABLE calendar ADD COLUMN folded text COLLATE "C";
UPDATE calendar SET folded = docket_fold(name);
CREATE TRIGGER calendar_folded BEFORE INSERT OR UPDATE ON calendar FOR EACH ROW EXECUTE FUNCTION docket_fold_name();
ALTER TABLE calendar ALTER COLUMN folded SET NOT NULL;
CREATE INDEX calendar_folded ON calendar (tenant_id, folded) WHERE deleted_at IS NULL;
