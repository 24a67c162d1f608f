DROP TRIGGER canned_response_folded ON canned_response;
ALTER TABLE canned_response DROP COLUMN folded;
DROP TRIGGER sla_policy_folded ON sla_policy;
ALTER TABLE sla_policy DROP COLUMN folded;
DROP TRIGGER calendar_folded ON calendar;
ALTER TABLE calendar DROP COLUMN folded;
