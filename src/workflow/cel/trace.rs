//! Evaluation that tells the value of every sub-expression, over facts of which some may be unknown.

use serde_json::Value as Json;

use super::ast::{Expr, ExprKind, Path};
use super::eval::evaluate_after;
use super::fault::Fault;
use crate::workflow::facts::Facts;
use crate::workflow::schema::Root;

/// An expression, and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    pub expression: String,
    pub outcome: Outcome,
    pub below: Vec<Traced>,
    /// It is what decides.
    pub decides: bool,
    /// Whether it is an `&&`.
    is_all: bool,
}

impl Traced {
    /// Points at what makes it false: the first part of an `&&` that is, else the whole.
    pub fn point(&mut self) {
        match self.below.iter_mut().find(|part| part.outcome.is(false)).filter(|_| self.is_all) {
            Some(part) => part.point(),
            None => self.decides = true,
        }
    }
}

impl Traced {
    /// What is pointed at.
    pub fn deciding(&self) -> Option<&Traced> {
        if self.decides { Some(self) } else { self.below.iter().find_map(Traced::deciding) }
    }

    /// `ticket.number is 42`; `None` where nobody can tell.
    pub fn in_words(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Value(Json::String(text)) => Some(format!("{} is '{text}'", self.expression)),
            Outcome::Value(value) => Some(format!("{} is {value}", self.expression)),
            Outcome::Fault(why) => Some(why.clone()),
            Outcome::Unknown(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Value(Json),
    /// Why it has none.
    Fault(String),
    /// Why nobody can tell.
    Unknown(String),
}

impl Outcome {
    pub fn is(&self, wanted: bool) -> bool {
        *self == Outcome::Value(Json::Bool(wanted))
    }
}

/// What of the facts is not what it was.
#[derive(Clone, Debug, Default)]
pub struct Unknowns {
    paths: Vec<(Path, String)>,
    /// Calendars, by the names that expressions have for them.
    calendars: Vec<(String, String)>,
}

impl Unknowns {
    /// Nobody knows a root.
    pub fn add(&mut self, root: Root, why: String) {
        self.add_field(root, &[], why);
    }

    /// Nobody knows a field of it, or what lies below that.
    pub fn add_field(&mut self, root: Root, names: &[&str], why: String) {
        self.paths.push((Path { root, names: names.iter().map(|name| (*name).to_owned()).collect() }, why));
    }

    /// Nobody knows the hours of a calendar.
    pub fn add_calendar(&mut self, name: &str, why: String) {
        self.calendars.push((name.to_owned(), why));
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.calendars.is_empty()
    }

    pub fn extend(&mut self, others: Unknowns) {
        self.paths.extend(others.paths);
        self.calendars.extend(others.calendars);
    }

    /// Why it is unknown what something reads that needs these roots, and any of these calendars.
    pub fn first(&self, needs: impl Fn(Root) -> bool) -> Option<&str> {
        let path = self.paths.iter().find(|(path, _)| needs(path.root)).map(|(_, why)| why);
        path.or_else(|| self.calendars.first().map(|(_, why)| why)).map(String::as_str)
    }

    fn why(&self, path: &Path) -> Option<&str> {
        let hides = |unknown: &Path| unknown.root == path.root && path.names.starts_with(&unknown.names);
        self.paths.iter().find(|(unknown, _)| hides(unknown)).map(|(_, why)| why.as_str())
    }

    /// Why a node by itself is unknown, whatever its parts are.
    fn of(&self, expr: &Expr) -> Option<String> {
        let why = match &expr.kind {
            ExprKind::Field(path) | ExprKind::Has(path) => self.why(path),
            ExprKind::Changed(changed) => {
                let field = changed.field.split('.').next().unwrap_or_default().to_owned();
                self.why(&Path { root: Root::Changes, names: vec![field] })
            }
            ExprKind::InHours(calendar, _) | ExprKind::BusinessMinutes(calendar, _) => {
                self.calendars.iter().find(|(name, _)| name == calendar).map(|(_, why)| why.as_str())
            }
            _ => None,
        };
        why.map(str::to_owned)
    }
}

/// What all expressions of one answer may cost together, in steps of the evaluator, and in bytes that are told.
const MOST_STEPS: usize = 2_000_000;
const MOST_BYTES: usize = 1024 * 1024;
/// Characters of one expression and of one text.
const MOST_CHARS: usize = 1_024;

/// Traces expressions, as many as it has means for.
#[derive(Debug)]
pub struct Tracer<'u> {
    unknowns: &'u Unknowns,
    steps: usize,
    bytes: usize,
}

impl<'u> Tracer<'u> {
    pub fn new(unknowns: &'u Unknowns) -> Tracer<'u> {
        Tracer { unknowns, steps: 0, bytes: 0 }
    }

    pub fn trace(&mut self, expr: &Expr, facts: &Facts<'_>) -> Traced {
        let all = if self.bytes > MOST_BYTES { Vec::new() } else { parts(expr) };
        let below: Vec<Traced> = all.into_iter().map(|part| self.trace(part, facts)).collect();
        let outcome = match self.unknown(expr, &below) {
            Some(why) => Outcome::Unknown(why),
            None => self.worth(expr, facts),
        };
        let expression = cut(expr.to_string());
        self.bytes += expression.len() + told(&outcome);
        Traced { expression, outcome, below, decides: false, is_all: matches!(expr.kind, ExprKind::And(_)) }
    }

    fn worth(&mut self, expr: &Expr, facts: &Facts<'_>) -> Outcome {
        if self.steps > MOST_STEPS {
            return Outcome::Fault(Fault::TooMuch.to_string());
        }
        let mut steps = 0;
        let value = match &expr.kind {
            // A whole thing has no value but that it is there.
            ExprKind::Field(path) if path.names.is_empty() && path.root.ty().is_whole() => {
                return match evaluate_after(&mut steps, expr, facts) {
                    Ok(_) => Outcome::Value(Json::String(format!("the {}", path.root.name()))),
                    Err(fault) => Outcome::Fault(fault.to_string()),
                };
            }
            _ => evaluate_after(&mut steps, expr, facts),
        };
        self.steps += steps;
        match value {
            Ok(value) => Outcome::Value(shortened(value.into_json())),
            Err(fault) => Outcome::Fault(fault.to_string()),
        }
    }

    /// Why the value of an expression is unknown, if it is, by what is known of its parts: one that decides leaves no doubt.
    fn unknown(&self, expr: &Expr, below: &[Traced]) -> Option<String> {
        let first = |all: &[Traced]| {
            all.iter().find_map(|part| match &part.outcome {
                Outcome::Unknown(why) => Some(why.clone()),
                _ => None,
            })
        };
        if let Some(why) = self.unknowns.of(expr) {
            return Some(why);
        }
        match &expr.kind {
            ExprKind::And(_) if below.iter().any(|part| part.outcome.is(false)) => None,
            ExprKind::Or(_) if below.iter().any(|part| part.outcome.is(true)) => None,
            ExprKind::Choose(_) => match below {
                [condition, yes, _] if condition.outcome.is(true) => first(std::slice::from_ref(yes)),
                [condition, _, no] if condition.outcome.is(false) => first(std::slice::from_ref(no)),
                _ => first(below),
            },
            // What is asked of each item is no part of its own.
            ExprKind::Loop(over) => {
                let mut all = first(below);
                let mut look = |e: &Expr| all = all.take().or_else(|| self.unknowns.of(e));
                over.body.walk(&mut look);
                if let Some(only) = &over.only {
                    only.walk(&mut look);
                }
                all
            }
            _ => first(below),
        }
    }
}

/// The parts of an expression that are worth something by themselves, but those that are written out.
fn parts(expr: &Expr) -> Vec<&Expr> {
    let all = match &expr.kind {
        ExprKind::Loop(over) => vec![&*over.range],
        _ => expr.children(),
    };
    let unfolded = all.into_iter().map(|part| match &part.kind {
        ExprKind::Call(super::ast::Function::Fold, args) => args.first().unwrap_or(part),
        _ => part,
    });
    match &expr.kind {
        // By their places.
        ExprKind::Choose(_) => unfolded.collect(),
        _ => unfolded.filter(|part| !is_written_out(part)).collect(),
    }
}

fn is_written_out(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::List(all) => all.iter().all(is_written_out),
        _ => false,
    }
}

fn told(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Value(Json::String(text)) | Outcome::Fault(text) | Outcome::Unknown(text) => text.len(),
        Outcome::Value(value @ (Json::Array(_) | Json::Object(_))) => value.to_string().len(),
        Outcome::Value(_) => 8,
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn shortened(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(cut(text)),
        Json::Array(_) | Json::Object(_) => {
            let text = value.to_string();
            if text.len() > MOST_CHARS { Json::String(cut(text)) } else { value }
        }
        other => other,
    }
}
