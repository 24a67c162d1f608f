//! Columns that the API shows in another form: ids, display numbers, and texts in lower case.

use std::sync::LazyLock;

use super::sorted::Sort;
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

/// The text of a display number.
pub fn display(number: Sql) -> Sql {
    let digits = sql![number.clone(), "::text"];
    sql!["('TKT-' || CASE WHEN ", number, " < 10000 THEN lpad(", digits.clone(), ", 4, '0') ELSE ", digits, " END)"]
}

/// All letters that are another one when they are small, and those others, place by place. İ alone becomes two.
pub static LETTERS: LazyLock<(String, String)> = LazyLock::new(|| {
    let pair = |large: char| {
        let mut small = large.to_lowercase();
        let first = small.next().filter(|first| *first != large && small.next().is_none());
        first.map(|first| (large, first))
    };
    ('\0'..=char::MAX).filter_map(pair).unzip()
});

/// Only as a number is shown: `42` and `TKT-042` are not.
fn number(text: &str) -> Option<i64> {
    match TicketRef::parse(text)? {
        TicketRef::Number(number) if display_number(number) == text => Some(number),
        _ => None,
    }
}
