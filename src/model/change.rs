//! Differences between two images of a ticket or an issue, and the JSON form of their values.

use serde_json::Value;
use uuid::Uuid;

use super::activity::Change;
use super::fields::{named, prefix};
use super::id;
use super::issue::{Issue, issue_fields};
use super::ticket::{Ticket, ticket_fields};
use super::time::Instant;
use super::words::*;

/// The changes, by the contract's field names, and whether one of them is of a field that a caller can write.
#[derive(Debug, Default, PartialEq)]
pub struct Difference {
    pub changes: Vec<Change>,
    pub writable: bool,
}

/// A row whose changes are told.
pub trait Told {
    /// The fields that a change can be of, as the contract has them.
    const TOLD: &'static [&'static str];

    /// What an activity says of a change. What its own columns and kind tell is left out: ids, versions, positions, who wrote
    /// and when, and the counts of messages.
    fn difference(&self, after: &Self) -> Difference;
}

/// What an activity says of a ticket's change.
pub fn difference(before: &Ticket, after: &Ticket) -> Difference {
    before.difference(after)
}

/// How a value stands in a change: absent text and absent ids are `''`, other absent things `null`.
trait Shown: PartialEq {
    /// `prefix`: of ids.
    fn shown(&self, prefix: &str) -> Value;
}

macro_rules! shown {
    ($($ty:ty => |$v:ident, $prefix:ident| $value:expr;)+) => { $(
        impl Shown for $ty {
            fn shown(&self, $prefix: &str) -> Value { let $v = self; $value }
        }
    )+ };
}

shown! {
    String => |v, _prefix| Value::from(v.as_str());
    i32 => |v, _prefix| Value::from(*v);
    Option<f64> => |v, _prefix| Value::from(*v);
    Option<Instant> => |v, _prefix| v.map_or(Value::Null, |at| Value::from(at.to_string()));
    Words => |v, _prefix| Value::from(v.0.clone());
    Value => |v, _prefix| v.clone();
    TicketType => |v, _prefix| Value::from(v.word());
    Status => |v, _prefix| Value::from(v.word());
    Priority => |v, _prefix| Value::from(v.word());
    Channel => |v, _prefix| Value::from(v.word());
    SourceType => |v, _prefix| Value::from(v.word());
    IssueType => |v, _prefix| Value::from(v.word());
    Option<Uuid> => |v, prefix| Value::from(v.map(|id| id::show(prefix, id)).unwrap_or_default());
}

impl Difference {
    fn field<T: Shown>(&mut self, field: &str, writable: bool, prefix: &str, old: &T, new: &T) {
        if old != new {
            let (old_value, new_value) = (old.shown(prefix), new.shown(prefix));
            self.changes.push(Change { field: field.to_owned(), old_value, new_value });
            self.writable |= writable;
        }
    }
}

/// `deal_id: …, told etag` is the change `deal_id`; those that are told `later` or `last` come after the others.
macro_rules! difference {
    ($docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt $write:tt $edit:tt
        ($($name:ident $told:ident $($late:ident)?)?);
    )+ }) => {
        impl Told for $row {
            const TOLD: &'static [&'static str] = &[$($(named!($name),)?)+];

            fn difference(&self, after: &$row) -> Difference {
                let mut d = Difference::default();
                for turn in [0, 1, 2] {
                    $($(if turn == turn!($($late)?) {
                        d.field(named!($name), moves!($told), prefix!($id), &self.$field, &after.$field);
                    })?)+
                }
                d
            }
        }
    };
}

macro_rules! turn {
    () => {
        0
    };
    (later) => {
        1
    };
    (last) => {
        2
    };
}

/// Whether a change moves the etag.
macro_rules! moves {
    (etag) => {
        true
    };
    (only) => {
        false
    };
}

ticket_fields! { difference }
issue_fields! { difference }
