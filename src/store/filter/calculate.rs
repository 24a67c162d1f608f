//! Arithmetic on integers, times and durations with the evaluator's semantics: exact, and without a value where the
//! result exceeds 64 bits. PostgreSQL's own operators would fail the statement there, so it is done in numeric.

use super::fence::twice;
use super::json;
use super::operand::{Compiler, Operand, refuse};
use super::sorted::Sort;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::Problem;
use crate::workflow::cel::ast::{Arithmetic, Expr, Literal};

const IN_RANGE: &str = " BETWEEN -9223372036854775808 AND 9223372036854775807 THEN (";

impl Compiler<'_> {
    pub fn calculate(&self, how: Arithmetic, a: &Expr, b: &Expr, expr: &Expr) -> Result<Operand, Problem> {
        use Arithmetic::{Add, Subtract};
        let (left, right) = (self.operand(a)?, self.operand(b)?);
        let time = |sort| matches!(sort, Sort::Time | Sort::Micros);
        let number = |sort| matches!(sort, Sort::Int | Sort::Json);
        let sort = match (how, left.sort, right.sort) {
            (_, Sort::Json, Sort::Json) => return refuse(expr, "lists do not calculate with two values out of maps"),
            (_, one, other) if number(one) && number(other) => Sort::Int,
            (Subtract, one, other) if time(one) && time(other) => Sort::Duration,
            (Add | Subtract, one, Sort::Duration) if time(one) => Sort::Micros,
            (Add, Sort::Duration, other) if time(other) => Sort::Micros,
            (Add | Subtract, Sort::Duration, Sort::Duration) => Sort::Duration,
            _ => return refuse(expr, "lists calculate with whole numbers, times and durations only"),
        };
        Ok(Operand::of(exact(how, whole(left), whole(right)), sort))
    }

    pub fn negate(&self, inner: &Expr, expr: &Expr) -> Result<Operand, Problem> {
        let of = self.operand(inner)?;
        match of.sort {
            Sort::Int | Sort::Duration => {
                let sort = of.sort;
                Ok(Operand::of(exact(Arithmetic::Subtract, Sql::from("0"), of.sql), sort))
            }
            _ => refuse(expr, "lists calculate with whole numbers, times and durations only"),
        }
    }
}

/// A time as microseconds since 1970.
pub fn micros(time: &Operand) -> Sql {
    match (&time.literal, time.sort) {
        (Some(Literal::Time(at)), _) => Sql::from(Bind::Int(at.0)),
        (_, Sort::Time) => sql!["(extract(epoch FROM ", time.sql.clone(), ") * 1000000)::bigint"],
        _ => time.sql.clone(),
    }
}

/// What is calculated with, as a bigint; NULL where a map holds no whole number.
fn whole(operand: Operand) -> Sql {
    match operand.sort {
        Sort::Json => json::as_int(operand.sql),
        _ => micros(&operand),
    }
}

fn exact(how: Arithmetic, a: Sql, b: Sql) -> Sql {
    let both = twice(sql!["(", a, ")::numeric"], sql!["(", b, ")::numeric"], |a, b| {
        let simple = |symbol: &'static str| {
            let result = sql![a.clone(), symbol, b.clone()];
            sql!["CASE WHEN ", result.clone(), IN_RANGE, result, ")::bigint END"]
        };
        match how {
            Arithmetic::Add => simple(" + "),
            Arithmetic::Subtract => simple(" - "),
            Arithmetic::Multiply => simple(" * "),
            Arithmetic::Divide => divided(a.clone(), b.clone(), "div("),
            // Out of range where the quotient is: that is how processors divide.
            Arithmetic::Remainder => divided(a.clone(), b.clone(), "mod("),
        }
    });
    sql!["(", both, ")"]
}

fn divided(a: Sql, b: Sql, part: &'static str) -> Sql {
    let call = |function| sql![function, a.clone(), ", ", b.clone(), ")"];
    sql!["CASE WHEN ", b.clone(), " = 0 THEN NULL WHEN ", call("div("), IN_RANGE, call(part), ")::bigint END"]
}
