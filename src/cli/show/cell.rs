//! Formatting of a field's value on one line.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

/// A field, by its path: `subscription.plan`, `custom.region`.
pub struct Field {
    keys: Vec<String>,
    last: FieldDescriptor,
}

impl Field {
    /// Finds a field by its path in the contract.
    pub fn find(message: &MessageDescriptor, path: &str) -> Option<Field> {
        let (first, rest) = path.split_once('.').map_or((path, ""), |(first, rest)| (first, rest));
        let last = message.get_field_by_name(first)?;
        if rest.is_empty() {
            return Some(Field { keys: vec![first.to_owned()], last });
        }
        match last.kind() {
            // Below maps and Structs, keys are the user's own.
            Kind::Message(below) if last.is_map() || below.package_name() == "google.protobuf" => {
                Some(Field { keys: vec![first.to_owned(), rest.to_owned()], last })
            }
            Kind::Message(below) => {
                let Field { mut keys, last } = Field::find(&below, rest)?;
                keys.insert(0, first.to_owned());
                Some(Field { keys, last })
            }
            _ => None,
        }
    }

    pub fn of(descriptor: FieldDescriptor) -> Field {
        Field { keys: vec![descriptor.name().to_owned()], last: descriptor }
    }

    /// Its path in the contract.
    pub fn path(&self) -> String {
        self.keys.join(".")
    }

    /// Whether the value must not be wrapped: ids are there to be copied.
    pub fn whole(&self) -> bool {
        let name = self.keys.last().map(String::as_str).unwrap_or_default();
        name == "id" || name.ends_with("_id") || name.ends_with("number") || !matches!(self.last.kind(), Kind::String)
    }

    /// Whether the value is an enum value, which may have a colour.
    pub fn word(&self) -> bool {
        matches!(self.last.kind(), Kind::Enum(_))
    }

    pub fn value<'a>(&self, resource: &'a Value) -> &'a Value {
        self.keys.iter().fold(resource, |value, key| value.get(key).unwrap_or(&Value::Null))
    }

    /// The value on one line; '' if empty.
    pub fn text(&self, resource: &Value, local: bool) -> String {
        let value = self.value(resource);
        match (self.last.kind(), value) {
            (Kind::Message(message), Value::String(text)) if self.keys.len() == 1 || !self.last.is_map() => {
                match message.full_name() {
                    "google.protobuf.Timestamp" => time(text, local),
                    "google.protobuf.Duration" => length(text),
                    _ => one_line(value),
                }
            }
            (Kind::Enum(_), Value::String(word)) if word == "UNSPECIFIED" => String::new(),
            _ => one_line(value),
        }
    }
}

pub fn one_line(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(items) => items.iter().map(one_line).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(key, value)| (key, one_line(value))).filter(|(_, value)| !value.is_empty());
            pairs.map(|(key, value)| format!("{}={value}", plain(key))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Formats a time to the second: `2026-01-31 09:00:00Z`, or in the local time zone, `2026-01-31 10:00:00+01:00`.
pub fn time(text: &str, local: bool) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return plain(text) };
    let zone = if local { TimeZone::system() } else { TimeZone::UTC };
    let at = at.to_zoned(zone);
    if local { at.strftime("%Y-%m-%d %H:%M:%S%:z").to_string() } else { at.strftime("%Y-%m-%d %H:%M:%SZ").to_string() }
}

/// Formats `5400s` as `1h30m`.
fn length(text: &str) -> String {
    let Some(Ok(all)) = text.strip_suffix('s').map(str::parse::<i64>) else { return plain(text) };
    let parts = [(all / 86_400, "d"), (all / 3_600 % 24, "h"), (all / 60 % 60, "m"), (all % 60, "s")];
    let said: String = parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if said.is_empty() { "0s".to_owned() } else { said }
}

/// Replaces control characters, which could manipulate the terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grpc::rest::Schema;

    #[test]
    fn values_are_read_on_one_line() {
        let schema = Schema::new().expect("descriptors");
        let ticket = schema.message("Ticket").expect("Ticket");
        let row = json!({"subject": "Login\n broken\u{1b}[2J", "tags": ["a", "b"], "status": "OPEN", "type": "UNSPECIFIED",
            "updated_at": "2026-01-31T09:00:00.123456Z", "custom": {"region": {"x": 1}, "a.b": "c"}, "number": "7"});
        let text = |path: &str| Field::find(&ticket, path).expect(path).text(&row, false);
        assert_eq!(text("subject"), "Login broken\u{fffd}[2J");
        assert_eq!((text("tags"), text("status"), text("type")), ("a, b".into(), "OPEN".into(), String::new()));
        assert_eq!(text("updated_at"), "2026-01-31 09:00:00Z");
        assert_eq!(
            (text("custom.region"), text("custom.a.b"), text("custom.no")),
            ("x=1".into(), "c".into(), String::new())
        );
        assert_eq!((text("number"), text("resolved_at")), ("7".into(), String::new()));
        for wrong in ["subjekt", "subject.x", "status.x"] {
            assert!(Field::find(&ticket, wrong).is_none(), "{wrong}");
        }
        assert_eq!((length("5400s"), length("0s"), length("90061s")), ("1h30m".into(), "0s".into(), "1d1h1m1s".into()));
    }
}
