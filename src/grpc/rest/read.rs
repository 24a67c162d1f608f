//! Messages from JSON as people write it: names in any spelling or alias, bare words, comma lists, lengths like `15m`.

use prost_reflect::{DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::schema::{PACKAGE, named, resource};
use super::words::{fold, violation, word};
use super::{alias, mask};
use crate::command::refusal::Violation;
use crate::workflow::suggest;

/// `written` as a request. What is not a field of the request but of what it is about goes there: `{"subject": …}` is
/// `{"ticket": {"subject": …}}`. An update without a mask changes what it writes. Every fault is told, not the first.
pub fn request(descriptor: &MessageDescriptor, written: Value) -> Result<DynamicMessage, Vec<Violation>> {
    let Value::Object(mut written) = written else { return Err(vec![violation("", "must be a JSON object".into())]) };
    let mut found = Vec::new();
    let asked = mask::take(descriptor, &mut written, &mut found);
    lift(descriptor, &mut written);
    let tidied = object(descriptor, written, "", &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let paths = asked.or_else(|| mask::of(descriptor, &tidied));
    let mut message = message(descriptor, Value::Object(tidied)).map_err(|violation| vec![violation])?;
    if let Some(paths) = paths {
        mask::set(&mut message, paths);
    }
    Ok(message)
}

/// Moves what the request does not have, and what it is about has, into that.
fn lift(descriptor: &MessageDescriptor, written: &mut Map<String, Value>) {
    let Some((into, about)) = resource(descriptor) else { return };
    let has = |message: &MessageDescriptor, key: &str, value: &Value| {
        named(message, key).is_some() || alias::find(message.name(), key, value).is_some()
    };
    let moved: Vec<String> = written
        .iter()
        .filter(|(key, value)| !has(descriptor, key, value) && has(&about, key, value))
        .map(|(key, _)| key.clone())
        .collect();
    if moved.is_empty() {
        return;
    }
    let inside = written.iter().find(|(key, _)| fold(key) == fold(into.name())).map(|(key, _)| key.clone());
    let inside = inside.unwrap_or_else(|| into.name().to_owned());
    let mut resource = match written.remove(&inside) {
        Some(Value::Object(fields)) => fields,
        Some(other) => {
            // It is no object: reading it says so.
            written.insert(inside, other);
            return;
        }
        None => Map::new(),
    };
    for key in moved {
        if let Some(value) = written.remove(&key) {
            resource.entry(key).or_insert(value);
        }
    }
    written.insert(inside, Value::Object(resource));
}

/// The object with the contract's names and words.
fn object(
    descriptor: &MessageDescriptor,
    written: Map<String, Value>,
    at: &str,
    found: &mut Vec<Violation>,
) -> Map<String, Value> {
    let mut tidied = Map::new();
    for (key, value) in written {
        let path = join(at, &key);
        let other = alias::find(descriptor.name(), &key, &value);
        let field = match other {
            Some(other) => descriptor.get_field_by_name(other.field),
            None => named(descriptor, &key),
        };
        let Some(field) = field else {
            let about = resource(descriptor).map(|(_, about)| about);
            let fields = descriptor.fields().chain(about.iter().flat_map(|about| about.fields()));
            let names: Vec<String> = fields.map(|field| field.name().to_owned()).collect();
            let hint = suggest(&key, names.iter().map(String::as_str));
            found.push(violation(&path, format!("{} has no such field; {hint}", descriptor.name())));
            continue;
        };
        let value = other.map_or(value.clone(), |other| other.meaning.apply(value));
        let value = self::value(&field, value, &path, found);
        match tidied.get(field.name()) {
            Some(before) if *before != value => {
                found.push(violation(&path, format!("{} is given twice, and differently", field.name())));
            }
            _ => {
                tidied.insert(field.name().to_owned(), value);
            }
        }
    }
    tidied
}

fn value(field: &FieldDescriptor, written: Value, path: &str, found: &mut Vec<Violation>) -> Value {
    if written.is_null() {
        return written;
    }
    if field.is_map() {
        // The contract's maps hold texts, numbers or google.protobuf.Value: what is written is what is meant.
        return written;
    }
    if !field.is_list() {
        return single(&field.kind(), written, path, found);
    }
    let items = match written {
        Value::Array(items) => items,
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
        }
        other => vec![other],
    };
    let one = |(n, item)| single(&field.kind(), item, &format!("{path}[{n}]"), found);
    Value::Array(items.into_iter().enumerate().map(one).collect())
}

fn single(kind: &Kind, written: Value, path: &str, found: &mut Vec<Violation>) -> Value {
    match (kind, written) {
        (Kind::Enum(words), Value::String(text)) => match word(words, &text) {
            Ok(name) => Value::String(name),
            Err(problem) => {
                found.push(violation(path, problem));
                Value::Null
            }
        },
        (Kind::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false") => Value::Bool(text == "true"),
        (Kind::String, Value::Number(number)) => Value::String(number.to_string()),
        (Kind::Message(message), Value::String(text)) if message.full_name() == "google.protobuf.Duration" => {
            Value::String(length(&text))
        }
        (Kind::Message(message), Value::String(text)) if message.full_name() == "docket.v1.WarnAt" => warn_at(&text),
        (Kind::Message(message), Value::Object(fields)) if message.package_name() == PACKAGE => {
            Value::Object(object(message, fields, path, found))
        }
        (_, written) => written,
    }
}

/// `15m` as protobuf writes it: `900s`. What is something else stays for protobuf to refuse.
fn length(text: &str) -> String {
    let seconds = |unit| match unit {
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: Option<i64> = digits.parse().ok();
    match (number, seconds(&text[digits.len()..])) {
        (Some(number), Some(seconds)) => {
            number.checked_mul(seconds).map_or_else(|| text.to_owned(), |all| format!("{all}s"))
        }
        _ => text.to_owned(),
    }
}

/// `80%` is of the target, `1h` before it.
fn warn_at(text: &str) -> Value {
    match text.strip_suffix('%').map(|percent| percent.trim().parse::<i32>()) {
        Some(Ok(percent)) => serde_json::json!({ "percent": percent }),
        _ => serde_json::json!({ "before": length(text) }),
    }
}

fn message(descriptor: &MessageDescriptor, tidied: Value) -> Result<DynamicMessage, Violation> {
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(tidied, &mut track);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    DynamicMessage::deserialize_with_options(descriptor.clone(), deserializer, &options)
        .map_err(|error| violation(&track.path().to_string(), error.to_string()))
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}
