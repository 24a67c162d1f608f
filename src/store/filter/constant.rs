//! What is written out, or follows from what is: computed here, once, by the evaluator itself.

use super::column::Sort;
use super::compile::{Compiler, Operand, refuse};
use super::json;
use crate::model::time::Instant;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::cel::ast::{Expr, Kind, Literal};
use crate::workflow::cel::{self, Value};
use crate::workflow::schema::Type;
use crate::workflow::{Facts, Problem};

impl Compiler<'_> {
    /// The literals that an expression amounts to, and whether it is a list of them. `None`: it depends on the row.
    fn literals(&self, expr: &Expr) -> Option<Known> {
        if !expr.is_constant(self.locals.len()) {
            return None;
        }
        match cel::evaluate(expr, &Facts::at(self.now, "")) {
            Err(_) => Some(Known::Fault),
            Ok(value) => match value.items() {
                None => literal(value).map(Known::One),
                Some(items) => items.into_iter().map(literal).collect::<Option<Vec<_>>>().map(Known::List),
            },
        }
    }

    /// The value of an expression that reads no row. `None`: it reads one, or is a list.
    pub fn constant(&self, expr: &Expr) -> Option<Result<Literal, Fault>> {
        match self.literals(expr)? {
            Known::Fault => Some(Err(Fault)),
            Known::One(literal) => Some(Ok(literal)),
            Known::List(_) => None,
        }
    }

    /// The items of a list that reads no row.
    pub fn constant_list(&self, expr: &Expr) -> Option<Vec<Literal>> {
        match self.literals(expr)? {
            Known::List(all) => Some(all),
            Known::One(_) | Known::Fault => None,
        }
    }

    /// The operand of an expression that reads no row. `None`: it reads one.
    pub(super) fn known(&self, expr: &Expr) -> Option<Result<Operand, Problem>> {
        Some(match self.literals(expr)? {
            Known::Fault => nothing(expr),
            Known::One(literal) => of_literal(literal, expr),
            Known::List(all) => match all.iter().map(json::of_literal).collect::<Option<Vec<_>>>() {
                Some(_) if all.iter().any(has_nul) => refuse(expr, "no text holds U+0000"),
                Some(all) => Ok(Operand::of(Sql::from(Bind::Json(all.into())), Sort::Json)),
                None => {
                    return matches!(expr.kind, Kind::List(_)).then(|| refuse(expr, "lists cannot compare this list"));
                }
            },
        })
    }
}

/// It has no value, whatever the row.
pub struct Fault;

enum Known {
    One(Literal),
    List(Vec<Literal>),
    Fault,
}

fn literal(value: Value<'_>) -> Option<Literal> {
    Some(match value {
        Value::Null => Literal::Null,
        Value::Bool(b) => Literal::Bool(b),
        Value::Int(i) => Literal::Int(i),
        Value::Double(d) => Literal::Double(d),
        Value::Text(t) => Literal::Text(t.into_owned()),
        Value::Time(t) => Literal::Time(t),
        Value::Duration(d) => Literal::Duration(d),
        Value::Texts(_) | Value::Names(_) | Value::List(_) | Value::Json(_) => return None,
    })
}

fn has_nul(literal: &Literal) -> bool {
    matches!(literal, Literal::Text(text) if text.contains('\0'))
}

fn of_literal(literal: Literal, expr: &Expr) -> Result<Operand, Problem> {
    let (sql, sort) = match &literal {
        Literal::Null => (Sql::from("'null'::jsonb"), Sort::Json),
        Literal::Bool(b) => (Sql::from(if *b { "TRUE" } else { "FALSE" }), Sort::Bool),
        Literal::Int(i) => (Sql::from(Bind::Int(*i)), Sort::Int),
        Literal::Double(d) => number(*d, expr)?,
        Literal::Text(t) => (text(t, expr)?, Sort::Text),
        Literal::Time(t) => match time(*t) {
            Some(t) => (Sql::from(Bind::Time(t)), Sort::Time),
            None => (Sql::from(Bind::Int(t.0)), Sort::Micros),
        },
        Literal::Duration(d) => (Sql::from(Bind::Int(*d)), Sort::Duration),
    };
    Ok(Operand { sql, sort, literal: Some(literal) })
}

/// Numbers are compared as what they are worth, which a double is not told exactly: a column of whole numbers beside one
/// would be rounded to doubles.
fn number(double: f64, expr: &Expr) -> Result<(Sql, Sort), Problem> {
    if let Some(whole) = whole(double) {
        return Ok((Sql::from(Bind::Int(whole)), Sort::Int));
    }
    if !double.is_finite() {
        return refuse(expr, "this is no number");
    }
    Ok((sql!["CAST(", Bind::Text(format!("{double:e}")), " AS numeric)"], Sort::Number))
}

/// A double without a fraction, as a whole number, where it is one.
pub fn whole(double: f64) -> Option<i64> {
    let in_range = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&double);
    (in_range && double.fract() == 0.0).then_some(double as i64)
}

/// PostgreSQL keeps no U+0000 in text, and refuses to be asked for one.
pub fn text(text: &str, expr: &Expr) -> Result<Sql, Problem> {
    if text.contains('\0') {
        return refuse(expr, "no text holds U+0000");
    }
    Ok(Sql::from(Bind::Text(text.to_owned())))
}

/// PostgreSQL's years begin in 4713 BC: what lies before is a number of microseconds only.
const FIRST: Instant = Instant(-210_866_803_200_000_000);

/// A time as PostgreSQL can hold it.
pub fn time(time: Instant) -> Option<Instant> {
    (time >= FIRST).then_some(time)
}

/// What has no value, of the type that it would have.
fn nothing(expr: &Expr) -> Result<Operand, Problem> {
    let (sql, sort) = match expr.ty {
        Type::Bool => ("NULL::boolean", Sort::Bool),
        Type::Int => ("NULL::bigint", Sort::Int),
        Type::Double => ("NULL::numeric", Sort::Number),
        Type::Text | Type::Enum(_) | Type::Event => ("NULL::text", Sort::Text),
        Type::Time => ("NULL::timestamptz", Sort::Time),
        Type::Duration => ("NULL::bigint", Sort::Duration),
        Type::Any | Type::Null | Type::Map | Type::List(_) => ("NULL::jsonb", Sort::Json),
        Type::Object(_) | Type::Changes | Type::Change(_) => return refuse(expr, "this has no value"),
    };
    Ok(Operand::of(Sql::from(sql), sort))
}
