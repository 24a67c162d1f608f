//! What operators and functions make of values.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::ast::{Arithmetic, Compare, Function};
use super::duration::parse_duration;
use super::fault::{Fault, MAX_TEXT, fault};
use super::value::Value;
use crate::model::fold::fold;
use crate::model::time::{Instant, Written};

pub(super) fn negate(value: Value<'_>) -> Result<Value<'_>, Fault> {
    let out_of_range = || Fault::Other("number out of range".into());
    match value {
        Value::Int(i) => i.checked_neg().map(Value::Int).ok_or_else(out_of_range),
        Value::Double(d) => Ok(Value::Double(-d)),
        Value::Duration(d) => d.checked_neg().map(Value::Duration).ok_or_else(out_of_range),
        other => fault(format!("- on {}", other.what())),
    }
}

pub(super) fn compare(how: Compare, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Fault> {
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

pub(super) fn contains_item(item: &Value<'_>, list: &Value<'_>) -> Result<bool, Fault> {
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

pub(super) fn calculate<'a>(how: Arithmetic, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Fault> {
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

pub(super) fn index<'a>(from: Value<'a>, key: &Value<'a>) -> Result<Value<'a>, Fault> {
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

pub(super) fn call<'a>(function: Function, args: Vec<Value<'a>>) -> Result<Value<'a>, Fault> {
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
        (Function::Fold, Some(Value::Text(a)), None) => Value::Text(Cow::Owned(fold(&a).into_owned())),
        (Function::Fold, Some(Value::Texts(all)), None) => {
            Value::List(all.iter().map(|text| Value::Text(fold(text))).collect())
        }
        (Function::Fold, Some(other), None) => folded(other),
        (Function::Timestamp, Some(Value::Time(t)), None) => Value::Time(t),
        (Function::Timestamp, Some(Value::Text(a)), None) => match Written::parse(&a) {
            Some(Written { at, finer: false }) => Value::Time(at),
            Some(_) => return fault(format!("timestamp({a:?}) is finer than a microsecond")),
            None => return fault(format!("timestamp({a:?}) is no RFC 3339 time")),
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

/// Of a list, its texts; anything else is what it is.
fn folded(value: Value<'_>) -> Value<'_> {
    let text = |item| if let Value::Text(text) = item { Value::text(fold(&text).into_owned()) } else { item };
    match value.items().filter(|_| !value.is_map()) {
        Some(items) => Value::List(items.into_iter().map(text).collect()),
        None => value,
    }
}

/// Each character by itself, whatever stands beside it, so that a database can do the same.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
