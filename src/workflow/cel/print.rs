//! Checked expressions as text: what they became, with variables written out.

use std::fmt::{self, Write as _};

use super::ast::{Arithmetic, Changed, Expr, ExprKind, Function, Literal, Loop, LoopKind, Path};
use crate::model::time::Instant;
use crate::workflow::schema::Root;

/// How closely the parts of an expression hold together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Choice,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Sign,
    Whole,
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer { f, locals: 0 }.expr(self, Bond::Choice)
    }
}

struct Printer<'p, 'f> {
    f: &'p mut fmt::Formatter<'f>,
    /// Comprehensions around what is printed.
    locals: usize,
}

impl Printer<'_, '_> {
    /// Prints it so that it stands where `around` holds its neighbours.
    fn expr(&mut self, expr: &Expr, around: Bond) -> fmt::Result {
        let own = bond(&expr.kind);
        if own < around {
            self.f.write_char('(')?;
        }
        self.kind(&expr.kind)?;
        if own < around { self.f.write_char(')') } else { Ok(()) }
    }

    fn kind(&mut self, kind: &ExprKind) -> fmt::Result {
        match kind {
            ExprKind::Literal(literal) => write!(self.f, "{literal}"),
            ExprKind::Field(path) => write!(self.f, "{path}"),
            ExprKind::Has(path) if is_asked_whole(path) => write!(self.f, "{path} != null"),
            ExprKind::Has(path) => write!(self.f, "has({path})"),
            ExprKind::Local(slot) => self.local(*slot),
            ExprKind::Not(inner) => match &inner.kind {
                ExprKind::Has(path) if is_asked_whole(path) => write!(self.f, "{path} == null"),
                _ => {
                    self.f.write_char('!')?;
                    self.expr(inner, Bond::Sign)
                }
            },
            ExprKind::And(all) => self.joined(all, " && ", Bond::Relation),
            ExprKind::Or(all) => self.joined(all, " || ", Bond::And),
            ExprKind::Compare(how, a, b) => self.between(a, how.symbol(), b, Bond::Sum),
            ExprKind::In(item, list) => self.between(item, "in", list, Bond::Sum),
            ExprKind::Arithmetic(how, a, b) => self.arithmetic(*how, a, b),
            ExprKind::Negate(inner) => {
                self.f.write_char('-')?;
                self.expr(inner, Bond::Sign)
            }
            ExprKind::Choose(three) => {
                let [condition, yes, no] = three.as_ref();
                self.expr(condition, Bond::Or)?;
                self.f.write_str(" ? ")?;
                self.expr(yes, Bond::Or)?;
                self.f.write_str(" : ")?;
                self.expr(no, Bond::Choice)
            }
            ExprKind::List(all) => {
                self.f.write_char('[')?;
                self.joined(all, ", ", Bond::Choice)?;
                self.f.write_char(']')
            }
            ExprKind::Index(from, key) => {
                self.expr(from, Bond::Whole)?;
                self.f.write_char('[')?;
                self.expr(key, Bond::Choice)?;
                self.f.write_char(']')
            }
            ExprKind::Call(function, args) => self.call(*function, args),
            ExprKind::Matches(text, pattern) => {
                self.expr(text, Bond::Whole)?;
                write!(self.f, ".matches({})", raw(pattern.source()))
            }
            ExprKind::InHours(calendar, time) => {
                self.f.write_str("in_hours(")?;
                if !matches!(&time.kind, ExprKind::Field(path) if path.root == Root::Now) {
                    self.expr(time, Bond::Choice)?;
                    self.f.write_str(", ")?;
                }
                write!(self.f, "{})", Literal::Text(calendar.clone()))
            }
            ExprKind::BusinessMinutes(calendar, two) => {
                self.f.write_str("business_minutes(")?;
                self.joined(two.as_slice(), ", ", Bond::Choice)?;
                write!(self.f, ", {})", Literal::Text(calendar.clone()))
            }
            ExprKind::Changed(changed) => write!(self.f, "{changed}"),
            ExprKind::Loop(over) => self.over(over),
        }
    }

    fn joined(&mut self, all: &[Expr], between: &str, around: Bond) -> fmt::Result {
        for (index, one) in all.iter().enumerate() {
            if index > 0 {
                self.f.write_str(between)?;
            }
            self.expr(one, around)?;
        }
        Ok(())
    }

    fn between(&mut self, a: &Expr, symbol: &str, b: &Expr, around: Bond) -> fmt::Result {
        self.expr(a, around)?;
        write!(self.f, " {symbol} ")?;
        self.expr(b, around)
    }

    fn arithmetic(&mut self, how: Arithmetic, a: &Expr, b: &Expr) -> fmt::Result {
        let (left, right) = match how {
            Arithmetic::Add | Arithmetic::Subtract => (Bond::Sum, Bond::Product),
            Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Remainder => (Bond::Product, Bond::Sign),
        };
        self.expr(a, left)?;
        write!(self.f, " {} ", how.symbol())?;
        self.expr(b, right)
    }

    fn call(&mut self, function: Function, args: &[Expr]) -> fmt::Result {
        match (function, args) {
            // Nobody wrote it.
            (Function::Fold, [only]) => self.expr(only, Bond::Sum),
            (Function::Contains | Function::StartsWith | Function::EndsWith, [text, rest @ ..]) => {
                self.expr(text, Bond::Whole)?;
                write!(self.f, ".{}(", function.name())?;
                self.joined(rest, ", ", Bond::Choice)?;
                self.f.write_char(')')
            }
            _ => {
                write!(self.f, "{}(", function.name())?;
                self.joined(args, ", ", Bond::Choice)?;
                self.f.write_char(')')
            }
        }
    }

    fn over(&mut self, over: &Loop) -> fmt::Result {
        self.expr(&over.range, Bond::Whole)?;
        let name = match over.kind {
            LoopKind::Exists => "exists",
            LoopKind::ExistsOne => "exists_one",
            LoopKind::All => "all",
            LoopKind::Filter => "filter",
            LoopKind::Map => "map",
        };
        write!(self.f, ".{name}(")?;
        self.local(self.locals)?;
        self.locals += 1;
        if let Some(only) = &over.only {
            self.f.write_str(", ")?;
            self.expr(only, Bond::Choice)?;
        }
        self.f.write_str(", ")?;
        self.expr(&over.body, Bond::Choice)?;
        self.locals -= 1;
        self.f.write_char(')')
    }

    /// A variable of a comprehension: its own name is not kept.
    fn local(&mut self, slot: usize) -> fmt::Result {
        match slot {
            0 => self.f.write_str("it"),
            inner => write!(self.f, "it{}", inner + 1),
        }
    }
}

fn bond(kind: &ExprKind) -> Bond {
    match kind {
        ExprKind::Choose(_) => Bond::Choice,
        ExprKind::Or(_) => Bond::Or,
        ExprKind::And(_) => Bond::And,
        ExprKind::Compare(..) | ExprKind::In(..) => Bond::Relation,
        ExprKind::Has(path) if is_asked_whole(path) => Bond::Relation,
        ExprKind::Not(inner) => match &inner.kind {
            ExprKind::Has(path) if is_asked_whole(path) => Bond::Relation,
            _ => Bond::Sign,
        },
        ExprKind::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, ..) => Bond::Sum,
        ExprKind::Arithmetic(..) => Bond::Product,
        ExprKind::Negate(_) => Bond::Sign,
        ExprKind::Call(Function::Fold, args) => args.first().map_or(Bond::Whole, |only| bond(&only.kind)),
        ExprKind::Literal(Literal::Int(i)) if *i < 0 => Bond::Sign,
        ExprKind::Literal(Literal::Double(d)) if *d < 0.0 => Bond::Sign,
        _ => Bond::Whole,
    }
}

/// Whether `has()` does not take it: the thing itself, or what lies under a key that is no name.
fn is_asked_whole(path: &Path) -> bool {
    path.names.last().is_none_or(|name| !is_plain(name))
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn raw(pattern: &str) -> String {
    match pattern.contains(['\'', '\n', '\r']) {
        false => format!("r'{pattern}'"),
        true => Literal::Text(pattern.to_owned()).to_string(),
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Bool(b) => write!(f, "{b}"),
            Literal::Int(i) => write!(f, "{i}"),
            Literal::Double(d) => write!(f, "{d:?}"),
            Literal::Text(text) => {
                f.write_char('\'')?;
                for c in text.chars() {
                    match c {
                        '\'' => f.write_str("\\'")?,
                        '\\' => f.write_str("\\\\")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        c => f.write_char(c)?,
                    }
                }
                f.write_char('\'')
            }
            Literal::Time(Instant(micros)) => write!(f, "timestamp('{}')", Instant(*micros)),
            Literal::Duration(micros) => write!(f, "duration('{}')", super::value::shown_duration(*micros)),
        }
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "changed({}", Literal::Text(self.field.clone()))?;
        for literal in [&self.from, &self.to].into_iter().flatten() {
            write!(f, ", {literal}")?;
        }
        f.write_char(')')
    }
}

#[cfg(test)]
mod tests {
    use crate::workflow::cel::{RULE, condition};

    fn printed(source: &str) -> String {
        condition(source, &RULE).unwrap_or_else(|found| panic!("{source}: {found:?}")).to_string()
    }

    #[test]
    fn what_is_printed_reads_as_what_it_was_printed_of() {
        for (source, text) in [
            ("ticket.priority in ['high', 'Medium']", "ticket.priority in ['HIGH', 'MEDIUM']"),
            (
                "!(ticket.priority in ['HIGH'] || ticket.reopen_count > 2)",
                "!(ticket.priority in ['HIGH'] || ticket.reopen_count > 2)",
            ),
            ("!has(ticket.assignee_id) && organization != null", "!has(ticket.assignee_id) && organization != null"),
            (
                "organization == null || !(organization.tier == 'a')",
                "organization == null || !(organization.tier == 'a')",
            ),
            ("'VIP' in ticket.tags", "'vip' in ticket.tags"),
            ("(1 + 2) * 3 - (4 - 5) == ticket.number % 7", "(1 + 2) * 3 - (4 - 5) == ticket.number % 7"),
            ("-(ticket.number + 1) < -3", "-(ticket.number + 1) < -3"),
            ("(ticket.number > 40 ? 'a' : 'b') == 'a'", "(ticket.number > 40 ? 'a' : 'b') == 'a'"),
            (r"ticket.subject.matches(r'^\d+$')", r"ticket.subject.matches(r'^\d+$')"),
            ("ticket.subject == 'it\\'s\\n'", "ticket.subject == 'it\\'s\\n'"),
            (
                "ticket.custom['a b'] == 1 && has(ticket.custom.x)",
                "ticket.custom[\"a b\"] == 1 && has(ticket.custom.x)",
            ),
            ("changed('priority', 'low', 'high')", "changed('priority', 'LOW', 'HIGH')"),
            ("ticket.tags.exists(t, t.startsWith('v'))", "ticket.tags.exists(it, it.startsWith('v'))"),
            ("ticket.tags.filter(t, size(t) > 2).size() == 1", "size(ticket.tags.filter(it, size(it) > 2)) == 1"),
            ("now - ticket.created_at > duration('90m')", "now - ticket.created_at > duration('1h30m')"),
            (
                "ticket.created_at < timestamp('2999-01-01T00:00:00Z')",
                "ticket.created_at < timestamp('2999-01-01T00:00:00Z')",
            ),
        ] {
            assert_eq!(printed(source), text);
            assert_eq!(printed(text), text, "it is read as it is printed");
        }
    }
}
