//! Constant expressions, computed once by the evaluator.

use super::json;
use super::literal::{has_nul, operand};
use super::operand::{Compiler, Operand, refuse};
use super::sorted::Sort;
use crate::store::sql::{Bind, Sql};
use crate::workflow::cel::ast::{Expr, ExprKind, Literal};
use crate::workflow::cel::{self, Value};
use crate::workflow::schema::Type;
use crate::workflow::{Facts, Problem};

impl Compiler<'_> {
    /// The literals that an expression amounts to, and whether it is a list of them. `None`: it depends on the row.
    fn literals(&self, expr: &Expr) -> Option<Constant> {
        if !expr.is_constant(self.locals.len()) {
            return None;
        }
        match cel::evaluate(expr, &Facts::at(self.now, "")) {
            Err(_) => Some(Constant::Fault),
            Ok(value) => match value.items() {
                None => literal(value).map(Constant::One),
                Some(items) => items.into_iter().map(literal).collect::<Option<Vec<_>>>().map(Constant::List),
            },
        }
    }

    /// The value of an expression that reads no row. `None`: it reads one, or is a list.
    pub fn constant(&self, expr: &Expr) -> Option<Result<Literal, Fault>> {
        match self.literals(expr)? {
            Constant::Fault => Some(Err(Fault)),
            Constant::One(literal) => Some(Ok(literal)),
            Constant::List(_) => None,
        }
    }

    /// The items of a list that reads no row.
    pub fn constant_list(&self, expr: &Expr) -> Option<Vec<Literal>> {
        match self.literals(expr)? {
            Constant::List(all) => Some(all),
            Constant::One(_) | Constant::Fault => None,
        }
    }

    /// The operand of an expression that reads no row. `None`: it reads one.
    pub(super) fn known(&self, expr: &Expr) -> Option<Result<Operand, Problem>> {
        Some(match self.literals(expr)? {
            Constant::Fault => nothing(expr),
            Constant::One(literal) => operand(literal, expr),
            Constant::List(all) => match all.iter().map(json::of_literal).collect::<Option<Vec<_>>>() {
                Some(_) if all.iter().any(has_nul) => refuse(expr, "no text holds U+0000"),
                Some(all) => Ok(Operand::of(Sql::from(Bind::Json(all.into())), Sort::Json)),
                None => {
                    return matches!(expr.kind, ExprKind::List(_))
                        .then(|| refuse(expr, "lists cannot compare this list"));
                }
            },
        })
    }
}

/// It has no value, whatever the row.
pub struct Fault;

enum Constant {
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
        Value::Texts(_) | Value::Types(_) | Value::List(_) | Value::Json(_) => return None,
    })
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
