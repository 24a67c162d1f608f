//! One resource that a request names twice, in its path and in its body.

use serde_json::{Map, Value};

use super::words::{fold, violation};
use crate::command::refusal::Violation;
use crate::model::fold::fold as folded;
use crate::model::ticket::TicketRef;

/// The key of an object for a field, in any spelling.
pub fn key<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    let wanted = fold(field);
    object.keys().find(|key| fold(key) == wanted).map(String::as_str)
}

/// Says so where the body has another value for the field that the path gives a value to. `field`: `id`, or `ticket.id`.
pub fn contradiction(written: &Map<String, Value>, field: &str, in_path: &str) -> Option<Violation> {
    let (object, name) = match field.split_once('.') {
        Some((outer, name)) => (written.get(key(written, outer)?)?.as_object()?, name),
        None => (written, field),
    };
    let in_body = match object.get(key(object, name)?)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if in_body.is_empty() || names_the_same(&in_body, in_path) || also_named(object, in_path) {
        return None;
    }
    let description =
        format!("is {in_body:?}, and the path names {in_path:?}: leave it out, or write the same in both");
    Some(violation(field, description))
}

fn names_the_same(one: &str, other: &str) -> bool {
    let ticket = TicketRef::parse(one);
    one == other || ticket.is_some() && ticket == TicketRef::parse(other)
}

/// Whether what was read from the server, with its id, is sent to the path of its number or name.
fn also_named(resource: &Map<String, Value>, in_path: &str) -> bool {
    let text = |field: &str| match resource.get(key(resource, field)?)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let number = text("number").and_then(|number| TicketRef::parse(&number));
    number.is_some() && number == TicketRef::parse(in_path)
        || text("name").is_some_and(|name| folded(&name) == folded(in_path))
}
