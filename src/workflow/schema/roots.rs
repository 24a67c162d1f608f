//! Fields of each root.

use super::typed::Typed;
use super::{ACTOR_KIND, Field, Object, RUN_VERDICT, Type};
use crate::model::change::Told;
use crate::model::directory::*;
use crate::model::fields::named;
use crate::model::issue::issue_fields;
use crate::model::message::message_fields;
use crate::model::ticket::{Ticket, ticket_fields};
use crate::model::time::Instant;
use crate::model::words::*;
use uuid::Uuid;

pub(super) const fn field(name: &'static str, ty: Type) -> Field {
    Field { name, ty, optional: false }
}

pub(super) const fn optional(name: &'static str, ty: Type) -> Field {
    Field { name, ty, optional: true }
}

/// A field that holds this.
const fn of<T: Typed>(name: &'static str) -> Field {
    Field { name, ty: T::TYPE, optional: T::OPTIONAL }
}

/// `object! { static TICKET = "ticket"; … }`: `deal_id: String, …, as deal_id in cel` is the field `deal_id`, of the type that
/// a `String` has.
macro_rules! object {
    (static $object:ident = $what:tt; $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt ($($name:ident $cel:ident)?) ($($also:ident: $also_ty:ty)?)
        $write:tt $edit:tt $told:tt;
    )+ }) => {
        pub static $object: Object = Object {
            name: $what,
            fields: &[$(
                $(of::<$ty>(named!($name)),)?
                $(of::<$also_ty>(stringify!($also)),)?
            )+],
        };
    };
}

ticket_fields! { object static TICKET = "ticket"; }
message_fields! { object static MESSAGE = "message"; }
issue_fields! { object static ISSUE = "issue"; }

/// The fields that `changes` and `changed()` know.
pub fn changing() -> impl Iterator<Item = &'static Field> {
    TICKET.fields.iter().filter(|field| Ticket::TOLD.contains(&field.name))
}

pub static EVENT: Object = Object {
    name: "event",
    fields: &[
        field("type", Type::Event),
        field("types", Type::List(&Type::Event)),
        field("families", Type::List(&Type::Event)),
        field("position", Type::Int),
        field("actor", Type::Object(&ACTOR)),
        field("ticket", Type::Object(&TICKET)),
        optional("cause", Type::Object(&CAUSE)),
        optional("data", Type::Map),
    ],
};

/// What `event.data` tells of an instant that was due.
pub static DUE: Object = Object {
    name: "the data of a timer or a schedule",
    fields: &[field("trigger", Type::Text), field("due_at", Type::Time), field("late_by", Type::Text)],
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

/// An entry of the directory: `Team::object()`.
pub trait DescribedEntry {
    fn object() -> &'static Object;
}

macro_rules! entry_objects {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        impl DescribedEntry for $row {
            fn object() -> &'static Object {
                $fields! { object static OBJECT = (stringify!($one)); }
                &OBJECT
            }
        }
    )+ };
}
entries! { entry_objects }

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
    use super::*;
    use crate::model::change::difference;
    use crate::workflow::fixture;

    #[test]
    fn changes_are_those_that_the_log_records() {
        let (before, mut after) = (Ticket::default(), fixture::ticket());
        after.kind = TicketType::Problem;
        after.status = Status::Closed;
        after.priority = Priority::Low;
        after.source_type = SourceType::System;
        let mut recorded: Vec<String> =
            difference(&before, &after).changes.into_iter().map(|change| change.field).collect();
        let mut known: Vec<&str> = changing().map(|field| field.name).collect();
        recorded.sort();
        known.sort();
        assert_eq!(recorded, known);
    }
}
