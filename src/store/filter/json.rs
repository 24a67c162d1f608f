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

/// `is_item` of a JSON list, `is_key` of a JSON map; NULL for anything else.
pub fn contains(json: Sql, is_item: Sql, is_key: Sql) -> Sql {
    sql!["CASE jsonb_typeof(", json, ") WHEN 'array' THEN ", is_item, " WHEN 'object' THEN ", is_key, " END"]
}

/// Whether what is no list and no map is an item of a JSON list.
pub fn holds(list: Sql, scalar: Sql) -> Sql {
    sql![list, " @> ", scalar]
}

/// The same of JSON of any kind: as an item of its own, not as a part of one.
pub fn holds_any(list: Sql, item: Sql) -> Sql {
    let items = sql!["jsonb_array_elements(", list, ") AS e(item)"];
    sql!["CASE WHEN ", item.clone(), " IS NOT NULL THEN EXISTS (SELECT FROM ", items, " WHERE e.item = ", item, ") END"]
}

/// Whether a text is a key of a JSON map, or an item of a JSON list of texts.
pub fn exists(json: Sql, key: Sql) -> Sql {
    // A function, since an operator with a question mark reads as a parameter to some tools in between.
    sql!["jsonb_exists(", json, ", ", key, ")"]
}

/// The same of JSON that may be of any kind: what is no text is none; NULL where there is nothing.
pub fn exists_if_text(json: Sql, item: Sql) -> Sql {
    sql!["jsonb_typeof(", item.clone(), ") = 'string' AND ", exists(json, as_text(item))]
}

/// False; NULL where there is nothing.
pub fn never(item: Sql) -> Sql {
    sql!["nullif(", item, " IS NULL, TRUE)"]
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
