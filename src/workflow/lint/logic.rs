//! Whether conditions exclude each other, without evaluating them: equalities, words, bounds and `has()` of one field, in `&&` and
//! `||`. What it cannot tell, it takes to be possible.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::domain::Domain;
use crate::model::time::Instant;
use crate::workflow::cel;
use crate::workflow::cel::ast::{Changed, Compare, Expr, ExprKind, Function, Literal, Path};
use crate::workflow::facts::Facts;
use crate::workflow::schema::{Root, Type};

/// Nodes that are looked at for one answer; `||` multiplies them.
const MAX_LOOKS: usize = 1_000;

/// Nodes that may still be looked at, over many questions. Where they are used up, everything is possible.
pub struct Looks<'c>(pub &'c Cell<usize>);

impl Looks<'_> {
    /// Whether these can never be so at once.
    pub fn exclude_each_other(&self, known: &Known, wanted: &[Wanted<'_>]) -> bool {
        let least = self.0.get().saturating_sub(MAX_LOOKS);
        let mut state = State { known: known.clone(), seen: BTreeMap::new() };
        let mut looks = self.0.get() - least;
        let excluded = !possible(&mut state, wanted.to_vec(), Vec::new(), &mut looks);
        self.0.set(least + looks);
        excluded
    }
}

/// What is known beside the conditions.
#[derive(Clone, Debug, Default)]
pub struct Known {
    paths: BTreeMap<Path, (Domain, Type)>,
    /// Fields that did not change.
    unchanged: BTreeSet<String>,
}

impl Known {
    /// The field is one of these words.
    pub fn words<'w>(&mut self, root: Root, field: &str, words: impl IntoIterator<Item = &'w str>) {
        let all = words.into_iter().map(|word| Literal::Text(word.to_owned())).collect();
        self.domain(root, &[field], Type::Text).one_of(all);
    }

    pub fn is(&mut self, root: Root, field: &str, value: Literal) {
        self.domain(root, &[field], Type::Any).one_of(vec![value]);
    }

    pub fn is_not(&mut self, root: Root, field: &str, word: &str) {
        self.domain(root, &[field], Type::Any).is_not(Literal::Text(word.to_owned()));
    }

    pub fn is_there(&mut self, root: Root, field: &str) {
        self.domain(root, &[field], Type::Any).present(true);
    }

    /// These fields did not change.
    pub fn unchanged<'f>(&mut self, fields: impl IntoIterator<Item = &'f str>) {
        self.unchanged.extend(fields.into_iter().map(str::to_owned));
    }

    fn domain(&mut self, root: Root, names: &[&str], ty: Type) -> &mut Domain {
        let names = names.iter().flat_map(|name| name.split('.')).map(str::to_owned).collect();
        let path = Path { root, names };
        &mut self.paths.entry(path).or_insert_with(|| (Domain::default(), ty)).0
    }
}

/// A condition that is to hold, or is not to.
pub type Wanted<'e> = (&'e Expr, bool);

#[derive(Clone)]
struct State {
    known: Known,
    /// Conditions that are compared as they are written.
    seen: BTreeMap<String, bool>,
}

/// `open`: what is to hold in any case. `choices`: of each, one side.
fn possible<'e>(
    state: &mut State,
    mut open: Vec<Wanted<'e>>,
    mut choices: Vec<Vec<Wanted<'e>>>,
    looks: &mut usize,
) -> bool {
    while let Some((expr, wanted)) = open.pop() {
        let Some(left) = looks.checked_sub(1) else { return true };
        *looks = left;
        match (&expr.kind, wanted) {
            (ExprKind::Not(inner), _) => open.push((inner, !wanted)),
            (ExprKind::And(all), true) | (ExprKind::Or(all), false) => open.extend(all.iter().map(|e| (e, wanted))),
            (ExprKind::And(all), false) | (ExprKind::Or(all), true) => {
                choices.push(all.iter().map(|e| (e, wanted)).collect());
            }
            _ if !state.take(expr, wanted) => return false,
            _ => {}
        }
    }
    let Some(sides) = choices.pop() else { return true };
    sides.into_iter().any(|side| possible(&mut state.clone(), vec![side], choices.clone(), looks))
}

impl State {
    /// `false`: it cannot be beside what is known.
    fn take(&mut self, expr: &Expr, wanted: bool) -> bool {
        match &expr.kind {
            ExprKind::Literal(Literal::Bool(value)) => *value == wanted,
            ExprKind::Field(path) => self.narrow(path, Type::Bool, |d| d.one_of(vec![Literal::Bool(wanted)])),
            ExprKind::Has(path) => self.present(path, wanted),
            ExprKind::Changed(changed) => self.changed(changed, wanted, expr),
            ExprKind::Compare(how, a, b) => match (&a.kind, &b.kind) {
                (ExprKind::Field(path), ExprKind::Literal(value)) => self.compare(path, a.ty, *how, value, wanted),
                (ExprKind::Literal(value), ExprKind::Field(path)) => {
                    self.compare(path, b.ty, mirrored(*how), value, wanted)
                }
                _ => self.as_written(expr, wanted),
            },
            ExprKind::In(item, list) => match (&item.kind, &list.kind) {
                (ExprKind::Field(path), ExprKind::List(all)) => match literals(all) {
                    Some(all) if wanted => self.narrow(path, item.ty, |d| d.one_of(all)),
                    Some(all) => self.narrow(path, item.ty, |d| all.into_iter().for_each(|one| d.is_not(one))),
                    None => true,
                },
                _ => self.as_written(expr, wanted),
            },
            _ => self.as_written(expr, wanted),
        }
    }

    fn narrow(&mut self, path: &Path, ty: Type, how: impl FnOnce(&mut Domain)) -> bool {
        if !self.may_change(path) {
            return false;
        }
        let (domain, _) = self.known.paths.entry(path.clone()).or_insert_with(|| (Domain::default(), ty));
        how(domain);
        !domain.is_empty(ty)
    }

    fn present(&mut self, path: &Path, wanted: bool) -> bool {
        if !self.may_change(path) {
            return !wanted;
        }
        let (domain, ty) = self.known.paths.entry(path.clone()).or_insert_with(|| (Domain::default(), Type::Any));
        domain.present(wanted) && !domain.is_empty(*ty)
    }

    fn compare(&mut self, path: &Path, ty: Type, how: Compare, value: &Literal, wanted: bool) -> bool {
        let how = if wanted { how } else { negated(how) };
        self.narrow(path, ty, |domain| domain.compare(how, value.clone()))
    }

    fn changed(&mut self, changed: &Changed, wanted: bool, expr: &Expr) -> bool {
        let field = Path { root: Root::Changes, names: vec![changed.field.clone()] };
        if changed.field.starts_with("custom.") {
            return !(wanted && self.known.unchanged.contains("custom")) && self.as_written(expr, wanted);
        }
        if !wanted {
            let any = changed.from.is_none() && changed.to.is_none();
            return if any { self.present(&field, false) } else { self.as_written(expr, false) };
        }
        let sides = [("old", &changed.from), ("new", &changed.to)];
        self.present(&field, true)
            && sides.into_iter().filter_map(|(side, value)| Some((side, value.clone()?))).all(|(side, value)| {
                let path = Path { root: Root::Changes, names: vec![changed.field.clone(), side.to_owned()] };
                self.narrow(&path, Type::Any, |domain| domain.one_of(vec![value]))
            })
    }

    fn may_change(&self, path: &Path) -> bool {
        let (Root::Changes, Some(field)) = (path.root, path.names.first()) else { return true };
        !self.known.unchanged.contains(field)
    }

    /// A constant has a value; of anything else, the same words say the same.
    fn as_written(&mut self, expr: &Expr, wanted: bool) -> bool {
        if let Some(value) = constant(expr) {
            return value == wanted;
        }
        match written(expr) {
            Some(text) => *self.seen.entry(text).or_insert(wanted) == wanted,
            None => true,
        }
    }
}

/// The value of what reads nothing.
pub fn constant(expr: &Expr) -> Option<bool> {
    if !expr.roots().is_empty() || !expr.is_constant(0) {
        return None;
    }
    cel::holds(expr, &Facts::at(Instant(0), "")).ok()
}

/// The same for two conditions that say the same wherever they stand; `None` for those that have no short form.
fn written(expr: &Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Literal(literal) => format!("{literal:?}"),
        ExprKind::Field(path) => path.to_string(),
        ExprKind::Has(path) => format!("has({path})"),
        ExprKind::Changed(changed) => format!("{changed:?}"),
        ExprKind::InHours(calendar, time) => format!("in_hours({}, {calendar:?})", written(time)?),
        ExprKind::Compare(how, a, b) => format!("({} {} {})", written(a)?, how.symbol(), written(b)?),
        ExprKind::In(a, b) => format!("({} in {})", written(a)?, written(b)?),
        ExprKind::Matches(text, pattern) => format!("{}.matches({:?})", written(text)?, pattern.source()),
        ExprKind::Call(function, args) => call(*function, args)?,
        _ => return None,
    })
}

fn call(function: Function, args: &[Expr]) -> Option<String> {
    let args: Option<Vec<String>> = args.iter().map(written).collect();
    Some(format!("{}({})", function.name(), args?.join(", ")))
}

fn literals(all: &[Expr]) -> Option<Vec<Literal>> {
    let literal = |expr: &Expr| if let ExprKind::Literal(value) = &expr.kind { Some(value.clone()) } else { None };
    all.iter().map(literal).collect()
}

fn negated(how: Compare) -> Compare {
    match how {
        Compare::Equal => Compare::NotEqual,
        Compare::NotEqual => Compare::Equal,
        Compare::Less => Compare::GreaterOrEqual,
        Compare::LessOrEqual => Compare::Greater,
        Compare::Greater => Compare::LessOrEqual,
        Compare::GreaterOrEqual => Compare::Less,
    }
}

fn mirrored(how: Compare) -> Compare {
    match how {
        Compare::Less => Compare::Greater,
        Compare::LessOrEqual => Compare::GreaterOrEqual,
        Compare::Greater => Compare::Less,
        Compare::GreaterOrEqual => Compare::LessOrEqual,
        same => same,
    }
}
