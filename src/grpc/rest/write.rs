//! A message as the JSON that people read: the contract's field names, bare words (`OPEN`), every field that has a value or
//! a default, 64-bit numbers as texts, times in RFC 3339. Otherwise as proto3 JSON.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage, SerializeOptions};
use serde_json::Value;

use super::schema::PACKAGE;
use super::words::bare;

pub fn json(message: &DynamicMessage) -> Result<Value, serde_json::Error> {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    let mut value = message.serialize_with_options(serde_json::value::Serializer, &options)?;
    bare_words(&message.descriptor(), &mut value);
    whole_numbers(&mut value);
    Ok(value)
}

/// What a Struct holds is a double on the wire; people wrote 5, not 5.0.
fn whole_numbers(value: &mut Value) {
    /// Up to here each whole number is a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT).map(|n| n as i64);
            if let Some(whole) = whole {
                *value = Value::from(whole);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

fn bare_words(descriptor: &MessageDescriptor, value: &mut Value) {
    let Value::Object(fields) = value else { return };
    if descriptor.package_name() != PACKAGE {
        return;
    }
    for field in descriptor.fields() {
        let Some(value) = fields.get_mut(field.name()) else { continue };
        let kind = match field.kind() {
            Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
            kind => kind,
        };
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| bare_word(&kind, item)),
            Value::Object(entries) if field.is_map() => entries.values_mut().for_each(|item| bare_word(&kind, item)),
            single => bare_word(&kind, single),
        }
    }
}

fn bare_word(kind: &Kind, value: &mut Value) {
    match (kind, &mut *value) {
        (Kind::Enum(words), Value::String(name)) => *name = bare(words, name).to_owned(),
        (Kind::Message(message), _) => bare_words(message, value),
        _ => {}
    }
}
