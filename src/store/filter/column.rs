//! Where the fields that a filter can name lie in the tables.

use crate::model::id;
use crate::store::audience::Audience;
use crate::workflow::schema::Root;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Bool,
    Text,
    Int,
    Double,
    /// numeric.
    Number,
    Time,
    /// A time that was computed: bigint, microseconds since 1970.
    Micros,
    /// bigint, microseconds.
    Duration,
    /// jsonb of any kind.
    Json,
    /// jsonb that is a list of texts.
    Words,
    /// A uuid that is shown as text with this prefix.
    Id(&'static str),
    /// The same, where NULL is shown as ''.
    IdOrNone(&'static str),
    /// A number that is shown as `TKT-0042`.
    Display,
}

/// A column and what is to be known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub sql: &'static str,
    pub sort: Sort,
    /// It can be NULL, and then reading it is an error.
    pub optional: bool,
}

const fn of(sql: &'static str, sort: Sort) -> Option<Column> {
    Some(Column { sql, sort, optional: false })
}

const fn optional(sql: &'static str, sort: Sort) -> Option<Column> {
    Some(Column { sql, sort, optional: true })
}

/// The column of `root.names`, whatever names below a map follow. `None`: it lies in no column.
pub fn column(root: Root, names: &[String], audience: &Audience) -> Option<Column> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match root {
        Root::Ticket => ticket(&names, audience),
        Root::Message => message(&names),
        Root::Issue => issue(&names),
        Root::Organization => organization(&names),
        Root::Contact => contact(&names),
        Root::Agent => agent(&names),
        Root::Team => team(&names),
        Root::Activity => activity(&names, audience),
        Root::Run => run(&names),
        Root::Tag => tag(&names),
        Root::CannedResponse => canned(&names),
        Root::SlaPolicy => policy(&names),
        Root::Calendar => calendar(&names),
        Root::SlaOutcome => outcome(&names),
        _ => None,
    }
}

fn ticket(names: &[&str], audience: &Audience) -> Option<Column> {
    // A requester is shown the public part of the thread's counts; a filter must not tell the rest.
    let public = audience.requester.is_some();
    match names {
        ["custom", ..] => of("custom", Sort::Json),
        ["id"] => of("id", Sort::Id(id::TICKET)),
        ["number"] => of("number", Sort::Int),
        ["display_number"] => of("number", Sort::Display),
        ["subject"] => of("subject", Sort::Text),
        ["description"] => of("description", Sort::Text),
        ["type"] => of("kind", Sort::Text),
        ["status"] => of("status", Sort::Text),
        ["priority"] => of("priority", Sort::Text),
        ["category"] => of("category", Sort::Text),
        ["channel"] => of("channel", Sort::Text),
        ["source"] => of("source", Sort::Text),
        ["source_type"] => of("source_type", Sort::Text),
        ["tags"] => of("tags", Sort::Words),
        ["requester_id"] => of("requester_id", Sort::Text),
        ["requester_email"] => of("requester_email", Sort::Text),
        ["requester_name"] => of("requester_name", Sort::Text),
        ["assignee_id"] => of("assignee_id", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["organization_id"] => of("organization_id", Sort::Text),
        ["deal_id"] => of("deal_id", Sort::Text),
        ["related_asset_id"] => of("related_asset_id", Sort::Text),
        ["related_vulnerability_id"] => of("related_vulnerability_id", Sort::Text),
        ["sla_policy_id"] => of("sla_policy_id", Sort::IdOrNone(id::SLA_POLICY)),
        ["first_response_due_at"] => optional("first_response_due_at", Sort::Time),
        ["due_at"] => optional("due_at", Sort::Time),
        ["first_response_at"] => optional("first_response_at", Sort::Time),
        ["resolved_at"] => optional("resolved_at", Sort::Time),
        ["closed_at"] => optional("closed_at", Sort::Time),
        ["escalated_at"] => optional("escalated_at", Sort::Time),
        ["reopened_at"] => optional("reopened_at", Sort::Time),
        ["escalation_level"] => of("escalation_level", Sort::Int),
        ["reopen_count"] => of("reopen_count", Sort::Int),
        ["satisfaction"] => optional("satisfaction", Sort::Double),
        ["satisfaction_comment"] => of("satisfaction_comment", Sort::Text),
        ["message_count"] if public => of("public_message_count", Sort::Int),
        ["message_count"] => of("message_count", Sort::Int),
        ["last_message_at"] if public => optional("last_public_message_at", Sort::Time),
        ["last_message_at"] => optional("last_message_at", Sort::Time),
        ["follow_up_of"] => of("follow_up_of", Sort::IdOrNone(id::TICKET)),
        ["merged_into"] => of("merged_into", Sort::IdOrNone(id::TICKET)),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        ["deleted_at"] => optional("deleted_at", Sort::Time),
        ["deleted_by"] => of("deleted_by", Sort::Text),
        _ => stamp(names),
    }
}

fn message(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::MESSAGE)),
        ["ticket_id"] => of("ticket_id", Sort::Id(id::TICKET)),
        ["body"] => of("body", Sort::Text),
        ["visibility"] => of("visibility", Sort::Text),
        ["author_id"] => of("author_id", Sort::Text),
        ["author_email"] => of("author_email", Sort::Text),
        ["author_kind"] => of("author_kind", Sort::Text),
        ["workflow"] => of("workflow", Sort::Text),
        ["mentions"] => of("mentions", Sort::Words),
        _ => stamp(names),
    }
}

fn issue(names: &[&str]) -> Option<Column> {
    match names {
        ["metadata", ..] => of("metadata", Sort::Json),
        ["id"] => of("id", Sort::Id(id::ISSUE)),
        ["title"] => of("title", Sort::Text),
        ["description"] => of("description", Sort::Text),
        ["type"] => of("kind", Sort::Text),
        ["status"] => of("status", Sort::Text),
        ["priority"] => of("priority", Sort::Text),
        ["reporter_id"] => of("reporter_id", Sort::Text),
        ["assignee_id"] => of("assignee_id", Sort::Text),
        ["project"] => of("project", Sort::Text),
        ["external_url"] => of("external_url", Sort::Text),
        ["ticket_ids"] => of("ticket_ids", Sort::Words),
        ["workflow"] => of("workflow", Sort::Text),
        ["resolved_at"] => optional("resolved_at", Sort::Time),
        ["source"] => of("source", Sort::Text),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn organization(names: &[&str]) -> Option<Column> {
    match names {
        ["attributes", ..] => of("attributes", Sort::Json),
        ["id"] => of("id", Sort::Text),
        ["name"] => of("name", Sort::Text),
        ["tier"] => of("tier", Sort::Text),
        ["subscription", "plan"] => of("subscription_plan", Sort::Text),
        ["subscription", "status"] => of("subscription_status", Sort::Text),
        _ => stamp(names),
    }
}

fn contact(names: &[&str]) -> Option<Column> {
    match names {
        ["attributes", ..] => of("attributes", Sort::Json),
        ["id"] => of("id", Sort::Text),
        ["name"] => of("name", Sort::Text),
        ["email"] => of("email", Sort::Text),
        ["organization_id"] => of("organization_id", Sort::Text),
        _ => stamp(names),
    }
}

fn agent(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Text),
        ["name"] => of("name", Sort::Text),
        ["email"] => of("email", Sort::Text),
        ["status"] => of("status", Sort::Text),
        ["capacity"] => of("capacity", Sort::Int),
        ["skills"] => of("skills", Sort::Words),
        ["weight"] => of("weight", Sort::Int),
        ["open_count"] => of("open_count", Sort::Int),
        _ => stamp(names),
    }
}

fn team(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Text),
        ["name"] => of("name", Sort::Text),
        ["member_ids"] => of("member_ids", Sort::Words),
        _ => stamp(names),
    }
}

/// The rest of an activity lies in its body and in its image, which are read in memory.
fn activity(names: &[&str], audience: &Audience) -> Option<Column> {
    // A requester is shown no versions: they count notes too.
    let public = audience.requester.is_some();
    match names {
        ["type"] => of("kind", Sort::Text),
        ["families"] => of("families", Sort::Words),
        ["position"] => of("position", Sort::Int),
        ["ticket_id"] => of("ticket_id", Sort::IdOrNone(id::TICKET)),
        ["ticket_version"] if public => of("0", Sort::Int),
        ["ticket_version"] => of("ticket_version", Sort::Int),
        ["actor", "kind"] => of("actor_kind", Sort::Text),
        ["actor", "id"] => of("actor_id", Sort::Text),
        ["occurred_at"] => of("occurred_at", Sort::Time),
        ["app_id"] => of("app_id", Sort::Text),
        _ => None,
    }
}

fn run(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::RUN)),
        ["workflow"] => of("workflow", Sort::Text),
        ["hash"] => of("hash", Sort::Text),
        ["position"] => of("position", Sort::Int),
        ["ticket_id"] => of("ticket_id", Sort::IdOrNone(id::TICKET)),
        ["verdict"] => of("verdict", Sort::Text),
        ["reason"] => of("reason", Sort::Text),
        ["request_id"] => of("request_id", Sort::Text),
        ["created_at"] => of("created_at", Sort::Time),
        _ => None,
    }
}

fn policy(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::SLA_POLICY)),
        ["name"] => of("name", Sort::Text),
        ["description"] => of("description", Sort::Text),
        ["status"] => of("status", Sort::Text),
        ["applies_to"] => of("applies_to", Sort::Words),
        ["priority"] => optional("priority", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["match"] => of("condition", Sort::Text),
        ["position"] => of("place", Sort::Int),
        ["first_response_minutes"] => optional("first_response_minutes", Sort::Int),
        ["next_response_minutes"] => optional("next_response_minutes", Sort::Int),
        ["resolution_minutes"] => optional("resolution_minutes", Sort::Int),
        ["calendar_id"] => of("calendar_id", Sort::IdOrNone(id::CALENDAR)),
        ["business_hours_only"] => of("business_hours_only", Sort::Bool),
        ["version"] => of("version", Sort::Int),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn calendar(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::CALENDAR)),
        ["name"] => of("name", Sort::Text),
        ["time_zone"] => of("time_zone", Sort::Text),
        ["version"] => of("version", Sort::Int),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn outcome(names: &[&str]) -> Option<Column> {
    match names {
        ["ticket_id"] => of("ticket_id", Sort::Id(id::TICKET)),
        ["metric"] => of("metric", Sort::Text),
        ["cycle"] => of("cycle", Sort::Int),
        ["policy_id"] => of("policy_id", Sort::Id(id::SLA_POLICY)),
        ["policy_version"] => of("policy_version", Sort::Int),
        ["target"] => of("target", Sort::Duration),
        ["priority"] => of("priority", Sort::Text),
        ["type"] => of("kind", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["organization_id"] => of("organization_id", Sort::Text),
        ["app_id"] => of("app_id", Sort::Text),
        ["breached_at"] => optional("breached_at", Sort::Time),
        ["late_by"] => of("late", Sort::Duration),
        ["position"] => of("position", Sort::Int),
        ["fulfilled_at"] => optional("fulfilled_at", Sort::Time),
        ["voided_at"] => optional("voided_at", Sort::Time),
        ["elapsed"] => optional("elapsed", Sort::Duration),
        _ => None,
    }
}

fn canned(names: &[&str]) -> Option<Column> {
    match names {
        ["id"] => of("id", Sort::Id(id::CANNED_RESPONSE)),
        ["name"] => of("name", Sort::Text),
        ["title"] => of("title", Sort::Text),
        ["body"] => of("body", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

fn tag(names: &[&str]) -> Option<Column> {
    match names {
        ["name"] => of("name", Sort::Text),
        ["color"] => of("color", Sort::Text),
        ["team_id"] => of("team_id", Sort::Text),
        ["description"] => of("description", Sort::Text),
        ["created_by"] => of("created_by", Sort::Text),
        ["updated_by"] => of("updated_by", Sort::Text),
        _ => stamp(names),
    }
}

/// What every resource has.
fn stamp(names: &[&str]) -> Option<Column> {
    match names {
        ["app_id"] => of("app_id", Sort::Text),
        ["created_at"] => of("created_at", Sort::Time),
        ["updated_at"] => of("updated_at", Sort::Time),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::schema::Type;

    /// Whether every field that a filter may name is in a column; returns those that are not.
    fn missing(root: Root) -> Vec<String> {
        let Type::Object(object) = root.ty() else { panic!("{root:?} has no fields") };
        let mut missing = Vec::new();
        for field in object.fields {
            let paths = match field.ty {
                Type::Object(inner) => inner.names().map(|name| vec![field.name.to_owned(), name.to_owned()]).collect(),
                _ => vec![vec![field.name.to_owned()]],
            };
            missing.extend(
                paths
                    .into_iter()
                    .filter(|path| column(root, path, &Audience::default()).is_none())
                    .map(|path| path.join(".")),
            );
        }
        missing
    }

    #[test]
    fn every_field_of_the_schema_lies_in_a_column() {
        for root in [
            Root::Ticket,
            Root::Message,
            Root::Issue,
            Root::Organization,
            Root::Contact,
            Root::Agent,
            Root::Team,
            Root::Run,
            Root::Tag,
            Root::CannedResponse,
            Root::SlaPolicy,
            Root::Calendar,
            Root::SlaOutcome,
        ] {
            assert_eq!(missing(root), [""; 0], "{root:?}");
        }
    }
}
