//! JSON Schema of a rule, for editors: made of the keys, words and events that the grammar reads.

use serde_json::{Map, Value as Json, json};

use super::actions::{ACTIONS, ANY_CUSTOM};
use super::event;
use super::form::{Key, Takes};
use super::grammar::{KEYS, STEP_KEYS, TRIGGERS};
use super::schema::Enumeration;

/// Of one document of a file.
pub fn schema() -> Json {
    let mut schema = object(KEYS);
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("Docket workflow rule"));
    schema.insert("anyOf".into(), json!([{ "required": ["on"] }, { "required": ["triggers"] }]));
    schema.insert("$defs".into(), json!({ "step": step(), "wait": wait(), "condition": condition() }));
    Json::Object(schema)
}

fn object(keys: &[Key]) -> Map<String, Json> {
    let (mut properties, mut patterns) = (Map::new(), Map::new());
    for key in keys {
        let mut value = value(&key.takes);
        value.insert("description".into(), json!(key.about));
        match key.name {
            ANY_CUSTOM => patterns.insert("^custom[.].+$".into(), Json::Object(value)),
            name => properties.insert(name.to_owned(), Json::Object(value)),
        };
    }
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut object = map(json!({ "type": "object", "properties": properties, "additionalProperties": false }));
    if !patterns.is_empty() {
        object.insert("patternProperties".into(), Json::Object(patterns));
    }
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    object
}

fn value(takes: &Takes) -> Map<String, Json> {
    map(match takes {
        Takes::Text => json!({ "type": "string" }),
        Takes::Texts => one_or_more(json!({ "type": "string" })),
        Takes::Conditions => one_or_more(json!({ "$ref": "#/$defs/condition" })),
        Takes::Bool => json!({ "type": "boolean" }),
        Takes::Whole { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Takes::Word(words) => word(words),
        Takes::Choice(words) => json!({ "enum": words() }),
        Takes::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        Takes::Json => json!({}),
        Takes::Labels => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[a-z][a-z0-9_]{0,62}$" },
            "additionalProperties": { "type": "string" },
        }),
        Takes::Keys(keys) => Json::Object(object(keys)),
        Takes::OneOf(all) => json!({ "anyOf": all.iter().map(value).collect::<Vec<_>>() }),
        Takes::Waits => one_or_more(json!({ "$ref": "#/$defs/wait" })),
        Takes::Steps => json!({ "type": "array", "items": { "$ref": "#/$defs/step" } }),
        Takes::Variables => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[a-z][a-z0-9_]{0,62}$" },
            "additionalProperties": { "$ref": "#/$defs/condition" },
        }),
    })
}

fn map(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        other => Map::from_iter([("const".to_owned(), other)]),
    }
}

fn one_or_more(item: Json) -> Json {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

/// CEL is text; only a plain `true` or `false` is none.
fn condition() -> Json {
    json!({ "type": ["string", "boolean"], "description": "A condition in CEL." })
}

/// The stored words come first, for completion; small letters and spaces are read, too.
fn word(words: &Enumeration) -> Json {
    let mut all: Vec<String> = words.words.iter().map(|word| (*word).to_owned()).collect();
    for word in words.words {
        let small = word.to_lowercase();
        all.extend([small.replace('_', " "), small].into_iter().filter(|one| !all.contains(one)).collect::<Vec<_>>());
    }
    all.dedup();
    json!({ "anyOf": [{ "enum": all }, { "type": "string", "pattern": "[$][{]" }] })
}

fn wait() -> Json {
    let events: Vec<&str> = event::names().collect();
    let mut all = vec![json!({ "enum": events }), json!({ "type": "string", "pattern": "^custom[.].+$" })];
    all.extend(TRIGGERS.iter().map(|(_, keys)| Json::Object(object(keys))));
    json!({ "anyOf": all })
}

/// Exactly one action, and what may stand beside it.
fn step() -> Json {
    let mut step = object(STEP_KEYS);
    let mut properties = match step.remove("properties") {
        Some(Json::Object(properties)) => properties,
        _ => Map::new(),
    };
    for action in ACTIONS {
        let mut form = object(action.form());
        form.insert("description".into(), json!(action.about()));
        form.insert("minProperties".into(), json!(1));
        properties.insert(action.name().to_owned(), Json::Object(form));
    }
    let one: Vec<Json> = ACTIONS.iter().map(|action| json!({ "required": [action.name()] })).collect();
    step.insert("properties".into(), Json::Object(properties));
    step.insert("oneOf".into(), Json::Array(one));
    Json::Object(step)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_one_beside_the_shipped_rules_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows/schema.json");
        let checked_in: Json = serde_json::from_str(&std::fs::read_to_string(path).expect("is there")).expect("JSON");
        assert_eq!(checked_in, schema(), "run `docket workflow schema > workflows/schema.json`");
    }

    #[test]
    fn every_shipped_rule_names_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
        let sources = crate::workflow::RuleSet::read_dir(&folder).expect("reads");
        for (file, source) in sources {
            assert_eq!(source.lines().next(), Some("# yaml-language-server: $schema=schema.json"), "{file}");
        }
    }
}
