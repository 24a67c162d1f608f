//! Operands that a form uses more than once. Repeating their text would double it at every level of an expression;
//! larger ones are computed once, behind OFFSET 0, which the planner does not remove.

use crate::store::sql::{Sql, sql};

/// Pieces of text and values that may be repeated.
const SMALL: usize = 12;

/// `form` of an operand, which it may name any number of times, but not inside another fence.
pub fn once(operand: Sql, form: impl Fn(Sql) -> Sql) -> Sql {
    if operand.pieces() <= SMALL {
        return form(operand);
    }
    sql!["(SELECT ", form(Sql::from("c.a")), " FROM (SELECT ", operand, " AS a OFFSET 0) AS c)"]
}

/// The same of two operands.
pub fn twice(a: Sql, b: Sql, form: impl Fn(Sql, Sql) -> Sql) -> Sql {
    if a.pieces() + b.pieces() <= SMALL {
        return form(a, b);
    }
    let whole = form(Sql::from("c.a"), Sql::from("c.b"));
    sql!["(SELECT ", whole, " FROM (SELECT ", a, " AS a, ", b, " AS b OFFSET 0) AS c)"]
}
