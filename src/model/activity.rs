//! An activity: one change, as recorded in the log.

use std::sync::Arc;

use super::activity_type::ActivityType;
use super::issue::Issue;
use super::message::Message;
use super::stored_type::{Families, StoredType};
use super::ticket::Ticket;
use super::time::Instant;
use super::words::ActorKind;
use serde_json::Value;
use uuid::Uuid;

/// The version of the activity's stored form.
pub const SCHEMA_VERSION: i32 = 1;

#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    pub tenant_id: String,
    /// Dense per tenant from 1.
    pub position: i64,
    pub kind: StoredType,
    pub families: Families,
    pub ticket_id: Option<Uuid>,
    pub ticket_version: i64,
    pub app_id: String,
    /// Of its ticket: decides which requester may see it.
    pub requester_id: String,
    pub actor: Actor,
    pub occurred_at: Instant,
    pub changes: Vec<Change>,
    /// The ticket as it is after the change; its description is left out once read back from the log.
    pub ticket: Option<Arc<Ticket>>,
    pub message: Option<Message>,
    pub issue: Option<Issue>,
    pub task: Option<Task>,
    /// The resource after the change, for directory activities; a custom event's data.
    pub data: Option<Value>,
    /// Why an assignment fell as it did.
    pub explanation: Option<Value>,
    pub cause: Option<Cause>,
    pub request_id: String,
    pub schema_version: i32,
}

impl Activity {
    /// As the ticket's requester is shown it: without what tells of things that are not shown to them. A version counts
    /// notes too, a cause may be one, and reasons are the desk's own.
    pub fn public(self) -> Activity {
        let Activity {
            tenant_id,
            position,
            kind,
            families,
            ticket_id,
            ticket_version: _,
            app_id,
            requester_id,
            actor,
            occurred_at,
            changes,
            ticket,
            message,
            issue: _,
            task: _,
            data: _,
            explanation: _,
            cause: _,
            request_id: _,
            schema_version,
        } = self;
        Activity {
            tenant_id,
            position,
            kind,
            families,
            ticket_id,
            ticket_version: 0,
            app_id,
            requester_id,
            actor,
            occurred_at,
            changes,
            ticket: ticket.map(|ticket| Arc::new(Arc::unwrap_or_clone(ticket).public())),
            message: message.map(Message::public),
            issue: None,
            task: None,
            data: None,
            explanation: None,
            cause: None,
            request_id: String::new(),
            schema_version,
        }
    }

    /// The families that it belongs to, its own type among them where that is one, the widest last.
    pub fn all_families(&self) -> impl Iterator<Item = ActivityType> + use<> {
        let own = self.kind.known().filter(|kind| kind.is_family());
        own.into_iter().chain(self.families.all().iter().copied())
    }

    /// Whether its type is no family.
    pub fn is_plain(&self) -> bool {
        !self.kind.known().is_some_and(ActivityType::is_family)
    }

    /// `ticket.priority_changed: priority "MEDIUM" to "URGENT"`.
    pub fn in_words(&self) -> String {
        let changes: Vec<String> = self
            .changes
            .iter()
            .map(|change| format!("{} {} to {}", change.field, change.old_value, change.new_value))
            .collect();
        match changes.is_empty() {
            true => self.kind.as_str().to_owned(),
            false => format!("{}: {}", self.kind.as_str(), changes.join(", ")),
        }
    }

    /// The description that it gave its ticket; '' where it made one without.
    pub fn description(&self) -> String {
        let change = self.changes.iter().find(|change| change.field == "description");
        change.and_then(|change| change.new_value.as_str()).unwrap_or_default().to_owned()
    }
}

/// Activities of one tenant, in order, as they were committed.
#[derive(Clone, Debug)]
pub struct Committed {
    pub tenant_id: String,
    pub epoch: i64,
    pub activities: Vec<Arc<Activity>>,
}

/// Who did it, as far as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    /// The token's `sub`; a rule's name.
    pub id: String,
    pub display: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub field: String,
    /// `Null` where there was none.
    pub old_value: Value,
    pub new_value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub subject: String,
    pub assignee_id: String,
    pub contact_id: String,
}

/// Which rule made it, and where the chain began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub root_position: i64,
    pub parent_position: i64,
    /// 1 for what a rule did in answer to a caller's own change.
    pub depth: i32,
    pub workflow: String,
    pub run_id: Uuid,
}
