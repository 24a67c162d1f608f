//! Comparisons, and membership in lists.

use super::compile::as_text;
use super::literal::{time, whole};
use super::operand::{Compiler, Operand, refuse};
use super::sorted::Sort;
use super::{calculate, ids, json};
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::Problem;
use crate::workflow::cel::ast::{Compare, Expr, ExprKind, Literal};

impl Compiler<'_> {
    pub fn compare(&self, how: Compare, a: &Expr, b: &Expr) -> Result<Sql, Problem> {
        let (left, right) = (self.operand(a)?, self.operand(b)?);
        let symbol = symbol(how);
        if how.is_order() {
            return match ordered(&left, symbol, &right) {
                Some(sql) => Ok(sql),
                None => refuse(a, format!("lists cannot compare these two with {}", how.symbol())),
            };
        }
        match (left.sort, right.sort) {
            (Sort::Id(_) | Sort::IdOrNone(_), Sort::Text) => shown(how, left, right, a),
            (Sort::Text, Sort::Id(_) | Sort::IdOrNone(_)) => shown(how, right, left, b),
            (Sort::Display, Sort::Text) if right.literal.is_some() => shown(how, left, right, a),
            (Sort::Text, Sort::Display) if left.literal.is_some() => shown(how, right, left, b),
            (Sort::IdOrNone(one), Sort::IdOrNone(other) | Sort::Id(other)) | (Sort::Id(one), Sort::IdOrNone(other))
                if one == other =>
            {
                let same = if how == Compare::Equal { " IS NOT DISTINCT FROM " } else { " IS DISTINCT FROM " };
                Ok(sql![left.sql, same, right.sql])
            }
            (Sort::Json | Sort::Words, _) | (_, Sort::Json | Sort::Words) => {
                Ok(sql![as_json(left, a)?, symbol, as_json(right, b)?])
            }
            (Sort::Bool, Sort::Bool) => Ok(sql![left.sql, symbol, right.sql]),
            _ => match (as_text(&left), as_text(&right)) {
                (Some(left), Some(right)) => Ok(sql![left, symbol, right]),
                _ => match measured(&left, symbol, &right) {
                    Some(sql) => Ok(sql),
                    None => refuse(a, "lists cannot compare these two"),
                },
            },
        }
    }

    pub fn within(&self, item: &Expr, list: &Expr) -> Result<Sql, Problem> {
        let found = self.operand(item)?;
        let plain = !matches!(found.sort, Sort::Bool | Sort::Words | Sort::Number | Sort::Micros | Sort::Duration);
        if plain && let Some(literals) = self.constant_list(list) {
            return among(found, &literals, list);
        }
        if let ExprKind::List(items) = &list.kind {
            if items.is_empty() {
                return Ok(json::never(found.sql));
            }
            let each = items.iter().map(|one| self.compare(Compare::Equal, item, one));
            return Ok(sql!["(", Sql::join(each.collect::<Result<Vec<_>, _>>()?, " OR "), ")"]);
        }
        let place = self.operand(list)?;
        let text = as_text(&found);
        match (place.sort, found.sort, text) {
            (Sort::Words, Sort::Json, _) => Ok(sql!["(", json::key_if_text(place.sql, found.sql), ")"]),
            (Sort::Words, _, Some(text)) => Ok(json::key(place.sql, text)),
            (Sort::Json, Sort::Json, _) if found.literal.is_none() => {
                Ok(json::contains(place.sql, found.sql, json::Item::Any))
            }
            (Sort::Json, sort, text) => {
                let kind = if text.is_some() && sort != Sort::Json { json::Item::Text } else { json::Item::Scalar };
                Ok(json::contains(place.sql, as_json(found, item)?, kind))
            }
            _ => refuse(list, "lists cannot look into this"),
        }
    }
}

/// Two values that have an order.
fn ordered(left: &Operand, symbol: &'static str, right: &Operand) -> Option<Sql> {
    match (left.sort, right.sort) {
        (Sort::Json, Sort::Json) => Some(json::ordered(left.sql.clone(), symbol, right.sql.clone())),
        (Sort::Json, Sort::Int | Sort::Double | Sort::Number) => {
            Some(sql!["(", json::as_number(left.sql.clone()), ")", symbol, right.sql.clone()])
        }
        (Sort::Int | Sort::Double | Sort::Number, Sort::Json) => {
            Some(sql![left.sql.clone(), symbol, "(", json::as_number(right.sql.clone()), ")"])
        }
        _ => match (as_text(left), as_text(right)) {
            // Characters by their numbers, as CEL orders them, whatever the database's collation.
            (Some(left), Some(right)) => Some(sql!["(", left, ") COLLATE \"C\"", symbol, "(", right, ")"]),
            _ => measured(left, symbol, right),
        },
    }
}

/// Numbers, times and lengths of time.
fn measured(left: &Operand, symbol: &'static str, right: &Operand) -> Option<Sql> {
    let (a, b) = (left.sql.clone(), right.sql.clone());
    match (left.sort, right.sort) {
        (Sort::Int | Sort::Double | Sort::Number, Sort::Int | Sort::Double | Sort::Number)
        | (Sort::Time, Sort::Time)
        | (Sort::Micros, Sort::Micros)
        | (Sort::Duration, Sort::Duration) => Some(sql![a, symbol, b]),
        (Sort::Time, Sort::Micros) => Some(sql![calculate::micros(left), symbol, b]),
        (Sort::Micros, Sort::Time) => Some(sql![a, symbol, calculate::micros(right)]),
        _ => None,
    }
}

fn symbol(how: Compare) -> &'static str {
    match how {
        Compare::Equal => " = ",
        Compare::NotEqual => " <> ",
        Compare::Less => " < ",
        Compare::LessOrEqual => " <= ",
        Compare::Greater => " > ",
        Compare::GreaterOrEqual => " >= ",
    }
}

/// An id or a display number beside a text.
fn shown(how: Compare, field: Operand, text: Operand, at: &Expr) -> Result<Sql, Problem> {
    let Some(Literal::Text(text)) = &text.literal else {
        return refuse(at, "lists can only compare this with a text that is written out");
    };
    let equal = ids::among(field.sql, field.sort, &[text]);
    Ok(if how == Compare::NotEqual { sql!["NOT (", equal, ")"] } else { equal })
}

fn as_json(operand: Operand, expr: &Expr) -> Result<Sql, Problem> {
    match (operand.literal.as_ref().and_then(json::of_literal), operand.sort) {
        (Some(value), _) => Ok(Sql::from(Bind::Json(value))),
        (None, Sort::Json | Sort::Words) => Ok(operand.sql),
        (None, Sort::Text | Sort::Int | Sort::Double | Sort::Number | Sort::Bool) => {
            Ok(sql!["to_jsonb(", operand.sql, ")"])
        }
        (None, _) => refuse(expr, "lists cannot compare this with a value out of a map"),
    }
}

/// Whether the value is one of `all`: one array, so that the statement is the same for any number of them.
fn among(found: Operand, all: &[Literal], list: &Expr) -> Result<Sql, Problem> {
    let texts: Vec<&str> =
        all.iter().filter_map(|l| if let Literal::Text(t) = l { Some(t.as_str()) } else { None }).collect();
    if texts.iter().any(|text| text.contains('\0')) {
        return refuse(list, "no text holds U+0000");
    }
    let array = match found.sort {
        Sort::Id(_) | Sort::IdOrNone(_) | Sort::Display => return Ok(ids::among(found.sql, found.sort, &texts)),
        Sort::Text => Bind::Texts(texts.iter().map(|text| (*text).to_owned()).collect()),
        Sort::Int => Bind::Ints(all.iter().filter_map(as_whole).collect()),
        Sort::Double => Bind::Doubles(all.iter().filter_map(as_double).collect()),
        Sort::Time => {
            Bind::Times(all.iter().filter_map(|l| if let Literal::Time(t) = l { time(*t) } else { None }).collect())
        }
        Sort::Json => Bind::Jsons(all.iter().filter_map(json::of_literal).collect()),
        Sort::Bool | Sort::Words | Sort::Number | Sort::Micros | Sort::Duration => {
            return refuse(list, "lists cannot look into this");
        }
    };
    // Of nothing `= ANY` is false, also for what has no value.
    let never = json::never(found.sql.clone());
    Ok(if array.is_empty() { never } else { sql![found.sql, " = ANY(", array, ")"] })
}

/// A number with a fraction is no whole one.
fn as_whole(literal: &Literal) -> Option<i64> {
    match literal {
        Literal::Int(i) => Some(*i),
        Literal::Double(d) => whole(*d),
        _ => None,
    }
}

fn as_double(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Int(i) => Some(*i as f64),
        Literal::Double(d) => Some(*d),
        _ => None,
    }
}
