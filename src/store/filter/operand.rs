//! The compiler's state, and SQL operands.

use super::sorted::Sort;
use crate::model::time::Instant;
use crate::store::audience::Audience;
use crate::store::sql::Sql;
use crate::workflow::Problem;
use crate::workflow::cel::ast::{Expr, Literal};

/// Walks a checked expression. Each file beside this one has the methods for a sort of expressions.
#[derive(Clone)]
pub(super) struct Compiler<'a> {
    pub audience: &'a Audience,
    pub now: Instant,
    /// How the variables of the comprehensions around are compared, outermost first.
    pub locals: Vec<Sort>,
}

/// SQL for a value.
pub(super) struct Operand {
    pub sql: Sql,
    pub sort: Sort,
    /// Where it is written out.
    pub literal: Option<Literal>,
}

impl Operand {
    pub fn of(sql: Sql, sort: Sort) -> Operand {
        Operand { sql, sort, literal: None }
    }
}

pub(super) fn refuse<T>(expr: &Expr, message: impl Into<String>) -> Result<T, Problem> {
    let hint = "lists take fields, literals, now, == != < <= > >= in && || ! ?:, has(), startsWith(), endsWith(), contains(), \
                lower(), size(), exists(), all(), exists_one(), and + - * / % of whole numbers, times and durations";
    Err(Problem::error("unsupported", expr.at, message, hint))
}
