//! Values out of maps: jsonb whose kind is known only when it is read.

use crate::store::sql::{Sql, sql};
use crate::workflow::cel::ast::Literal;
use serde_json::Value;

/// The text of a JSON string; NULL for anything else.
pub fn as_text(json: Sql) -> Sql {
    sql!["CASE WHEN jsonb_typeof(", json.clone(), ") = 'string' THEN ", json, " #>> '{}' END"]
}

/// The worth of a JSON number; NULL for anything else.
pub fn as_number(json: Sql) -> Sql {
    sql!["CASE WHEN jsonb_typeof(", json.clone(), ") = 'number' THEN ", json, "::numeric END"]
}

/// NULL for anything but true and false.
pub fn as_bool(json: Sql) -> Sql {
    sql!["CASE WHEN jsonb_typeof(", json.clone(), ") = 'boolean' THEN ", json, "::boolean END"]
}

/// Whether something is there that is neither null nor ''.
pub fn has(json: Sql) -> Sql {
    sql!["coalesce(", json, " NOT IN ('null'::jsonb, '\"\"'::jsonb), FALSE)"]
}

/// Whether `item` is in a JSON list, or `key` a key of a JSON map; NULL where `json` is neither.
pub fn contains(json: Sql, item: Sql, key: Option<Sql>) -> Sql {
    let mut case = sql!["CASE jsonb_typeof(", json.clone(), ") WHEN 'array' THEN ", json.clone(), " @> ", item];
    if let Some(key) = key {
        case.push(sql![" WHEN 'object' THEN jsonb_exists(", json, ", ", key, ")"]);
    }
    case.push(" END");
    case
}

/// A literal as JSON; `None` for what JSON has no value for.
pub fn of_literal(literal: &Literal) -> Option<Value> {
    match literal {
        Literal::Null => Some(Value::Null),
        Literal::Bool(b) => Some(Value::Bool(*b)),
        Literal::Int(i) => Some(Value::from(*i)),
        Literal::Double(d) => serde_json::Number::from_f64(*d).map(Value::Number),
        Literal::Text(t) => Some(Value::String(t.clone())),
        Literal::Time(_) | Literal::Duration(_) => None,
    }
}
