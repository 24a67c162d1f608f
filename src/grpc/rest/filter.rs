//! Filter expressions from a field and its values.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::Value;

use super::alias;
use super::schema::named;
use super::words::{bare, fold, violation, word};
use crate::command::refusal::Violation;

/// How a filter names a message: `ticket`, `canned_response`.
pub fn root(message: &MessageDescriptor) -> String {
    let mut root = String::new();
    for c in message.name().chars() {
        if c.is_ascii_uppercase() && !root.is_empty() {
            root.push('_');
        }
        root.push(c.to_ascii_lowercase());
    }
    root
}

/// `status` and `open`, `pending` as `ticket.status in ['OPEN', 'PENDING']`; of a list, one that holds any of the values.
pub fn condition(message: &MessageDescriptor, name: &str, values: &[String]) -> Result<String, Violation> {
    let first = values.first().map(|text| Value::from(text.as_str())).unwrap_or_default();
    let field = match alias::find(message.name(), name, &first) {
        Some(other) => message.get_field_by_name(other.field),
        None => named(message, name),
    };
    let Some(field) = field else {
        return Err(violation(name, format!("{} has no such field to filter by", message.name())));
    };
    let path = format!("{}.{}", root(message), field.name());
    let words = field.is_list() || matches!(field.kind(), Kind::Enum(_));
    let values: Vec<&str> =
        values.iter().flat_map(|value| if words { listed(value) } else { vec![value.as_str()] }).collect();
    let literals: Result<Vec<String>, Violation> =
        values.iter().map(|value| literal(&field.kind(), value).map_err(|problem| violation(name, problem))).collect();
    let literals = literals?;
    Ok(match (field.is_list(), literals.as_slice()) {
        (true, [one]) => format!("{one} in {path}"),
        (true, many) => {
            let each: Vec<String> = many.iter().map(|one| format!("{one} in {path}")).collect();
            format!("({})", each.join(" || "))
        }
        (false, [one]) => format!("{path} == {one}"),
        (false, many) => format!("{path} in [{}]", many.join(", ")),
    })
}

/// The words of `open,pending`; without any, the text as it stands, for the field to refuse.
pub fn listed(text: &str) -> Vec<&str> {
    let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { vec![text] } else { words }
}

fn literal(kind: &Kind, value: &str) -> Result<String, String> {
    match kind {
        Kind::Enum(words) => word(words, value).map(|name| quoted(bare(words, &name))),
        Kind::String => Ok(quoted(value)),
        Kind::Bool if matches!(fold(value).as_str(), "true" | "false") => Ok(fold(value)),
        Kind::Bool => Err(format!("{value:?} is neither true nor false")),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            Ok(format!("timestamp({})", quoted(value)))
        }
        Kind::Message(_) | Kind::Bytes => Err("cannot be compared with a text; write a filter".to_owned()),
        _ => match value.parse::<f64>() {
            Ok(_) => Ok(value.to_owned()),
            Err(_) => Err(format!("{value:?} is no number")),
        },
    }
}

/// A text as CEL writes it.
fn quoted(text: &str) -> String {
    let mut literal = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}
