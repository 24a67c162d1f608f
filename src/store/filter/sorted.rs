//! Comparisons of the rows' own types in SQL.

use serde_json::Value;
use uuid::Uuid;

use crate::model::time::Instant;
use crate::model::words::*;
use crate::workflow::schema::Typed;

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

/// A field of a row, as its column is compared.
pub trait Sorted: Typed {
    /// `prefix`: of ids.
    fn sort(prefix: &'static str) -> Sort;
}

macro_rules! sorted {
    ($($ty:ty => |$prefix:ident| $sort:expr;)+) => { $(
        impl Sorted for $ty {
            fn sort($prefix: &'static str) -> Sort {
                $sort
            }
        }
    )+ };
}

sorted! {
    String => |_prefix| Sort::Text;
    i32 => |_prefix| Sort::Int;
    i64 => |_prefix| Sort::Int;
    Option<f64> => |_prefix| Sort::Double;
    Instant => |_prefix| Sort::Time;
    Option<Instant> => |_prefix| Sort::Time;
    Words => |_prefix| Sort::Words;
    Value => |_prefix| Sort::Json;
    Uuid => |prefix| Sort::Id(prefix);
    Option<Uuid> => |prefix| Sort::IdOrNone(prefix);
}

macro_rules! sorted_words {
    ($($ty:ty),+) => { sorted! { $($ty => |_prefix| Sort::Text;)+ } };
}
sorted_words! {
    Status, Priority, TicketType, Channel, SourceType, Visibility, AuthorKind, IssueType, IssueStatus, AgentStatus
}
