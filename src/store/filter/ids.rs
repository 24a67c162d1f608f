//! Columns that are shown as text made of something else: ids and display numbers. Only a whole text can be asked for.

use super::column::Sort;
use crate::model::id;
use crate::model::ticket::{TicketRef, display_number};
use crate::store::sql::{Bind, Sql, sql};

/// Whether the column is shown as one of `texts`; NULL never.
pub fn among(column: Sql, sort: Sort, texts: &[&str]) -> Sql {
    let ids = |prefix| texts.iter().filter_map(|text| id::parse(prefix, text)).collect();
    match sort {
        Sort::Id(prefix) => sql![column, " = ANY(", Bind::Ids(ids(prefix)), ")"],
        Sort::IdOrNone(prefix) => {
            let some = sql!["coalesce(", column.clone(), " = ANY(", Bind::Ids(ids(prefix)), "), FALSE)"];
            if texts.contains(&"") { sql!["(", column, " IS NULL OR ", some, ")"] } else { some }
        }
        _ => sql![column, " = ANY(", Bind::Ints(texts.iter().filter_map(|text| number(text)).collect()), ")"],
    }
}

/// Only as a number is shown: `42` and `TKT-042` are not.
fn number(text: &str) -> Option<i64> {
    match TicketRef::parse(text)? {
        TicketRef::Number(number) if display_number(number) == text => Some(number),
        _ => None,
    }
}
