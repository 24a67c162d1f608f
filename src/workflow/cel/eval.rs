//! Evaluator of checked expressions over facts. Never panics, never reads a clock, and stops after a bounded number of
//! steps.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value as Json;

use super::ast::{Arithmetic, Changed, Compare, Expr, ExprKind, Function, Literal, Loop, LoopKind, Path};
use super::duration::parse_duration;
use super::found::NoSuchField;
use super::resolve;
use super::value::Value;
use crate::model::time::Instant;
use crate::workflow::facts::Facts;
use crate::workflow::schema::Type;

/// Nodes that one evaluation may visit; comprehensions are what spends them.
const MAX_STEPS: u32 = 100_000;
/// Bytes that a text may grow to by `+`, and `${…}` in texts.
pub const MAX_TEXT: usize = 64 * 1024;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    Absent(Path),
    Other(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Absent(path) => write!(f, "{path} is absent"),
            Fault::Other(text) => f.write_str(text),
        }
    }
}

fn fault<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Other(text.into()))
}

/// Evaluates `expr` over `facts`.
pub fn evaluate<'a>(expr: &'a Expr, facts: &Facts<'a>) -> Result<Value<'a>, Fault> {
    Run { facts, locals: Vec::new(), steps: 0 }.value(expr)
}

/// Evaluates a condition.
pub fn holds(expr: &Expr, facts: &Facts<'_>) -> Result<bool, Fault> {
    Run { facts, locals: Vec::new(), steps: 0 }.truth(expr)
}

struct Run<'f, 'a> {
    facts: &'f Facts<'a>,
    locals: Vec<Value<'a>>,
    steps: u32,
}

impl<'a> Run<'_, 'a> {
    fn value(&mut self, expr: &'a Expr) -> Result<Value<'a>, Fault> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return fault("too much to evaluate");
        }
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
                compare(*how, &a, &b).map(Value::Bool)
            }
            ExprKind::In(item, list) => {
                let item = self.value(item)?;
                // A list that is written out need not be built.
                if let ExprKind::List(all) = &list.kind {
                    return self.one_of(&item, all);
                }
                let list = self.value(list)?;
                contains_item(&item, &list).map(Value::Bool)
            }
            ExprKind::Arithmetic(how, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                calculate(*how, a, b)
            }
            ExprKind::Negate(inner) => match self.value(inner)? {
                Value::Int(i) => i.checked_neg().map(Value::Int).ok_or(Fault::Other("number out of range".into())),
                Value::Double(d) => Ok(Value::Double(-d)),
                Value::Duration(d) => {
                    d.checked_neg().map(Value::Duration).ok_or(Fault::Other("number out of range".into()))
                }
                other => fault(format!("- on {}", other.what())),
            },
            ExprKind::Choose(three) => {
                let [condition, yes, no] = three.as_ref();
                if self.truth(condition)? { self.value(yes) } else { self.value(no) }
            }
            ExprKind::List(all) => all.iter().map(|e| self.value(e)).collect::<Result<Vec<_>, _>>().map(Value::List),
            ExprKind::Index(from, key) => {
                let (from, key) = (self.value(from)?, self.value(key)?);
                index(from, &key)
            }
            ExprKind::Call(function, args) => {
                let args = args.iter().map(|e| self.value(e)).collect::<Result<Vec<_>, _>>()?;
                call(*function, args)
            }
            ExprKind::Matches(text, pattern) => match self.value(text)? {
                Value::Text(text) => Ok(Value::Bool(pattern.0.is_match(&text))),
                other => fault(format!("matches() on {}", other.what())),
            },
            ExprKind::Changed(changed) => Ok(Value::Bool(self.changed(changed))),
            ExprKind::Loop(over) => self.over(over),
        }
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
            Ok(Some(Value::Text(text))) if ty == Type::Time => match text.parse::<jiff::Timestamp>() {
                Ok(at) => Ok(Value::Time(Instant::from(at))),
                Err(_) => fault(format!("{path} is no time")),
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

fn compare(how: Compare, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Fault> {
    match how {
        Compare::Equal => return Ok(a.equals(b)),
        Compare::NotEqual => return Ok(!a.equals(b)),
        _ => {}
    }
    let Some(order) = a.compare(b) else {
        return fault(format!("{} {} {}", a.what(), how.symbol(), b.what()));
    };
    Ok(match how {
        Compare::Less => order.is_lt(),
        Compare::LessOrEqual => order.is_le(),
        Compare::Greater => order.is_gt(),
        Compare::GreaterOrEqual => order.is_ge(),
        Compare::Equal | Compare::NotEqual => order.is_eq(),
    })
}

fn contains_item(item: &Value<'_>, list: &Value<'_>) -> Result<bool, Fault> {
    match (item, list) {
        (Value::Text(item), Value::Texts(all)) => Ok(all.iter().any(|t| t == item)),
        (Value::Text(item), Value::Types(all)) => Ok(all.iter().any(|t| t.word() == item)),
        (_, Value::List(all)) => Ok(all.iter().any(|v| v.equals(item))),
        (Value::Text(key), Value::Json(Json::Object(map))) => Ok(map.contains_key(key.as_ref())),
        (_, list) => match list.items() {
            Some(all) => Ok(!list.is_map() && all.iter().any(|v| v.equals(item))),
            None => fault(format!("in {}", list.what())),
        },
    }
}

fn calculate<'a>(how: Arithmetic, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Fault> {
    use Arithmetic::{Add, Divide, Multiply, Remainder, Subtract};
    let out_of_range = || Fault::Other("number out of range".to_owned());
    Ok(match (how, a, b) {
        (Divide | Remainder, Value::Int(_), Value::Int(0)) => return fault("division by zero"),
        (_, Value::Int(a), Value::Int(b)) => Value::Int(
            match how {
                Add => a.checked_add(b),
                Subtract => a.checked_sub(b),
                Multiply => a.checked_mul(b),
                Divide => a.checked_div(b),
                Remainder => a.checked_rem(b),
            }
            .ok_or_else(out_of_range)?,
        ),
        (Add, Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Subtract, Value::Double(a), Value::Double(b)) => Value::Double(a - b),
        (Multiply, Value::Double(a), Value::Double(b)) => Value::Double(a * b),
        (Divide, Value::Double(a), Value::Double(b)) => Value::Double(a / b),
        (Add, Value::Text(a), Value::Text(b)) => {
            if a.len() + b.len() > MAX_TEXT {
                return fault("a text of more than 64 KiB");
            }
            Value::Text(Cow::Owned(a.into_owned() + &b))
        }
        (Subtract, Value::Time(a), Value::Time(b)) => Value::Duration(a.0.checked_sub(b.0).ok_or_else(out_of_range)?),
        (Add, Value::Time(a), Value::Duration(b)) | (Add, Value::Duration(b), Value::Time(a)) => {
            Value::Time(Instant(a.0.checked_add(b).ok_or_else(out_of_range)?))
        }
        (Subtract, Value::Time(a), Value::Duration(b)) => {
            Value::Time(Instant(a.0.checked_sub(b).ok_or_else(out_of_range)?))
        }
        (Add, Value::Duration(a), Value::Duration(b)) => Value::Duration(a.checked_add(b).ok_or_else(out_of_range)?),
        (Subtract, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(a.checked_sub(b).ok_or_else(out_of_range)?)
        }
        (how, a, b) => return fault(format!("{} {} {}", a.what(), how.symbol(), b.what())),
    })
}

fn index<'a>(from: Value<'a>, key: &Value<'a>) -> Result<Value<'a>, Fault> {
    match (&from, key) {
        (Value::Json(Json::Object(map)), Value::Text(key)) => match map.get(key.as_ref()) {
            Some(value) => Ok(Value::of_json(value)),
            None => fault(format!("no key {key:?}")),
        },
        (_, Value::Int(at)) if !from.is_map() => match from.items() {
            Some(items) => {
                let item = usize::try_from(*at).ok().and_then(|at| items.into_iter().nth(at));
                item.ok_or_else(|| Fault::Other(format!("no item {at}")))
            }
            None => fault(format!("[{at}] on {}", from.what())),
        },
        _ => fault(format!("[{}] on {}", key.what(), from.what())),
    }
}

fn call<'a>(function: Function, args: Vec<Value<'a>>) -> Result<Value<'a>, Fault> {
    let mut args = args.into_iter();
    let (first, second) = (args.next(), args.next());
    Ok(match (function, first, second) {
        (Function::Size, Some(of), None) => match of.size() {
            Some(size) => Value::Int(i64::try_from(size).unwrap_or(i64::MAX)),
            None => return fault(format!("size() of {}", of.what())),
        },
        (Function::Contains, Some(Value::Text(a)), Some(Value::Text(b))) => Value::Bool(a.contains(b.as_ref())),
        (Function::StartsWith, Some(Value::Text(a)), Some(Value::Text(b))) => Value::Bool(a.starts_with(b.as_ref())),
        (Function::EndsWith, Some(Value::Text(a)), Some(Value::Text(b))) => Value::Bool(a.ends_with(b.as_ref())),
        (Function::Lower, Some(Value::Text(a)), None) => Value::Text(Cow::Owned(lower(&a))),
        (Function::Timestamp, Some(Value::Time(t)), None) => Value::Time(t),
        (Function::Timestamp, Some(Value::Text(a)), None) => match a.parse::<jiff::Timestamp>() {
            Ok(at) => Value::Time(Instant::from(at)),
            Err(_) => return fault(format!("timestamp({a:?}) is no RFC 3339 time")),
        },
        (Function::Duration, Some(Value::Duration(d)), None) => Value::Duration(d),
        (Function::Duration, Some(Value::Text(a)), None) => match parse_duration(&a) {
            Some(micros) => Value::Duration(micros),
            None => return fault(format!("duration({a:?}) is no duration")),
        },
        (function, first, _) => {
            return fault(format!("{}() on {}", function.name(), first.map_or("nothing", |v| v.what())));
        }
    })
}

/// Each character by itself, whatever stands beside it, so that a database can do the same.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
