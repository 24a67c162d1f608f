//! How the fields that callers write are checked. The field lists name these functions: `write id` is [`id`].

use std::collections::BTreeMap;

use prost_types::{Struct, Value as PbValue};
use serde_json::Value;
use uuid::Uuid;

use super::DEFAULT_SOURCE;
use crate::command::limits::limits;
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::address::is_address;
use crate::model::id::{SLA_POLICY, parse};
use crate::model::limits::*;
use crate::model::sla::policy::PolicyRef;
use crate::model::tenant::GENERAL;
use crate::model::words::Words;

/// Whether it is there, [`has_subject`] asks.
pub fn subject(found: &mut Violations, field: &str, text: String) -> String {
    found.line(field, &text, limits().subject_chars)
}

pub fn has_subject(found: &mut Violations, ticket: &pb::Ticket) {
    if ticket.subject.is_empty() {
        found.required("subject", "", limits().subject_chars);
    }
}

pub fn title(found: &mut Violations, field: &str, text: String) -> String {
    found.required_line(field, &text, limits().subject_chars)
}

/// Markdown, bounded by bytes.
pub fn long_text(found: &mut Violations, field: &str, text: String) -> String {
    found.long_text(field, &text);
    text
}

/// A word of a closed set; unspecified is its default.
pub fn word<W: WireWord + Default>(found: &mut Violations, field: &str, value: i32) -> W {
    W::from_pb(found, field, value).unwrap_or_default()
}

/// Where something stands cannot be cleared: a `whole` resource without a status keeps it, naming it without one is a mistake.
pub fn status<W: WireWord>(found: &mut Violations, field: &str, value: i32, whole: bool) -> Option<W> {
    let status = W::from_pb(found, field, value);
    if value == 0 && !whole {
        found.add(field, "must be set when the mask names it");
    }
    status
}

pub fn category(found: &mut Violations, field: &str, text: String) -> String {
    or(found.line(field, &text, CATEGORY_CHARS), GENERAL)
}

/// A provenance tag.
pub fn source(found: &mut Violations, field: &str, text: String) -> String {
    or(found.line(field, &text, SOURCE_CHARS), DEFAULT_SOURCE)
}

pub fn tags(found: &mut Violations, field: &str, words: Vec<String>) -> Words {
    Words::unique_folded(found.lines(field, &words, limits().tags, limits().tag_chars).0)
}

pub fn map(found: &mut Violations, field: &str, fields: BTreeMap<String, PbValue>) -> Value {
    value::map_from_pb(found, field, fields)
}

pub fn structure(found: &mut Violations, field: &str, value: Option<Struct>) -> Value {
    value::struct_from_pb(found, field, value)
}

/// An id, or a name, that another system gave.
pub fn id(found: &mut Violations, field: &str, text: String) -> String {
    found.id(field, &text);
    text
}

/// The id of an entry of the directory itself.
pub fn own_id(found: &mut Violations, field: &str, text: String) -> String {
    found.required_id(field, &text);
    text
}

pub fn email(found: &mut Violations, field: &str, text: String) -> String {
    let address = found.line(field, &text, EMAIL_CHARS);
    if !address.is_empty() && !is_address(&address) {
        found.add(field, "is no e-mail address: write local@domain, as ann@example.com");
    }
    address
}

pub fn name(found: &mut Violations, field: &str, text: String) -> String {
    found.line(field, &text, NAME_CHARS)
}

/// The name of what Docket makes an id for. It must not look like one, for either names it: `prefix` is that of the ids.
pub fn own_name(found: &mut Violations, field: &str, text: &str, prefix: &str) -> String {
    let name = found.required_line(field, text, NAME_CHARS);
    if name.starts_with(prefix) {
        found.add(field, format!("must not begin with `{prefix}`, as ids do"));
    }
    name
}

/// One word or a few, which conditions compare.
pub fn label(found: &mut Violations, field: &str, text: String) -> String {
    found.line(field, &text, WORD_CHARS)
}

pub fn members(found: &mut Violations, field: &str, ids: Vec<String>) -> Words {
    found.ids(field, &ids, MEMBERS);
    Words::unique(ids)
}

pub fn skills(found: &mut Violations, field: &str, words: Vec<String>) -> Words {
    found.lines(field, &words, SKILLS, SKILL_CHARS)
}

pub fn capacity(found: &mut Violations, field: &str, value: i32) -> i32 {
    number(found, field, value, CAPACITY)
}

/// 0 = 1.
pub fn weight(found: &mut Violations, field: &str, value: i32) -> i32 {
    number(found, field, value, WEIGHT).max(1)
}

fn number(found: &mut Violations, field: &str, value: i32, max: i32) -> i32 {
    if !(0..=max).contains(&value) {
        found.add(field, format!("must be from 0 to {max}, is {value}"));
    }
    value
}

pub fn url(found: &mut Violations, field: &str, text: String) -> String {
    found.line(field, &text, URL_CHARS)
}

/// By its id; what is none is a name, and [`policy_name`] has it.
pub fn sla_policy_id(found: &mut Violations, field: &str, text: String) -> Option<Uuid> {
    let id = parse(SLA_POLICY, &text);
    if id.is_none() && !text.is_empty() {
        found.required(field, &text, NAME_CHARS);
    }
    id
}

/// The policy that a ticket asks for by its name; '' where it names none, or an id.
pub fn policy_name(ticket: &pb::Ticket) -> String {
    match PolicyRef::parse(&ticket.sla_policy_id) {
        PolicyRef::Name(name) => name,
        PolicyRef::Id(_) => String::new(),
    }
}

/// The text, or a default where it is empty.
fn or(text: String, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text }
}
