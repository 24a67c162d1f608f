//! What is left of a value when several conditions on it hold at once.

use std::cmp::Ordering;

use crate::workflow::cel::Value;
use crate::workflow::cel::ast::{Compare, Literal};
use crate::workflow::schema::Type;

/// The values that one path can have. A condition is only true of what is there, so each of them but [`Domain::absent`] says that it is.
#[derive(Clone, Debug, Default)]
pub struct Domain {
    /// What `has()` says.
    present: Option<bool>,
    /// One of these; `None` where none was named.
    among: Option<Vec<Literal>>,
    not: Vec<Literal>,
    bounds: Vec<(Compare, Literal)>,
}

impl Domain {
    pub fn present(&mut self, there: bool) -> bool {
        if self.present.is_some_and(|before| before != there) {
            return false;
        }
        self.present = Some(there);
        true
    }

    pub fn one_of(&mut self, values: Vec<Literal>) {
        self.among = Some(match self.among.take() {
            None => values,
            Some(before) => before.into_iter().filter(|one| values.iter().any(|other| same(one, other))).collect(),
        });
    }

    pub fn is_not(&mut self, value: Literal) {
        self.not.push(value);
    }

    pub fn compare(&mut self, how: Compare, value: Literal) {
        match how {
            Compare::Equal => self.one_of(vec![value]),
            Compare::NotEqual => self.is_not(value),
            _ => self.bounds.push((how, value)),
        }
    }

    /// Whether no value is left.
    pub fn is_empty(&self, ty: Type) -> bool {
        let closed = || match ty {
            Type::Enum(words) => Some(words.words.iter().map(|word| Literal::Text((*word).to_owned())).collect()),
            Type::Bool => Some(vec![Literal::Bool(true), Literal::Bool(false)]),
            _ => None,
        };
        match self.among.clone().or_else(closed) {
            Some(values) => !values.iter().any(|value| self.takes(value)),
            None if self.present == Some(false) => !self.bounds.is_empty(),
            None => self.bounds_exclude_each_other(),
        }
    }

    fn takes(&self, value: &Literal) -> bool {
        // `has()` of an empty text is false.
        let there = !matches!(value, Literal::Null) && !matches!(value, Literal::Text(text) if text.is_empty());
        self.present.is_none_or(|present| present == there)
            && !self.not.iter().any(|other| same(value, other))
            && self.bounds.iter().all(|(how, bound)| in_order(value, *how, bound) != Some(false))
    }

    fn bounds_exclude_each_other(&self) -> bool {
        let lower = |how: Compare| matches!(how, Compare::Greater | Compare::GreaterOrEqual);
        let strict = |how: Compare| matches!(how, Compare::Greater | Compare::Less);
        self.bounds.iter().filter(|(how, _)| lower(*how)).any(|(above, low)| {
            self.bounds.iter().filter(|(how, _)| !lower(*how)).any(|(below, high)| match order(low, high) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => strict(*above) || strict(*below),
                _ => false,
            })
        })
    }
}

fn same(a: &Literal, b: &Literal) -> bool {
    Value::of_literal(a).equals(&Value::of_literal(b))
}

fn order(a: &Literal, b: &Literal) -> Option<Ordering> {
    Value::of_literal(a).compare(&Value::of_literal(b))
}

fn in_order(value: &Literal, how: Compare, bound: &Literal) -> Option<bool> {
    let order = order(value, bound)?;
    Some(match how {
        Compare::Less => order.is_lt(),
        Compare::LessOrEqual => order.is_le(),
        Compare::Greater => order.is_gt(),
        Compare::GreaterOrEqual => order.is_ge(),
        Compare::Equal => order.is_eq(),
        Compare::NotEqual => order.is_ne(),
    })
}
