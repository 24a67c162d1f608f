//! Values from maps: jsonb whose type is known only at run time.

use super::fence::{once, twice};
use crate::store::sql::{Sql, sql};
use crate::workflow::cel::ast::Literal;
use serde_json::Value;

/// The text of a JSON string; NULL for anything else.
pub fn as_text(json: Sql) -> Sql {
    once(json, |it| sql!["CASE WHEN jsonb_typeof(", it.clone(), ") = 'string' THEN ", it, " #>> '{}' END"])
}

/// A JSON string as tags compare; anything else as it is.
pub fn folded(json: Sql) -> Sql {
    once(json, |it| {
        let text = sql!["to_jsonb(docket_fold(", it.clone(), " #>> '{}'))"];
        sql!["CASE WHEN jsonb_typeof(", it.clone(), ") = 'string' THEN ", text, " ELSE ", it, " END"]
    })
}

/// The worth of a JSON number; NULL for anything else.
pub fn as_number(json: Sql) -> Sql {
    once(json, |it| sql!["CASE WHEN jsonb_typeof(", it.clone(), ") = 'number' THEN ", it, "::numeric END"])
}

/// A JSON number that is whole as it is written, and in range; NULL for anything else.
pub fn as_int(json: Sql) -> Sql {
    once(json, |it| {
        sql![
            "CASE WHEN jsonb_typeof(",
            it.clone(),
            ") <> 'number' THEN NULL WHEN scale(",
            it.clone(),
            "::numeric) = 0 AND ",
            it.clone(),
            "::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ",
            it,
            "::bigint END"
        ]
    })
}

/// NULL for anything but true and false.
pub fn as_bool(json: Sql) -> Sql {
    once(json, |it| sql!["CASE WHEN jsonb_typeof(", it.clone(), ") = 'boolean' THEN ", it, "::boolean END"])
}

/// Whether something is there that is neither null nor ''.
pub fn has(json: Sql) -> Sql {
    sql!["coalesce(", json, " NOT IN ('null'::jsonb, '\"\"'::jsonb), FALSE)"]
}

/// Characters of a string, items of a list, keys of a map; NULL for anything else.
pub fn size(json: Sql) -> Sql {
    once(json, |it| {
        sql![
            "CASE jsonb_typeof(",
            it.clone(),
            ") WHEN 'string' THEN length(",
            it.clone(),
            " #>> '{}') WHEN 'array' THEN jsonb_array_length(",
            it.clone(),
            ") WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys(",
            it,
            ")) END"
        ]
    })
}

/// The order of two values of one kind: numbers, strings by the numbers of their characters, false before true.
pub fn ordered(a: Sql, symbol: &'static str, b: Sql) -> Sql {
    twice(a, b, |a, b| {
        let both = |kind| sql!["jsonb_typeof(", a.clone(), ") = ", kind, " AND jsonb_typeof(", b.clone(), ") = ", kind];
        sql![
            "CASE WHEN ",
            both("'number'"),
            " THEN ",
            a.clone(),
            "::numeric",
            symbol,
            b.clone(),
            "::numeric WHEN ",
            both("'string'"),
            " THEN (",
            a.clone(),
            " #>> '{}') COLLATE \"C\"",
            symbol,
            "(",
            b.clone(),
            " #>> '{}') WHEN ",
            both("'boolean'"),
            " THEN ",
            a.clone(),
            "::boolean",
            symbol,
            b.clone(),
            "::boolean END"
        ]
    })
}

/// What an item is when it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    Text,
    /// Neither text, nor a list or a map.
    Scalar,
    Any,
}

/// Whether `item`, as JSON, is an item of a JSON list or a key of a JSON map; NULL where `list` is neither.
pub fn contains(list: Sql, item: Sql, kind: Item) -> Sql {
    twice(list, item, |list, item| {
        let (is_item, is_key) = match kind {
            Item::Text => (holds(list.clone(), item.clone()), key(list.clone(), sql![item.clone(), " #>> '{}'"])),
            Item::Scalar => (holds(list.clone(), item.clone()), never(item.clone())),
            Item::Any => (holds_any(list.clone(), item.clone()), key_if_text(list.clone(), item.clone())),
        };
        sql!["CASE jsonb_typeof(", list, ") WHEN 'array' THEN ", is_item, " WHEN 'object' THEN ", is_key, " END"]
    })
}

/// Whether what is no list and no map is an item of a JSON list.
fn holds(list: Sql, scalar: Sql) -> Sql {
    sql![list, " @> ", scalar]
}

/// The same of JSON of any kind: as an item of its own, not as a part of one.
fn holds_any(list: Sql, item: Sql) -> Sql {
    let items = sql!["jsonb_array_elements(", list, ") AS e(item)"];
    sql!["CASE WHEN ", item.clone(), " IS NOT NULL THEN EXISTS (SELECT FROM ", items, " WHERE e.item = ", item, ") END"]
}

/// Whether a text is a key of a JSON map, or an item of a JSON list of texts.
pub fn key(json: Sql, key: Sql) -> Sql {
    // A function, since an operator with a question mark reads as a parameter to some tools in between.
    sql!["jsonb_exists(", json, ", ", key, ")"]
}

/// The same of JSON that may be of any kind: what is no text is none; NULL where there is nothing.
pub fn key_if_text(json: Sql, item: Sql) -> Sql {
    sql!["jsonb_typeof(", item.clone(), ") = 'string' AND ", key(json, as_text(item))]
}

/// False; NULL where there is nothing.
pub fn never(item: Sql) -> Sql {
    sql!["nullif(", item, " IS NULL, TRUE)"]
}

/// A literal as JSON; `None` for what JSON has no value for. A number without a fraction is written without one: the
/// shortest text of a large double is another number.
pub fn of_literal(literal: &Literal) -> Option<Value> {
    match literal {
        Literal::Null => Some(Value::Null),
        Literal::Bool(b) => Some(Value::Bool(*b)),
        Literal::Int(i) => Some(Value::from(*i)),
        Literal::Double(d) => match super::literal::whole(*d) {
            Some(i) => Some(Value::from(i)),
            None => serde_json::Number::from_f64(*d).map(Value::Number),
        },
        Literal::Text(t) => Some(Value::String(t.clone())),
        Literal::Time(_) | Literal::Duration(_) => None,
    }
}
