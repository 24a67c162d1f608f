//! How the rows' own types are compared in SQL.

use serde_json::Value;
use uuid::Uuid;

use super::column::Sort;
use crate::model::time::Instant;
use crate::model::words::*;
use crate::workflow::schema::Typed;

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
sorted_words! { Status, Priority, TicketType, Channel, SourceType, Visibility, AuthorKind, IssueType, IssueStatus }
