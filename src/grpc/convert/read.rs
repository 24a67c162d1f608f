//! The common fields of reads: how fresh an answer must be, and which page of a list.

use std::collections::BTreeMap;

use prost_types::Value;

use super::params::{self, FilterText};
use super::time;
use super::violations::Violations;
use crate::command::Refusal;
use crate::command::limits::limits;
use crate::grpc::pb::get_ticket_request::AsOf;
use crate::model::limits::{INCLUDE_CHARS, INCLUDES, ORDER_BY_CHARS, PAGE_TOKEN_BYTES};
use crate::model::ticket::TicketRef;
use crate::model::time::Instant;
use crate::store::read::include::Include;

/// The least state that answers a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// 0 = any.
    pub min_position: i64,
    /// 0 = not checked.
    pub epoch: i64,
}

pub fn freshness(found: &mut Violations, min_position: i64, epoch: i64) -> Freshness {
    position(found, "min_position", min_position);
    position(found, "epoch", epoch);
    Freshness { min_position, epoch }
}

pub fn position(found: &mut Violations, field: &str, value: i64) {
    if value < 0 {
        found.add(field, "must not be negative");
    }
}

/// One page of a list, as asked for. Filter, order and token are read where the resource is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub filter: FilterText,
    pub order_by: String,
    /// 1 to 500.
    pub size: i64,
    pub token: String,
}

/// A moment of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Position(i64),
    /// The end of this microsecond.
    Time(Instant),
}

pub fn moment(found: &mut Violations, as_of: AsOf) -> Moment {
    match as_of {
        AsOf::AsOfPosition(value) => {
            position(found, "as_of_position", value);
            Moment::Position(value)
        }
        AsOf::AsOfTime(value) => Moment::Time(time::from_pb(found, "as_of_time", &value).unwrap_or(Instant(0))),
    }
}

/// What a request wants beside its tickets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Included {
    pub wanted: Vec<Include>,
    /// The words that stand for nothing here, each once: another version may know them.
    pub left_out: Vec<String>,
}

pub fn include(found: &mut Violations, words: Vec<String>) -> Included {
    let mut read = Included::default();
    if words.len() > INCLUDES {
        found.add("include", format!("must have at most {INCLUDES} entries, has {}", words.len()));
        return read;
    }
    for (n, word) in words.into_iter().enumerate() {
        found.text(&format!("include[{n}]"), &word, INCLUDE_CHARS);
        match Include::ALL.iter().find(|(name, _)| *name == word) {
            Some((_, known)) => read.wanted.push(*known),
            None if read.left_out.contains(&word) => {}
            None => read.left_out.push(word),
        }
    }
    read
}

/// The tickets that a batch names.
pub fn tickets(found: &mut Violations, ids: &[String]) -> Vec<TicketRef> {
    let most = limits().batch;
    if !(1..=most).contains(&ids.len()) {
        found.add("ids", format!("must name 1 to {most} tickets, names {}", ids.len()));
        return Vec::new();
    }
    ids.iter().enumerate().map(|(n, id)| found.ticket(&format!("ids[{n}]"), id)).collect()
}

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 500;

pub fn page(
    found: &mut Violations,
    filter: String,
    filter_params: BTreeMap<String, Value>,
    order_by: String,
    page_size: i32,
    page_token: String,
) -> Page {
    let filter = params::filter(found, filter, filter_params);
    found.text("order_by", &order_by, ORDER_BY_CHARS);
    let (size, token) = page_only(found, page_size, page_token);
    Page { filter, order_by, size, token }
}

/// Size and token of a list that has no filter.
pub fn page_only(found: &mut Violations, page_size: i32, page_token: String) -> (i64, String) {
    if page_size < 0 {
        found.add("page_size", "must not be negative");
    }
    found.text("page_token", &page_token, PAGE_TOKEN_BYTES);
    let size = match i64::from(page_size) {
        ..=0 => DEFAULT_PAGE,
        size => size.min(MAX_PAGE),
    };
    (size, page_token)
}

/// A ticket that a list is narrowed to; empty = no narrowing.
pub fn narrowed_to(found: &mut Violations, field: &str, text: &str) -> Option<TicketRef> {
    (!text.is_empty()).then(|| found.ticket(field, text))
}

/// Reads a request, and tells everything that is wrong with it.
pub fn checked<T>(read: impl FnOnce(&mut Violations) -> T) -> Result<T, Refusal> {
    let mut found = Violations::default();
    let value = read(&mut found);
    found.give(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_clamped_and_negative_ones_refused() {
        for (asked, size) in [(0, 50), (1, 1), (500, 500), (501, 500), (i32::MAX, 500)] {
            let mut found = Violations::default();
            let none = BTreeMap::new();
            assert_eq!(page(&mut found, String::new(), none, String::new(), asked, String::new()).size, size);
            assert!(found.is_empty());
        }
        let mut found = Violations::default();
        page(&mut found, "a\0".into(), BTreeMap::new(), "b\0".into(), -1, String::new());
        assert_eq!(found.fields(), ["filter", "order_by", "page_size"]);
    }
}
