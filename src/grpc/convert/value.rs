//! JSON as google.protobuf.Value and Struct.

use std::collections::BTreeMap;

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as PbValue};
use serde_json::{Map, Number, Value};

use super::violations::Violations;
use crate::command::limits::limits;
use crate::model::limits::FIELD_NAME_CHARS;
use crate::model::line;

pub fn to_pb(value: Value) -> PbValue {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(b) => Kind::BoolValue(b),
        Value::Number(n) => Kind::NumberValue(n.as_f64().unwrap_or_default()),
        Value::String(s) => Kind::StringValue(s),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.into_iter().map(to_pb).collect() }),
        Value::Object(fields) => Kind::StructValue(fields_to_pb(fields)),
    };
    PbValue { kind: Some(kind) }
}

/// The fields of an object; anything else has none.
pub fn map_to_pb(value: Value) -> BTreeMap<String, PbValue> {
    match value {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, to_pb(value))).collect(),
        _ => BTreeMap::new(),
    }
}

/// An object as it is; anything else as the one field `value`.
pub fn struct_to_pb(value: Value) -> Struct {
    match value {
        Value::Object(fields) => fields_to_pb(fields),
        other => Struct { fields: BTreeMap::from([("value".to_owned(), to_pb(other))]) },
    }
}

fn fields_to_pb(fields: Map<String, Value>) -> Struct {
    Struct { fields: fields.into_iter().map(|(name, value)| (name, to_pb(value))).collect() }
}

/// A whole map, with its limits.
pub fn map_from_pb(found: &mut Violations, field: &str, fields: BTreeMap<String, PbValue>) -> Value {
    let most = limits().custom_fields;
    if fields.len() > most {
        found.add(field, format!("must have at most {most} fields, has {}", fields.len()));
    }
    let mut map = Map::new();
    found.within(field, |found| {
        for (name, value) in fields {
            field_name(found, &name);
            let value = from_pb(found, &name, value);
            map.insert(name, value);
        }
    });
    let value = Value::Object(map);
    let bytes = value.to_string().len();
    let most = limits().custom_bytes;
    if bytes > most {
        found.add(field, format!("must have at most {most} bytes as JSON, has {bytes}"));
    }
    value
}

/// A whole Struct; an absent one is empty.
pub fn struct_from_pb(found: &mut Violations, field: &str, value: Option<Struct>) -> Value {
    map_from_pb(found, field, value.unwrap_or_default().fields)
}

pub fn field_name(found: &mut Violations, name: &str) {
    match line::is_kept(name, FIELD_NAME_CHARS) {
        _ if name.is_empty() => {
            found.add(name, format!("its name must have 1 to {FIELD_NAME_CHARS} characters, has 0"))
        }
        Ok(true) => {}
        Ok(false) => {
            found.add(name, "its name must be in NFC, without white space and invisible characters at its ends")
        }
        Err(flaw) => found.add(name, format!("its name {flaw}")),
    }
}

/// One value; what JSON cannot hold is a violation.
pub fn from_pb(found: &mut Violations, field: &str, value: PbValue) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(b)) => Value::Bool(b),
        Some(Kind::NumberValue(n)) => number(n).unwrap_or_else(|| {
            found.add(field, "must be a finite number");
            Value::Null
        }),
        Some(Kind::StringValue(s)) => {
            found.no_nul(field, &s);
            Value::String(s)
        }
        Some(Kind::ListValue(list)) => {
            Value::Array(list.values.into_iter().map(|item| from_pb(found, field, item)).collect())
        }
        Some(Kind::StructValue(fields)) => {
            let mut map = Map::new();
            for (name, value) in fields.fields {
                found.no_nul(field, &name);
                let value = from_pb(found, field, value);
                map.insert(name, value);
            }
            Value::Object(map)
        }
    }
}

/// Whole numbers that a double holds exactly are whole in JSON too: `3`, not `3.0`.
fn number(n: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match n.fract() == 0.0 && n.abs() <= EXACT {
        true => Some(Value::from(n as i64)),
        false => Number::from_f64(n).map(Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_goes_there_and_back() {
        let value = json!({"a": 3, "b": -0.5, "c": [true, null, "x"], "d": {"e": ""}});
        let mut found = Violations::default();
        assert_eq!(map_from_pb(&mut found, "custom", map_to_pb(value.clone())), value);
        assert!(found.is_empty());
    }

    #[test]
    fn what_json_or_the_database_cannot_hold_is_named() {
        let mut fields = map_to_pb(json!({"deep": [{"x": "a\u{0}b"}], "": 1}));
        fields.insert("nan".to_owned(), PbValue { kind: Some(Kind::NumberValue(f64::NAN)) });
        let mut found = Violations::default();
        map_from_pb(&mut found, "custom", fields);
        assert_eq!(found.fields(), ["custom.", "custom.deep", "custom.nan"]);
    }

    #[test]
    fn limits_are_limits() {
        let full: Map<String, Value> = (0..64).map(|i| (format!("f{i}"), json!(i))).collect();
        let mut found = Violations::default();
        map_from_pb(&mut found, "custom", map_to_pb(Value::Object(full.clone())));
        assert!(found.is_empty());
        let mut over = full;
        over.insert("one more".to_owned(), json!("x".repeat(limits().custom_bytes)));
        map_from_pb(&mut found, "custom", map_to_pb(Value::Object(over)));
        assert_eq!(found.fields(), ["custom", "custom"]);
    }
}
