//! `update_mask`, given or implied: an update without one changes the fields that it contains.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, Value as Reflected};
use serde_json::{Map, Value};

use super::alias;
use super::schema::{named, resource};
use super::words::{fold, violation};
use crate::command::refusal::Violation;

const FIELD: &str = "update_mask";
/// google.api.FieldBehavior.OUTPUT_ONLY.
const OUTPUT_ONLY: i32 = 3;

/// The mask that was written, with the contract's names; a text of paths with commas, or a list of them.
pub fn take(
    request: &MessageDescriptor,
    written: &mut Map<String, Value>,
    found: &mut Vec<Violation>,
) -> Option<Vec<String>> {
    request.get_field_by_name(FIELD)?;
    let key = written.keys().find(|key| fold(key) == fold(FIELD))?.clone();
    let paths: Vec<String> = match written.remove(&key)? {
        Value::String(text) => text.split(',').map(|path| path.trim().to_owned()).collect(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => {
            found.push(violation(FIELD, "must be paths with commas, or a list of them".into()));
            return None;
        }
    };
    let about = resource(request).map(|(_, about)| about);
    Some(paths.into_iter().filter(|path| !path.is_empty()).map(|path| contract_path(about.as_ref(), &path)).collect())
}

/// `assigneeId` as `assignee_id`; what no field has stays as it is, for the server to name.
fn contract_path(about: Option<&MessageDescriptor>, path: &str) -> String {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let field = about.and_then(|about| {
        let other = alias::find(about.name(), first, &Value::Null).and_then(|a| about.get_field_by_name(a.field));
        other.or_else(|| named(about, first))
    });
    let first = field.map_or_else(|| first.to_owned(), |field| field.name().to_owned());
    rest.map_or(first.clone(), |rest| format!("{first}.{rest}"))
}

/// The fields that a tidied request writes, where it has a mask at all. Of a map, each key by itself.
pub fn of(request: &MessageDescriptor, tidied: &Map<String, Value>) -> Option<Vec<String>> {
    request.get_field_by_name(FIELD)?;
    let (into, about) = resource(request)?;
    let mut paths = Vec::new();
    for (name, value) in tidied.get(into.name())?.as_object()? {
        let Some(field) = about.get_field_by_name(name) else { continue };
        match value.as_object() {
            _ if matches!(name.as_str(), "id" | "etag") || output_only(&field) => {}
            Some(entries) if field.is_map() => paths.extend(entries.keys().map(|key| format!("{name}.{key}"))),
            _ => paths.push(name.clone()),
        }
    }
    Some(paths)
}

pub fn set(message: &mut DynamicMessage, paths: Vec<String>) {
    if let Some(Reflected::Message(mask)) = message.get_field_by_name_mut(FIELD) {
        let paths = paths.into_iter().map(Reflected::String).collect();
        mask.set_field_by_name("paths", Reflected::List(paths));
    }
}

/// Whether the server writes the field, and nobody else.
pub fn output_only(field: &FieldDescriptor) -> bool {
    let pool = field.parent_pool();
    let Some(behavior) = pool.get_extension_by_name("google.api.field_behavior") else { return false };
    let options = field.options();
    let found = options.get_extension(&behavior);
    found.as_list().is_some_and(|values| values.iter().any(|value| value.as_enum_number() == Some(OUTPUT_ONLY)))
}
