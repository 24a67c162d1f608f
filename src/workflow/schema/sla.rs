//! Fields of SLA clocks, policies and calendars.

use super::roots::{field, optional};
use super::typed::WORDS;
use super::{CLOCK_STATE, Object, PRIORITY, SLA_METRIC, SLA_POLICY_STATUS, TICKET_TYPE, Type};

pub static SLA: Object = Object {
    name: "sla",
    fields: &[
        optional("next_due_at", Type::Time),
        optional("policy_id", Type::Text),
        optional("first_response", Type::Object(&CLOCK)),
        optional("next_response", Type::Object(&CLOCK)),
        optional("resolution", Type::Object(&CLOCK)),
    ],
};

pub static CLOCK: Object = Object {
    name: "clock",
    fields: &[
        field("state", Type::Enum(&CLOCK_STATE)),
        field("cycle", Type::Int),
        field("policy_id", Type::Text),
        field("target", Type::Duration),
        field("start", Type::Time),
        optional("due_at", Type::Time),
        field("breached", Type::Bool),
        optional("breached_at", Type::Time),
        optional("ended_at", Type::Time),
    ],
};

pub static SLA_POLICY: Object = Object {
    name: "SLA policy",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("description", Type::Text),
        field("status", Type::Enum(&SLA_POLICY_STATUS)),
        field("applies_to", WORDS),
        optional("priority", Type::Enum(&PRIORITY)),
        field("team_id", Type::Text),
        field("match", Type::Text),
        field("position", Type::Int),
        optional("first_response_minutes", Type::Int),
        optional("next_response_minutes", Type::Int),
        optional("resolution_minutes", Type::Int),
        field("calendar_id", Type::Text),
        field("business_hours_only", Type::Bool),
        field("version", Type::Int),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
        field("created_by", Type::Text),
        field("updated_by", Type::Text),
    ],
};

pub static CALENDAR: Object = Object {
    name: "calendar",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("time_zone", Type::Text),
        field("version", Type::Int),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
        field("created_by", Type::Text),
        field("updated_by", Type::Text),
    ],
};

pub static SLA_OUTCOME: Object = Object {
    name: "sla_outcome",
    fields: &[
        field("ticket_id", Type::Text),
        field("metric", Type::Enum(&SLA_METRIC)),
        field("cycle", Type::Int),
        field("policy_id", Type::Text),
        field("policy_version", Type::Int),
        field("target", Type::Duration),
        field("priority", Type::Enum(&PRIORITY)),
        field("type", Type::Enum(&TICKET_TYPE)),
        field("team_id", Type::Text),
        field("organization_id", Type::Text),
        field("app_id", Type::Text),
        optional("breached_at", Type::Time),
        optional("counted_at", Type::Time),
        field("late_by", Type::Duration),
        field("position", Type::Int),
        optional("fulfilled_at", Type::Time),
        optional("voided_at", Type::Time),
        optional("elapsed", Type::Duration),
    ],
};
