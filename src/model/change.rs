//! What differs between two images of a ticket. Every field of the row is named here: a new one does not compile until
//! somebody says what its change is called.

use serde_json::Value;
use uuid::Uuid;

use super::activity::Change;
use super::id;
use super::ticket::Ticket;
use super::time::Instant;
use super::words::*;

/// The changes, by the contract's field names, and whether one of them is of a field that a caller can write.
#[derive(Debug, Default, PartialEq)]
pub struct Difference {
    pub changes: Vec<Change>,
    pub writable: bool,
}

/// How a value stands in a change: absent text and absent ids are `''`, other absent things `null`.
trait Shown: PartialEq {
    fn shown(&self) -> Value;
}

macro_rules! shown {
    ($($ty:ty => |$v:ident| $value:expr;)+) => { $(
        impl Shown for $ty {
            fn shown(&self) -> Value { let $v = self; $value }
        }
    )+ };
}

shown! {
    String => |v| Value::from(v.as_str());
    i32 => |v| Value::from(*v);
    Option<f64> => |v| Value::from(*v);
    Option<Instant> => |v| v.map_or(Value::Null, |at| Value::from(at.to_string()));
    Words => |v| Value::from(v.0.clone());
    Value => |v| v.clone();
    TicketType => |v| Value::from(v.word());
    Status => |v| Value::from(v.word());
    Priority => |v| Value::from(v.word());
    Channel => |v| Value::from(v.word());
    SourceType => |v| Value::from(v.word());
}

impl Difference {
    fn field<T: Shown>(&mut self, field: &str, writable: bool, old: &T, new: &T) {
        if old != new {
            self.push(field, writable, old.shown(), new.shown());
        }
    }

    fn id(&mut self, field: &str, writable: bool, prefix: &str, old: Option<Uuid>, new: Option<Uuid>) {
        if old != new {
            let shown = |id: Option<Uuid>| Value::from(id.map(|id| id::show(prefix, id)).unwrap_or_default());
            self.push(field, writable, shown(old), shown(new));
        }
    }

    fn push(&mut self, field: &str, writable: bool, old_value: Value, new_value: Value) {
        self.changes.push(Change { field: field.to_owned(), old_value, new_value });
        self.writable |= writable;
    }
}

/// What an activity says of a change. What its own columns and kind tell is left out: ids, versions, positions, who wrote
/// and when, and the counts of messages.
pub fn difference(before: &Ticket, after: &Ticket) -> Difference {
    let Ticket {
        tenant_id: _,
        id: _,
        number: _,
        subject,
        description,
        kind,
        status,
        priority,
        category,
        channel,
        tags,
        custom,
        requester_id,
        requester_email,
        requester_name,
        assignee_id,
        team_id,
        organization_id,
        deal_id,
        related_asset_id,
        related_vulnerability_id,
        sla_policy_id,
        first_response_due_at,
        due_at,
        clocks: _,
        sla_next_at: _,
        first_response_at,
        resolved_at,
        closed_at,
        escalated_at,
        reopened_at,
        escalation_level,
        reopen_count,
        satisfaction,
        satisfaction_comment,
        message_count: _,
        public_message_count: _,
        last_message_at: _,
        last_public_message_at: _,
        follow_up_of,
        merged_into,
        version: _,
        described_at: _,
        app_id: _,
        source,
        source_type,
        created_at: _,
        created_by: _,
        updated_at: _,
        updated_by: _,
        deleted_at,
        deleted_by,
        schema_version: _,
        etag_version: _,
        position: _,
    } = after;
    let mut d = Difference::default();
    d.field("subject", true, &before.subject, subject);
    d.field("description", true, &before.description, description);
    d.field("type", true, &before.kind, kind);
    d.field("status", true, &before.status, status);
    d.field("priority", true, &before.priority, priority);
    d.field("category", true, &before.category, category);
    d.field("channel", true, &before.channel, channel);
    d.field("tags", true, &before.tags, tags);
    d.field("custom", true, &before.custom, custom);
    d.field("requester_id", true, &before.requester_id, requester_id);
    d.field("requester_email", true, &before.requester_email, requester_email);
    d.field("requester_name", true, &before.requester_name, requester_name);
    d.field("assignee_id", true, &before.assignee_id, assignee_id);
    d.field("team_id", true, &before.team_id, team_id);
    d.field("organization_id", true, &before.organization_id, organization_id);
    d.field("deal_id", true, &before.deal_id, deal_id);
    d.field("related_asset_id", true, &before.related_asset_id, related_asset_id);
    d.field("related_vulnerability_id", true, &before.related_vulnerability_id, related_vulnerability_id);
    d.id("sla_policy_id", true, id::SLA_POLICY, before.sla_policy_id, *sla_policy_id);
    d.field("first_response_due_at", false, &before.first_response_due_at, first_response_due_at);
    d.field("due_at", false, &before.due_at, due_at);
    d.field("first_response_at", false, &before.first_response_at, first_response_at);
    d.field("resolved_at", false, &before.resolved_at, resolved_at);
    d.field("closed_at", false, &before.closed_at, closed_at);
    d.field("escalated_at", false, &before.escalated_at, escalated_at);
    d.field("reopened_at", false, &before.reopened_at, reopened_at);
    // Escalating again is a caller's write that changes nothing else.
    d.field("escalation_level", true, &before.escalation_level, escalation_level);
    d.field("reopen_count", false, &before.reopen_count, reopen_count);
    d.field("satisfaction", true, &before.satisfaction, satisfaction);
    d.field("satisfaction_comment", true, &before.satisfaction_comment, satisfaction_comment);
    d.id("follow_up_of", false, id::TICKET, before.follow_up_of, *follow_up_of);
    d.id("merged_into", true, id::TICKET, before.merged_into, *merged_into);
    d.field("source", true, &before.source, source);
    d.field("source_type", true, &before.source_type, source_type);
    d.field("deleted_at", true, &before.deleted_at, deleted_at);
    d.field("deleted_by", false, &before.deleted_by, deleted_by);
    d
}
