//! Stored form of an activity: indexed columns, and two compact bodies that later versions can extend.

use std::sync::Arc;

use super::activity::{Activity, Actor, Cause, Change, Task};
use super::fired::Fired;
use super::issue::{Issue, issue_fields};
use super::message::{Message, message_fields};
use super::rule_runs::RuleRuns;
use super::sla::clock::Clocks;
use super::stored_type::{Families, StoredType};
use super::ticket::{Ticket, ticket_fields};
use super::time::Instant;
use super::words::*;
use prost::Message as _;
use uuid::Uuid;

row! {
    ActivityRow in activity, key(tenant_id, position) {
        tenant_id: String,
        position: i64,
        kind: StoredType,
        families: Families,
        ticket_id: Option<Uuid>,
        ticket_version: i64,
        app_id: String,
        requester_id: String,
        /// Whether the ticket's requester may see it.
        public: bool,
        actor_kind: ActorKind,
        actor_id: String,
        occurred_at: Instant,
        /// [`Body`]
        body: Vec<u8>,
        /// [`TicketImage`]; empty where there is no ticket.
        image: Vec<u8>,
    }
}

/// How a column's type lies in an image. Decoding is lenient where an older or newer writer may differ.
trait Stored: Sized {
    type Wire;
    fn store(&self) -> Self::Wire;
    fn restore(wire: Self::Wire) -> Option<Self>;
}

macro_rules! stored {
    ($($ty:ty => $wire:ty, |$v:ident| $store:expr, |$w:ident| $restore:expr;)+) => { $(
        impl Stored for $ty {
            type Wire = $wire;
            fn store(&self) -> $wire { let $v = self; $store }
            fn restore($w: $wire) -> Option<Self> { $restore }
        }
    )+ };
}

stored! {
    String => String, |v| v.clone(), |w| Some(w);
    i64 => i64, |v| *v, |w| Some(w);
    i32 => i32, |v| *v, |w| Some(w);
    Option<f64> => Option<f64>, |v| *v, |w| Some(w);
    Instant => i64, |v| v.0, |w| Some(Instant(w));
    Option<Instant> => Option<i64>, |v| v.map(|t| t.0), |w| Some(w.map(Instant));
    Uuid => Vec<u8>, |v| v.as_bytes().to_vec(), |w| Uuid::from_slice(&w).ok();
    Option<Uuid> => Vec<u8>, |v| v.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
        |w| if w.is_empty() { Some(None) } else { Uuid::from_slice(&w).ok().map(Some) };
    Fired => Vec<u8>, |v| v.store(), |w| Fired::restore(&w).ok();
    Clocks => Vec<u8>, |v| v.store(), |w| Clocks::restore(&w).ok();
    RuleRuns => String, |v| v.store(), |w| RuleRuns::restore(&w);
    Words => Vec<String>, |v| v.0.clone(), |w| Some(Words(w));
    serde_json::Value => String, |v| if v.is_null() { String::new() } else { v.to_string() },
        |w| if w.is_empty() { Some(serde_json::Value::Null) } else { serde_json::from_str(&w).ok() };
}

macro_rules! stored_words {
    ($($ty:ident)+) => { stored! { $($ty => String, |v| v.word().to_owned(), |w| $ty::parse(&w);)+ } };
}
stored_words! { TicketType Status Priority Channel SourceType Visibility AuthorKind IssueType IssueStatus }

/// `image! { TicketImage of Ticket { 18 string deal_id: String, … } }`: the stored struct and the way there and back.
///
/// Of a list's lines (`ticket_fields! { image TicketImage }`), those with an `image` are in it: what is left out comes back as
/// its type's default.
macro_rules! image {
    ($image:ident $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, ($($tag:tt $proto:ident $($label:ident)?)?)
        $id:tt $wire:tt $cel:tt $also:tt $write:tt $edit:tt $told:tt;
    )+ }) => {
        #[derive(Clone, PartialEq, prost::Message)]
        struct $image { $($(
            #[prost($proto, $($label,)? tag = $tag)]
            $field: <$ty as Stored>::Wire,
        )?)+ }

        impl $image {
            fn of(row: &$row) -> $image {
                $image { $($($field: stored_at!($tag, Stored::store(&row.$field)),)?)+ }
            }

            fn into_row(self) -> Option<$row> {
                Some($row { $($field: restored!([$($tag)?] $ty, self.$field)),+ })
            }
        }
    };
}

/// The value, of a field that has a tag.
macro_rules! stored_at {
    ($tag:tt, $value:expr) => {
        $value
    };
}

macro_rules! restored {
    ([] $ty:ty, $wire:expr) => {
        <$ty>::default()
    };
    ([$tag:tt] $ty:ty, $wire:expr) => {
        <$ty as Stored>::restore($wire)?
    };
}

// A ticket after a change, without its description, which travels in the changes.
ticket_fields! { image TicketImage }
message_fields! { image MessageImage }
issue_fields! { image IssueImage }

/// What an activity holds beside its columns and its ticket.
#[derive(Clone, PartialEq, prost::Message)]
struct Body {
    #[prost(string, tag = 1)]
    actor_display: String,
    #[prost(message, repeated, tag = 2)]
    changes: Vec<ChangeImage>,
    #[prost(message, optional, tag = 3)]
    message: Option<MessageImage>,
    #[prost(message, optional, tag = 4)]
    issue: Option<IssueImage>,
    #[prost(message, optional, tag = 5)]
    task: Option<TaskImage>,
    /// JSON; '' = none.
    #[prost(string, tag = 6)]
    data: String,
    #[prost(string, tag = 7)]
    explanation: String,
    #[prost(message, optional, tag = 8)]
    cause: Option<CauseImage>,
    #[prost(string, tag = 9)]
    request_id: String,
    #[prost(int32, tag = 10)]
    schema_version: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ChangeImage {
    #[prost(string, tag = 1)]
    field: String,
    #[prost(string, tag = 2)]
    old_value: String,
    #[prost(string, tag = 3)]
    new_value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TaskImage {
    #[prost(string, tag = 1)]
    subject: String,
    #[prost(string, tag = 2)]
    assignee_id: String,
    #[prost(string, tag = 3)]
    contact_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CauseImage {
    #[prost(int64, tag = 1)]
    root_position: i64,
    #[prost(int64, tag = 2)]
    parent_position: i64,
    #[prost(int32, tag = 3)]
    depth: i32,
    #[prost(string, tag = 4)]
    workflow: String,
    #[prost(bytes = "vec", tag = 5)]
    run_id: Vec<u8>,
}

impl ActivityRow {
    pub fn of(activity: &Activity) -> ActivityRow {
        let Activity {
            tenant_id,
            position,
            kind,
            families,
            ticket_id,
            ticket_version,
            app_id,
            requester_id,
            actor,
            occurred_at,
            changes,
            ticket,
            message,
            issue,
            task,
            data,
            explanation,
            cause,
            request_id,
            schema_version,
        } = activity;
        let Actor { kind: actor_kind, id: actor_id, display } = actor;
        let internal = message.as_ref().is_some_and(|m| m.visibility == Visibility::Internal);
        let body = Body {
            actor_display: display.clone(),
            changes: changes.iter().map(ChangeImage::of).collect(),
            message: message.as_ref().map(MessageImage::of),
            issue: issue.as_ref().map(IssueImage::of),
            task: task.as_ref().map(TaskImage::of),
            data: data.as_ref().map(|v| v.to_string()).unwrap_or_default(),
            explanation: explanation.as_ref().map(|v| v.to_string()).unwrap_or_default(),
            cause: cause.as_ref().map(CauseImage::of),
            request_id: request_id.clone(),
            schema_version: *schema_version,
        };
        ActivityRow {
            tenant_id: tenant_id.clone(),
            position: *position,
            kind: kind.clone(),
            families: *families,
            ticket_id: *ticket_id,
            ticket_version: *ticket_version,
            app_id: app_id.clone(),
            requester_id: requester_id.clone(),
            public: !internal && kind.is_public(*families),
            actor_kind: *actor_kind,
            actor_id: actor_id.clone(),
            occurred_at: *occurred_at,
            body: body.encode_to_vec(),
            image: ticket.as_ref().map(|t| TicketImage::of(t).encode_to_vec()).unwrap_or_default(),
        }
    }

    /// The activity again. An error names what in the row cannot be read.
    pub fn into_activity(self) -> Result<Activity, String> {
        let ActivityRow {
            tenant_id,
            position,
            kind,
            families,
            ticket_id,
            ticket_version,
            app_id,
            requester_id,
            public: _,
            actor_kind,
            actor_id,
            occurred_at,
            body,
            image,
        } = self;
        let broken = |what: &str| format!("activity {position}: {what} cannot be read");
        let body = Body::decode(body.as_slice()).map_err(|_| broken("body"))?;
        let ticket = match image.is_empty() {
            true => None,
            false => {
                let image = TicketImage::decode(image.as_slice()).map_err(|_| broken("image"))?;
                Some(Arc::new(image.into_row().ok_or_else(|| broken("image"))?))
            }
        };
        let json = |text: &str| if text.is_empty() { None } else { serde_json::from_str(text).ok() };
        Ok(Activity {
            tenant_id,
            position,
            kind,
            families,
            ticket_id,
            ticket_version,
            app_id,
            requester_id,
            actor: Actor { kind: actor_kind, id: actor_id, display: body.actor_display },
            occurred_at,
            changes: body.changes.into_iter().map(ChangeImage::into_change).collect(),
            ticket,
            message: body.message.map(|m| m.into_row().ok_or_else(|| broken("message"))).transpose()?,
            issue: body.issue.map(|i| i.into_row().ok_or_else(|| broken("issue"))).transpose()?,
            task: body.task.map(|TaskImage { subject, assignee_id, contact_id }| Task {
                subject,
                assignee_id,
                contact_id,
            }),
            data: json(&body.data),
            explanation: json(&body.explanation),
            cause: body.cause.map(|c| c.into_cause().ok_or_else(|| broken("cause"))).transpose()?,
            request_id: body.request_id,
            schema_version: body.schema_version,
        })
    }
}

impl ChangeImage {
    fn of(change: &Change) -> ChangeImage {
        let Change { field, old_value, new_value } = change;
        ChangeImage { field: field.clone(), old_value: old_value.store(), new_value: new_value.store() }
    }

    fn into_change(self) -> Change {
        let value = |text| serde_json::Value::restore(text).unwrap_or_default();
        Change { field: self.field, old_value: value(self.old_value), new_value: value(self.new_value) }
    }
}

impl TaskImage {
    fn of(task: &Task) -> TaskImage {
        let Task { subject, assignee_id, contact_id } = task.clone();
        TaskImage { subject, assignee_id, contact_id }
    }
}

impl CauseImage {
    fn of(cause: &Cause) -> CauseImage {
        let Cause { root_position, parent_position, depth, workflow, run_id } = cause;
        CauseImage {
            root_position: *root_position,
            parent_position: *parent_position,
            depth: *depth,
            workflow: workflow.clone(),
            run_id: run_id.store(),
        }
    }

    fn into_cause(self) -> Option<Cause> {
        Some(Cause {
            root_position: self.root_position,
            parent_position: self.parent_position,
            depth: self.depth,
            workflow: self.workflow,
            run_id: Uuid::restore(self.run_id)?,
        })
    }
}
