//! Literals in SQL.

use super::operand::{Operand, refuse};
use super::sorted::Sort;
use crate::model::time::Instant;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::Problem;
use crate::workflow::cel::ast::{Expr, Literal};

pub fn has_nul(literal: &Literal) -> bool {
    matches!(literal, Literal::Text(text) if text.contains('\0'))
}

pub(super) fn operand(literal: Literal, expr: &Expr) -> Result<Operand, Problem> {
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
