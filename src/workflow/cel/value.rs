//! Values of expressions, borrowed from the facts where possible.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value as Json;

use super::ast::Literal;
use crate::model::activity_type::ActivityType;
use crate::model::time::Instant;

#[derive(Clone, Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, str>),
    Time(Instant),
    /// Microseconds.
    Duration(i64),
    /// A list of words that the facts hold.
    Texts(&'a [String]),
    Types(&'a [ActivityType]),
    List(Vec<Value<'a>>),
    /// A JSON object or array.
    Json(&'a Json),
}

impl<'a> Value<'a> {
    pub fn of_literal(literal: &'a Literal) -> Value<'a> {
        match literal {
            Literal::Null => Value::Null,
            Literal::Bool(b) => Value::Bool(*b),
            Literal::Int(i) => Value::Int(*i),
            Literal::Double(d) => Value::Double(*d),
            Literal::Text(t) => Value::Text(Cow::Borrowed(t)),
            Literal::Time(t) => Value::Time(*t),
            Literal::Duration(d) => Value::Duration(*d),
        }
    }

    pub fn of_json(json: &'a Json) -> Value<'a> {
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => match n.as_i64() {
                Some(i) => Value::Int(i),
                None => Value::Double(n.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(s) => Value::Text(Cow::Borrowed(s)),
            Json::Array(_) | Json::Object(_) => Value::Json(json),
        }
    }

    pub fn text(text: impl Into<Cow<'a, str>>) -> Value<'a> {
        Value::Text(text.into())
    }

    pub fn what(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Double(_) => "a number",
            Value::Text(_) => "text",
            Value::Time(_) => "a time",
            Value::Duration(_) => "a duration",
            Value::Texts(_) | Value::Types(_) | Value::List(_) | Value::Json(Json::Array(_)) => "a list",
            Value::Json(_) => "a map",
        }
    }

    /// The items of a list, the keys of a map; `None` for anything else.
    pub fn items(&self) -> Option<Vec<Value<'a>>> {
        Some(match self {
            Value::Texts(all) => all.iter().map(|t| Value::text(t.as_str())).collect(),
            Value::Types(all) => all.iter().map(|t| Value::text(t.word())).collect(),
            Value::List(all) => all.clone(),
            Value::Json(Json::Array(all)) => all.iter().map(Value::of_json).collect(),
            Value::Json(Json::Object(all)) => all.keys().map(|k| Value::text(k.as_str())).collect(),
            _ => return None,
        })
    }

    pub fn size(&self) -> Option<usize> {
        Some(match self {
            Value::Text(t) => t.chars().count(),
            Value::Texts(all) => all.len(),
            Value::Types(all) => all.len(),
            Value::List(all) => all.len(),
            Value::Json(Json::Array(all)) => all.len(),
            Value::Json(Json::Object(all)) => all.len(),
            _ => return None,
        })
    }

    /// How much there is to look through, in bytes; for items of lists and maps a guess that does not look at them.
    pub fn bytes(&self) -> usize {
        const ITEM: usize = 32;
        match self {
            Value::Text(t) => t.len(),
            Value::Texts(all) => all.len() * ITEM,
            Value::Types(all) => all.len() * ITEM,
            Value::List(all) => all.iter().map(|item| ITEM + item.bytes()).sum(),
            Value::Json(Json::Array(all)) => all.len() * ITEM,
            Value::Json(Json::Object(all)) => all.len() * ITEM,
            _ => 0,
        }
    }

    /// Values of different sorts are not equal; whole numbers and numbers compare by what they are worth.
    pub fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::Duration(a), Value::Duration(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Int(_) | Value::Double(_), Value::Int(_) | Value::Double(_)) => {
                self.compare(other) == Some(Ordering::Equal)
            }
            (Value::Json(Json::Object(a)), Value::Json(Json::Object(b))) => {
                let same = |(key, a): (&String, &Json)| b.get(key).is_some_and(|b| same_json(a, b));
                a.len() == b.len() && a.iter().all(same)
            }
            _ => match (self.items(), other.items()) {
                (Some(a), Some(b)) if !self.is_map() && !other.is_map() => {
                    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.equals(b))
                }
                _ => false,
            },
        }
    }

    pub fn is_map(&self) -> bool {
        matches!(self, Value::Json(Json::Object(_)))
    }

    /// The order of two values of one sort; `None` where there is none.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
            (Value::Int(a), Value::Double(b)) => compare_mixed(*a, *b),
            (Value::Double(a), Value::Int(b)) => compare_mixed(*b, *a).map(Ordering::reverse),
            (Value::Text(a), Value::Text(b)) => Some(a.as_ref().cmp(b.as_ref())),
            (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// As it reads inside a text.
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Value::Text(t) => t,
            Value::Null => Cow::Borrowed(""),
            other => Cow::Owned(other.shown()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(b) => b.to_string(),
            Value::Int(i) => i.to_string(),
            Value::Double(d) => d.to_string(),
            Value::Text(t) => t.to_string(),
            Value::Time(t) => t.to_string(),
            Value::Duration(d) => shown_duration(*d),
            Value::Json(json @ Json::Object(_)) => json.to_string(),
            list => {
                let items = list.items().unwrap_or_default();
                items.iter().map(Value::shown).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// As a custom field keeps it.
    pub fn into_json(self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(b),
            Value::Int(i) => Json::from(i),
            Value::Double(d) => Json::from(d),
            Value::Text(t) => Json::String(t.into_owned()),
            Value::Time(_) | Value::Duration(_) => Json::String(self.shown()),
            Value::Json(json) => json.clone(),
            list => Json::Array(list.items().unwrap_or_default().into_iter().map(Value::into_json).collect()),
        }
    }
}

/// As the values compare, not as they are written: 1 and 1.0 are one number.
fn same_json(a: &Json, b: &Json) -> bool {
    Value::of_json(a).equals(&Value::of_json(b))
}

/// Exact where a cast to a double would round.
fn compare_mixed(a: i64, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    if b >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if b < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let whole = b.trunc();
    Some(a.cmp(&(whole as i64)).then_with(|| 0.0f64.partial_cmp(&(b - whole)).unwrap_or(Ordering::Equal)))
}

/// `1h30m`, `45s`, `0s`.
pub(super) fn shown_duration(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let all = micros.unsigned_abs();
    let (hours, minutes, rest) = (all / 3_600_000_000, all / 60_000_000 % 60, all % 60_000_000);
    let mut text = String::from(sign);
    if hours > 0 {
        text.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}m"));
    }
    if rest > 0 || all == 0 {
        let seconds = rest as f64 / 1e6;
        text.push_str(&format!("{seconds}s"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_numbers_compare_exactly() {
        let big = 9_007_199_254_740_993; // 2^53 + 1, which no double holds
        assert_eq!(compare_mixed(big, 9_007_199_254_740_992.0), Some(Ordering::Greater));
        assert_eq!(compare_mixed(3, 3.5), Some(Ordering::Less));
        assert_eq!(compare_mixed(-3, -3.5), Some(Ordering::Greater));
        assert_eq!(compare_mixed(i64::MAX, f64::INFINITY), Some(Ordering::Less));
        assert_eq!(compare_mixed(0, f64::NAN), None);
    }

    #[test]
    fn durations_read_as_they_are_written() {
        assert_eq!(shown_duration(5_400_000_000), "1h30m");
        assert_eq!(shown_duration(-1_500_000), "-1.5s");
        assert_eq!(shown_duration(0), "0s");
    }
}
