//! The fields of each root.

use super::{
    ACTOR_KIND, AGENT_STATUS, AUTHOR_KIND, CHANNEL, Field, ISSUE_STATUS, ISSUE_TYPE, Object, PRIORITY, RUN_VERDICT,
    SOURCE_TYPE, STATUS, TICKET_TYPE, Type, VISIBILITY,
};

pub(super) const fn field(name: &'static str, ty: Type) -> Field {
    Field { name, ty, optional: false }
}

pub(super) const fn optional(name: &'static str, ty: Type) -> Field {
    Field { name, ty, optional: true }
}

pub(super) const WORDS: Type = Type::List(&Type::Text);

pub static TICKET: Object = Object {
    name: "ticket",
    fields: &[
        field("id", Type::Text),
        field("number", Type::Int),
        field("display_number", Type::Text),
        field("subject", Type::Text),
        field("description", Type::Text),
        field("type", Type::Enum(&TICKET_TYPE)),
        field("status", Type::Enum(&STATUS)),
        field("priority", Type::Enum(&PRIORITY)),
        field("category", Type::Text),
        field("channel", Type::Enum(&CHANNEL)),
        field("source", Type::Text),
        field("source_type", Type::Enum(&SOURCE_TYPE)),
        field("tags", WORDS),
        field("custom", Type::Map),
        field("requester_id", Type::Text),
        field("requester_email", Type::Text),
        field("requester_name", Type::Text),
        field("assignee_id", Type::Text),
        field("team_id", Type::Text),
        field("organization_id", Type::Text),
        field("deal_id", Type::Text),
        field("related_asset_id", Type::Text),
        field("related_vulnerability_id", Type::Text),
        field("sla_policy_id", Type::Text),
        optional("first_response_due_at", Type::Time),
        optional("due_at", Type::Time),
        optional("first_response_at", Type::Time),
        optional("resolved_at", Type::Time),
        optional("closed_at", Type::Time),
        optional("escalated_at", Type::Time),
        optional("reopened_at", Type::Time),
        field("escalation_level", Type::Int),
        field("reopen_count", Type::Int),
        optional("satisfaction", Type::Double),
        field("satisfaction_comment", Type::Text),
        field("message_count", Type::Int),
        optional("last_message_at", Type::Time),
        field("follow_up_of", Type::Text),
        field("merged_into", Type::Text),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
        field("created_by", Type::Text),
        field("updated_by", Type::Text),
        optional("deleted_at", Type::Time),
        field("deleted_by", Type::Text),
    ],
};

/// Fields of a ticket that no change names: the activity's own columns tell them, or they never change.
const UNRECORDED: &[&str] = &[
    "id",
    "number",
    "display_number",
    "message_count",
    "last_message_at",
    "app_id",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
];

/// The fields that `changes` and `changed()` know.
pub fn changing() -> impl Iterator<Item = &'static Field> {
    TICKET.fields.iter().filter(|field| !UNRECORDED.contains(&field.name))
}

pub static EVENT: Object = Object {
    name: "event",
    fields: &[
        field("type", Type::Event),
        field("families", Type::List(&Type::Event)),
        field("position", Type::Int),
        field("actor", Type::Object(&ACTOR)),
        optional("cause", Type::Object(&CAUSE)),
        optional("data", Type::Map),
    ],
};

pub static ACTOR: Object = Object {
    name: "actor",
    fields: &[field("kind", Type::Enum(&ACTOR_KIND)), field("id", Type::Text), field("display", Type::Text)],
};

pub static CAUSE: Object = Object {
    name: "cause",
    fields: &[
        field("root_position", Type::Int),
        field("parent_position", Type::Int),
        field("depth", Type::Int),
        field("workflow", Type::Text),
        field("run_id", Type::Text),
    ],
};

pub static TASK: Object = Object {
    name: "task",
    fields: &[field("subject", Type::Text), field("assignee_id", Type::Text), field("contact_id", Type::Text)],
};

pub static MESSAGE: Object = Object {
    name: "message",
    fields: &[
        field("id", Type::Text),
        field("ticket_id", Type::Text),
        field("body", Type::Text),
        field("visibility", Type::Enum(&VISIBILITY)),
        field("author_id", Type::Text),
        field("author_email", Type::Text),
        field("author_kind", Type::Enum(&AUTHOR_KIND)),
        field("workflow", Type::Text),
        field("mentions", WORDS),
        field("created_at", Type::Time),
    ],
};

pub static ISSUE: Object = Object {
    name: "issue",
    fields: &[
        field("id", Type::Text),
        field("title", Type::Text),
        field("description", Type::Text),
        field("type", Type::Enum(&ISSUE_TYPE)),
        field("status", Type::Enum(&ISSUE_STATUS)),
        field("priority", Type::Enum(&PRIORITY)),
        field("reporter_id", Type::Text),
        field("assignee_id", Type::Text),
        field("project", Type::Text),
        field("external_url", Type::Text),
        field("metadata", Type::Map),
        field("ticket_ids", WORDS),
        field("workflow", Type::Text),
        optional("resolved_at", Type::Time),
        field("app_id", Type::Text),
        field("source", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
        field("created_by", Type::Text),
        field("updated_by", Type::Text),
    ],
};

pub static SUBSCRIPTION: Object =
    Object { name: "subscription", fields: &[field("plan", Type::Text), field("status", Type::Text)] };

pub static ORGANIZATION: Object = Object {
    name: "organization",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("tier", Type::Text),
        field("subscription", Type::Object(&SUBSCRIPTION)),
        field("attributes", Type::Map),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
    ],
};

pub static CONTACT: Object = Object {
    name: "contact",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("email", Type::Text),
        field("organization_id", Type::Text),
        field("attributes", Type::Map),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
    ],
};

pub static AGENT: Object = Object {
    name: "agent",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("email", Type::Text),
        field("status", Type::Enum(&AGENT_STATUS)),
        field("capacity", Type::Int),
        field("skills", WORDS),
        field("weight", Type::Int),
        field("open_count", Type::Int),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
    ],
};

pub static TEAM: Object = Object {
    name: "team",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("member_ids", WORDS),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
    ],
};

pub static TENANT: Object =
    Object { name: "tenant", fields: &[field("id", Type::Text), field("attributes", Type::Map)] };

pub static ACTIVITY: Object = Object {
    name: "activity",
    fields: &[
        field("type", Type::Event),
        field("families", Type::List(&Type::Event)),
        field("position", Type::Int),
        field("ticket_id", Type::Text),
        field("ticket_version", Type::Int),
        field("actor", Type::Object(&ACTOR)),
        field("occurred_at", Type::Time),
        field("changes", Type::Changes),
        optional("ticket", Type::Object(&TICKET)),
        optional("message", Type::Object(&MESSAGE)),
        optional("issue", Type::Object(&ISSUE)),
        optional("task", Type::Object(&TASK)),
        optional("data", Type::Map),
        optional("cause", Type::Object(&CAUSE)),
        field("request_id", Type::Text),
        field("app_id", Type::Text),
    ],
};

pub static RUN: Object = Object {
    name: "run",
    fields: &[
        field("id", Type::Text),
        field("workflow", Type::Text),
        field("hash", Type::Text),
        field("position", Type::Int),
        field("ticket_id", Type::Text),
        field("verdict", Type::Enum(&RUN_VERDICT)),
        field("reason", Type::Text),
        field("request_id", Type::Text),
        field("created_at", Type::Time),
    ],
};

pub static CANNED_RESPONSE: Object = Object {
    name: "canned response",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("title", Type::Text),
        field("body", Type::Text),
        field("team_id", Type::Text),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
        field("created_by", Type::Text),
        field("updated_by", Type::Text),
    ],
};

pub static TAG: Object = Object {
    name: "tag",
    fields: &[
        field("name", Type::Text),
        field("color", Type::Text),
        field("team_id", Type::Text),
        field("description", Type::Text),
        field("app_id", Type::Text),
        field("created_at", Type::Time),
        field("updated_at", Type::Time),
        field("created_by", Type::Text),
        field("updated_by", Type::Text),
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::change::difference;
    use crate::model::words::{Channel, Priority, SourceType, Status, TicketType, Words};
    use crate::workflow::fixture;

    #[test]
    fn changes_are_those_that_the_log_records() {
        let before = fixture::ticket();
        let mut after = fixture::bare_ticket();
        for text in [
            &mut after.subject,
            &mut after.description,
            &mut after.category,
            &mut after.requester_email,
            &mut after.requester_name,
            &mut after.deal_id,
            &mut after.related_asset_id,
            &mut after.satisfaction_comment,
            &mut after.source,
            &mut after.deleted_by,
        ] {
            *text = "other".into();
        }
        after.tags = Words::default();
        after.kind = TicketType::Problem;
        after.status = Status::Closed;
        after.priority = Priority::Low;
        after.channel = Channel::Phone;
        after.source_type = SourceType::System;
        after.escalation_level += 1;
        after.reopen_count += 1;
        let recorded: BTreeSet<String> =
            difference(&before, &after).changes.into_iter().map(|change| change.field).collect();
        let known: BTreeSet<String> = changing().map(|field| field.name.to_owned()).collect();
        assert_eq!(recorded, known);
    }
}
