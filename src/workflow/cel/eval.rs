//! Evaluator of checked expressions over facts. Never panics, never reads a clock, and stops after a bounded number of
//! steps.

use serde_json::Value as Json;

use super::apply::{calculate, call, compare, contains_item, index, negate};
use super::ast::{Changed, Expr, ExprKind, Literal, Loop, LoopKind, Path};
use super::fault::{Fault, fault};
use super::found::NoSuchField;
use super::hours::{instant, minutes};
use super::resolve;
use super::value::Value;
use crate::model::time::Written;
use crate::workflow::facts::Facts;
use crate::workflow::schema::Type;

/// What one evaluation may cost: a step for each node visited, comprehensions among them, and one for so many bytes of the
/// texts and lists that operators and functions look through.
const MAX_STEPS: usize = 100_000;
const BYTES_A_STEP: usize = 16;

/// Evaluates `expr` over `facts`.
pub fn evaluate<'a>(expr: &'a Expr, facts: &Facts<'a>) -> Result<Value<'a>, Fault> {
    evaluate_after(&mut 0, expr, facts)
}

/// The same, where several expressions share one limit: `steps` is what those before it cost.
pub fn evaluate_after<'a>(steps: &mut usize, expr: &'a Expr, facts: &Facts<'a>) -> Result<Value<'a>, Fault> {
    let mut run = Run { facts, locals: Vec::new(), steps: *steps };
    let value = run.value(expr);
    *steps = run.steps;
    value
}

/// Evaluates a condition.
pub fn holds(expr: &Expr, facts: &Facts<'_>) -> Result<bool, Fault> {
    Run { facts, locals: Vec::new(), steps: 0 }.truth(expr)
}

struct Run<'f, 'a> {
    facts: &'f Facts<'a>,
    locals: Vec<Value<'a>>,
    steps: usize,
}

impl<'a> Run<'_, 'a> {
    fn value(&mut self, expr: &'a Expr) -> Result<Value<'a>, Fault> {
        self.spend(0)?;
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(Value::of_literal(literal)),
            ExprKind::Field(path) => self.field(path, expr.ty),
            ExprKind::Has(path) => Ok(Value::Bool(self.has(path)?)),
            ExprKind::Local(slot) => match self.locals.get(*slot) {
                Some(value) => Ok(value.clone()),
                None => fault("a variable out of its scope"),
            },
            ExprKind::Not(inner) => Ok(Value::Bool(!self.truth(inner)?)),
            ExprKind::And(all) => self.decide(all, false),
            ExprKind::Or(all) => self.decide(all, true),
            ExprKind::Compare(how, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.spend(a.bytes().min(b.bytes()))?;
                compare(*how, &a, &b).map(Value::Bool)
            }
            ExprKind::In(item, list) => {
                let item = self.value(item)?;
                // A list that is written out need not be built.
                if let ExprKind::List(all) = &list.kind {
                    return self.one_of(&item, all);
                }
                let list = self.value(list)?;
                self.spend(list.bytes())?;
                contains_item(&item, &list).map(Value::Bool)
            }
            ExprKind::Arithmetic(how, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.spend(a.bytes() + b.bytes())?;
                calculate(*how, a, b)
            }
            ExprKind::Negate(inner) => negate(self.value(inner)?),
            ExprKind::Choose(three) => {
                let [condition, yes, no] = three.as_ref();
                if self.truth(condition)? { self.value(yes) } else { self.value(no) }
            }
            ExprKind::List(all) => all.iter().map(|e| self.value(e)).collect::<Result<Vec<_>, _>>().map(Value::List),
            ExprKind::Index(from, key) => {
                let (from, key) = (self.value(from)?, self.value(key)?);
                self.spend(from.bytes())?;
                index(from, &key)
            }
            ExprKind::Call(function, args) => {
                let args = args.iter().map(|e| self.value(e)).collect::<Result<Vec<_>, _>>()?;
                self.spend(args.iter().map(Value::bytes).sum())?;
                call(*function, args)
            }
            ExprKind::Matches(text, pattern) => match self.value(text)? {
                Value::Text(text) => pattern.is_match(&text, |bytes| self.spend(bytes)).map(Value::Bool),
                other => fault(format!("matches() on {}", other.what())),
            },
            ExprKind::Changed(changed) => Ok(Value::Bool(self.changed(changed))),
            ExprKind::InHours(calendar, time) => {
                let (time, hours) = (instant(self.value(time)?)?, self.facts.hours(calendar)?);
                self.spend(hours.days_of(time, time) * BYTES_A_STEP)?;
                Ok(Value::Bool(hours.is_open(time)))
            }
            ExprKind::BusinessMinutes(calendar, two) => {
                let [from, to] = two.as_ref();
                let (from, to) = (instant(self.value(from)?)?, instant(self.value(to)?)?);
                let hours = self.facts.hours(calendar)?;
                self.spend(hours.days_of(from, to) * BYTES_A_STEP)?;
                Ok(Value::Int(minutes(hours, from, to)))
            }
            ExprKind::Loop(over) => self.over(over),
        }
    }

    /// A step, and what it looks through.
    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.steps = self.steps.saturating_add(1 + bytes / BYTES_A_STEP);
        if self.steps > MAX_STEPS { Err(Fault::TooMuch) } else { Ok(()) }
    }

    fn truth(&mut self, expr: &'a Expr) -> Result<bool, Fault> {
        match self.value(expr)? {
            Value::Bool(b) => Ok(b),
            other => fault(format!("{} where true or false is needed", other.what())),
        }
    }

    /// `&&` (decided by a false) and `||` (decided by a true): an error counts only where no side decides.
    fn decide(&mut self, all: &'a [Expr], decisive: bool) -> Result<Value<'a>, Fault> {
        let mut first_fault = None;
        for expr in all {
            match self.truth(expr) {
                Ok(b) if b == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        first_fault.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    /// As with `||`: an item that has no value counts only where no other one decides.
    fn one_of(&mut self, item: &Value<'a>, all: &'a [Expr]) -> Result<Value<'a>, Fault> {
        let mut first_fault = None;
        for one in all {
            match self.value(one) {
                Ok(one) if one.equals(item) => return Ok(Value::Bool(true)),
                Ok(_) => {}
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        first_fault.map_or(Ok(Value::Bool(false)), Err)
    }

    fn field(&mut self, path: &Path, ty: Type) -> Result<Value<'a>, Fault> {
        match resolve::value(self.facts, path) {
            // Times lie in `changes` as text.
            Ok(Some(Value::Text(text))) if ty == Type::Time => match Written::parse(&text) {
                Some(Written { at, finer: false }) => Ok(Value::Time(at)),
                _ => fault(format!("{path} is no time")),
            },
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(Fault::Absent(path.clone())),
            Err(NoSuchField) => fault(format!("no field {path}")),
        }
    }

    fn has(&mut self, path: &Path) -> Result<bool, Fault> {
        match resolve::value(self.facts, path) {
            Ok(None | Some(Value::Null)) => Ok(false),
            Ok(Some(Value::Text(text))) => Ok(!text.is_empty()),
            Ok(Some(Value::Texts(all))) => Ok(!all.is_empty()),
            Ok(Some(Value::Types(all))) => Ok(!all.is_empty()),
            Ok(Some(_)) => Ok(true),
            Err(NoSuchField) => fault(format!("no field {path}")),
        }
    }

    fn changed(&self, wanted: &Changed) -> bool {
        let same = |wanted: &Option<Literal>, value: &Json| {
            wanted.as_ref().is_none_or(|wanted| {
                let value = Value::of_json(value);
                let wanted = Value::of_literal(wanted);
                // A key that was not there is null; a person asks for it as ''.
                wanted.equals(&value) || matches!((&wanted, &value), (Value::Text(t), Value::Null) if t.is_empty())
            })
        };
        let (field, key) = match wanted.field.strip_prefix("custom.") {
            Some(key) => ("custom", Some(key)),
            None => (wanted.field.as_str(), None),
        };
        self.facts.changes.iter().filter(|change| change.field == field).any(|change| {
            let (mut old, mut new) = (&change.old_value, &change.new_value);
            // Custom fields change as one map.
            if let Some(key) = key {
                (old, new) = (old.get(key).unwrap_or(&Json::Null), new.get(key).unwrap_or(&Json::Null));
                if old == new {
                    return false;
                }
            }
            same(&wanted.from, old) && same(&wanted.to, new)
        })
    }

    fn over(&mut self, over: &'a Loop) -> Result<Value<'a>, Fault> {
        let range = self.value(&over.range)?;
        self.spend(range.bytes())?;
        let Some(items) = range.items() else { return fault(format!("a loop over {}", range.what())) };
        let mut kept = Vec::new();
        let mut found = 0usize;
        let mut first_fault = None;
        for item in items {
            self.locals.push(item.clone());
            let outcome = self.step(over, item, &mut kept);
            self.locals.pop();
            match (over.kind, outcome) {
                (LoopKind::Exists, Ok(true)) => return Ok(Value::Bool(true)),
                (LoopKind::All, Ok(false)) => return Ok(Value::Bool(false)),
                (_, Ok(yes)) => found += usize::from(yes),
                // As with && and ||, a later item may decide.
                (LoopKind::Exists | LoopKind::All, Err(fault)) => {
                    first_fault.get_or_insert(fault);
                }
                (_, Err(fault)) => return Err(fault),
            }
        }
        if let Some(fault) = first_fault {
            return Err(fault);
        }
        Ok(match over.kind {
            LoopKind::Exists => Value::Bool(false),
            LoopKind::All => Value::Bool(true),
            LoopKind::ExistsOne => Value::Bool(found == 1),
            LoopKind::Filter | LoopKind::Map => Value::List(kept),
        })
    }

    /// One item of a loop: what the body says, or, for `map`, that a value was kept.
    fn step(&mut self, over: &'a Loop, item: Value<'a>, kept: &mut Vec<Value<'a>>) -> Result<bool, Fault> {
        if over.kind == LoopKind::Map {
            if let Some(only) = &over.only
                && !self.truth(only)?
            {
                return Ok(false);
            }
            kept.push(self.value(&over.body)?);
            return Ok(true);
        }
        let yes = self.truth(&over.body)?;
        if yes && over.kind == LoopKind::Filter {
            kept.push(item);
        }
        Ok(yes)
    }
}
