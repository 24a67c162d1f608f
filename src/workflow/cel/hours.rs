//! `in_hours` and `business_minutes`: what the tenant's calendars say of times.

use cel::common::ast::IdedExpr;

use super::ast::{Expr, ExprKind, Literal, Path};
use super::check::Checker;
use super::fault::{Fault, fault};
use super::value::Value;
use crate::model::sla::count::counted;
use crate::model::sla::hours::Hours;
use crate::model::time::Instant;
use crate::workflow::schema::{Root, Type};

const MINUTE: i64 = 60_000_000;

impl Checker<'_> {
    /// Without a time it is about now.
    pub(super) fn in_hours(&mut self, time: Option<&IdedExpr>, calendar: &IdedExpr, at: usize) -> Expr {
        let time = match time {
            Some(time) => self.when(time, "in_hours"),
            None => Expr { kind: ExprKind::Field(Path { root: Root::Now, names: Vec::new() }), ty: Type::Time, at },
        };
        match self.calendar(calendar, "in_hours", at) {
            Ok(name) => Expr { kind: ExprKind::InHours(name, Box::new(time)), ty: Type::Bool, at },
            Err(wrong) => wrong,
        }
    }

    pub(super) fn business_minutes(&mut self, two: [&IdedExpr; 2], calendar: &IdedExpr, at: usize) -> Expr {
        let two = two.map(|time| self.when(time, "business_minutes"));
        match self.calendar(calendar, "business_minutes", at) {
            Ok(name) => Expr { kind: ExprKind::BusinessMinutes(name, Box::new(two)), ty: Type::Int, at },
            Err(wrong) => wrong,
        }
    }

    fn when(&mut self, raw: &IdedExpr, function: &str) -> Expr {
        let time = self.operand(raw);
        match time.ty {
            Type::Time | Type::Any => time,
            ty => {
                let hint = if ty.is_text() { "timestamp('2026-01-31T09:00:00Z')" } else { "ticket.created_at" };
                self.wrong("type", time.at, format!("{function}() is about a time, not about {ty}"), hint.into())
            }
        }
    }

    /// The name is written out, so that what is asked for is known beforehand.
    fn calendar(&mut self, raw: &IdedExpr, function: &str, at: usize) -> Result<String, Expr> {
        if !self.scope.calendars {
            let message = format!("{function}() belongs into rules: no calendar is at hand here");
            return Err(self.wrong("unsupported", at, message, "compare times instead".into()));
        }
        let calendar = self.operand(raw);
        match calendar.kind {
            ExprKind::Literal(Literal::Text(name)) if !name.trim().is_empty() => Ok(name),
            _ => {
                let message = format!("{function}() takes a calendar's name or id between quotes");
                Err(self.wrong("type", calendar.at, message, "in_hours('support')".into()))
            }
        }
    }
}

pub(super) fn instant(value: Value<'_>) -> Result<Instant, Fault> {
    match value {
        Value::Time(at) => Ok(at),
        other => fault(format!("{} where a time is needed", other.what())),
    }
}

/// Negative where the second one is the earlier.
pub(super) fn minutes(hours: &Hours, from: Instant, to: Instant) -> i64 {
    if to < from { -minutes(hours, to, from) } else { counted(hours, from, to, &[]) / MINUTE }
}
