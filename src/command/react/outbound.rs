//! Activities that rules make for others: custom events, and what they hand out.

use serde_json::{Value, json};

use crate::command::record::Note;
use crate::command::{Refusal, limits};
use crate::model::activity_type::ActivityType;
use crate::model::limits::{ID_CHARS, NAME_CHARS, RULE_DATA_BYTES, RULE_DATA_DEPTH};
use crate::model::stored_type::StoredType;
use crate::workflow::{Briefing, CustomEvent, Delivery};

pub fn emitted(CustomEvent { kind, data }: CustomEvent) -> Result<Note, Refusal> {
    let data = bounded("data", Value::Object(data))?;
    Ok(Note { data: Some(data), ..Note::of(StoredType::from(kind.as_str())) })
}

pub fn delivered(Delivery { endpoint, payload }: Delivery) -> Result<Note, Refusal> {
    let endpoint = limits::line("endpoint", &endpoint, NAME_CHARS)?;
    let payload = bounded("payload", payload)?;
    Ok(dispatched(json!({ "action": "webhook", "endpoint": endpoint, "payload": payload })))
}

pub fn briefed(Briefing { agent, prompt }: Briefing) -> Result<Note, Refusal> {
    let agent = limits::line("agent", &agent, ID_CHARS)?;
    limits::required("prompt", &prompt, limits::limits().text_bytes)?;
    Ok(dispatched(json!({ "action": "dispatch_agent", "agent": agent, "prompt": prompt })))
}

fn dispatched(data: Value) -> Note {
    Note { data: Some(data), ..Note::of(ActivityType::WorkflowDispatched) }
}

/// Refuses what would make an activity too large, or so deep that clients cannot decode it.
fn bounded(field: &str, data: Value) -> Result<Value, Refusal> {
    if depth(&data) > RULE_DATA_DEPTH {
        return Err(Refusal::field(field, format!("must be at most {RULE_DATA_DEPTH} maps and lists deep")));
    }
    if data.to_string().len() > RULE_DATA_BYTES {
        return Err(Refusal::field(field, format!("must have at most {RULE_DATA_BYTES} bytes")));
    }
    Ok(data)
}

/// How many maps and lists stand in each other.
fn depth(data: &Value) -> usize {
    match data {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
