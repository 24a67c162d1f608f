//! Times that are finer than a microsecond, for the checker: compared exactly with what is kept to the microsecond.

use super::ast::{Compare, Expr, ExprKind, Literal};
use super::check::Checker;
use crate::model::time::Written;
use crate::workflow::diagnostic::Problem;
use crate::workflow::schema::Type;

impl Checker<'_> {
    /// A time that is written out.
    pub(super) fn time(&mut self, Written { at: time, finer }: Written, at: usize) -> Expr {
        if finer {
            self.finer.insert(at);
        }
        Expr { kind: ExprKind::Literal(Literal::Time(time)), ty: Type::Time, at }
    }

    /// A comparison of `a` and `b`, whose operator stands at `at`. No time that is kept lies within the microsecond that a finer one
    /// lies in, so comparing with its beginning is enough.
    pub(super) fn compared(&mut self, how: Compare, a: Expr, b: Expr, at: usize) -> Expr {
        let (left, right) = (self.is_finer(&a), self.is_finer(&b));
        if left == right {
            return compare(how, a, b, at);
        }
        self.finer.remove(if left { &a.at } else { &b.at });
        let both = |kind: fn(Vec<Expr>) -> ExprKind| {
            let equal = compare(Compare::Equal, a.clone(), b.clone(), at);
            let not = compare(Compare::NotEqual, a.clone(), b.clone(), at);
            Expr { kind: kind(vec![equal, not]), ty: Type::Bool, at }
        };
        let how = match how {
            // Never and always, and an error where the other side is one.
            Compare::Equal => return both(ExprKind::And),
            Compare::NotEqual => return both(ExprKind::Or),
            Compare::Less | Compare::LessOrEqual if left => Compare::Less,
            Compare::Greater | Compare::GreaterOrEqual if left => Compare::GreaterOrEqual,
            Compare::Less | Compare::LessOrEqual => Compare::LessOrEqual,
            Compare::Greater | Compare::GreaterOrEqual => Compare::Greater,
        };
        compare(how, a, b, at)
    }

    fn is_finer(&self, expr: &Expr) -> bool {
        matches!(expr.kind, ExprKind::Literal(Literal::Time(_))) && self.finer.contains(&expr.at)
    }

    /// What is reckoned with cannot be finer than what is kept.
    pub(super) fn no_time_is_left_finer(&mut self) {
        for at in std::mem::take(&mut self.finer) {
            let message = "the time is finer than a microsecond, and can only be compared";
            self.problems.push(Problem::error("literal", at, message, "write at most six digits behind the seconds"));
        }
    }
}

fn compare(how: Compare, a: Expr, b: Expr, at: usize) -> Expr {
    Expr { kind: ExprKind::Compare(how, Box::new(a), Box::new(b)), ty: Type::Bool, at }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::workflow::cel::{RULE, condition, holds};
    use crate::workflow::facts::Facts;
    use crate::workflow::fixture::NOW;

    const COMPARES: [Compare; 6] = [
        Compare::Equal,
        Compare::NotEqual,
        Compare::Less,
        Compare::LessOrEqual,
        Compare::Greater,
        Compare::GreaterOrEqual,
    ];

    proptest! {
        /// As if both were kept to the nanosecond.
        #[test]
        fn a_comparison_is_exact_to_the_last_digit(micros in 0_i64..3, nanos in 0_i64..3_000, how in 0_usize..6, left: bool) {
            let how = COMPARES[how];
            let time = format!("timestamp('2026-01-31T09:00:00.{nanos:09}Z')");
            let symbol = how.symbol();
            let source = if left { format!("{time} {symbol} now") } else { format!("now {symbol} {time}") };
            let expr = condition(&source, &RULE).expect("a condition");
            let began = Written::parse("2026-01-31T09:00:00Z").expect("a time").at;
            let (a, b) = if left { (nanos, micros * 1_000) } else { (micros * 1_000, nanos) };
            let expected = match how {
                Compare::Equal => a == b,
                Compare::NotEqual => a != b,
                Compare::Less => a < b,
                Compare::LessOrEqual => a <= b,
                Compare::Greater => a > b,
                Compare::GreaterOrEqual => a >= b,
            };
            prop_assert_eq!(holds(&expr, &Facts::at(began.plus_micros(micros), "acme")).ok(), Some(expected), "{}", source);
        }
    }

    #[test]
    fn what_is_absent_is_an_error_beside_a_finer_time_too() {
        for symbol in ["==", "!=", "<", ">="] {
            let source = format!("ticket.due_at {symbol} timestamp('2026-01-31T09:00:00.0000001Z')");
            let expr = condition(&source, &RULE).expect("a condition");
            let ticket = crate::model::ticket::Ticket { due_at: None, ..crate::workflow::fixture::ticket() };
            let facts = Facts { ticket: Some(&ticket), ..Facts::at(NOW, "acme") };
            assert!(holds(&expr, &facts).is_err(), "{source}");
        }
    }

    #[test]
    fn a_finer_time_is_compared_and_nothing_else() {
        for source in [
            "timestamp('2026-01-31T09:00:00.0000001Z') + duration('1h') > now",
            "now - timestamp('2026-01-31T09:00:00.0000001Z') > duration('1h')",
            "now in [timestamp('2026-01-31T09:00:00.0000001Z')]",
            "(ticket.number > 1 ? now : timestamp('2026-01-31T09:00:00.0000001Z')) < now",
        ] {
            let found = condition(source, &RULE).expect_err(source);
            assert_eq!((found.len(), found[0].code), (1, "literal"), "{source}");
        }
    }
}
