//! Warnings of what loads and cannot do what its author wants: within a rule, and between the rules of a set.

mod again;
mod chains;
mod conditions;
mod conflicts;
mod domain;
mod expressions;
mod heard;
mod logic;
mod once;
mod unheard;

use std::cell::Cell;

use super::diagnostic::{Diagnostic, Problem, Severity};
use super::needs::Write;
use super::rule::Rule;
pub use conditions::impossible;
pub use expressions::{expression, text};
pub use logic::Looks;

/// Pairs of rules that are compared at most: a set with more of one kind is not looked at to the end.
const MAX_PAIRS: usize = 20_000;
/// What comparing them may cost.
const LOOKS_ACROSS: usize = 1_000_000;
/// What the conditions of one file may cost.
pub const LOOKS_IN_FILE: usize = 20_000;

/// Warnings about rules beside each other, in the order in which they run.
pub fn across(rules: &[Rule]) -> Vec<Diagnostic> {
    let looks = Cell::new(LOOKS_ACROSS);
    let mut found = conflicts::find(rules, &Looks(&looks));
    found.extend(chains::find(rules, &Looks(&looks)));
    found.extend(again::find(rules));
    found.extend(once::find(rules));
    found.extend(unheard::find(rules));
    found
}

fn warning(code: &'static str, at: usize, message: impl Into<String>, hint: impl Into<String>) -> Problem {
    Problem { severity: Severity::Warning, code, at, message: message.into(), hint: hint.into() }
}

/// A warning where a rule writes.
fn at_write(code: &'static str, rule: &Rule, write: &Write, message: String, hint: &str) -> Diagnostic {
    let (severity, hint, file) = (Severity::Warning, hint.to_owned(), rule.file.clone());
    Diagnostic { severity, code, message, hint, file, line: write.line, column: write.column }
}
