//! How much the rules of a set may wait for: marks of clocks, timers and schedules.

use std::collections::BTreeSet;

use super::diagnostic::{Diagnostic, Severity};
use super::rule::Rule;
use super::trigger::Mark;

/// Each is kept with every clock that has still to come to it.
const MAX_MARKS: usize = 50;
/// Each write of a ticket looks at all of them.
const MAX_TIMERS: usize = 50;
/// Each is looked at several times a second.
const MAX_SCHEDULES: usize = 50;

/// What there is too much of.
pub fn exceeded(rules: &[Rule]) -> Vec<Diagnostic> {
    let timers = too_many_timed(rules, "timers", MAX_TIMERS, |rule| rule.timers.len());
    let schedules = too_many_timed(rules, "schedules", MAX_SCHEDULES, |rule| rule.schedules.len());
    [too_many_marks(rules), timers, schedules].into_iter().flatten().collect()
}

fn too_many_marks(rules: &[Rule]) -> Option<Diagnostic> {
    let mut marks: BTreeSet<Mark> = BTreeSet::new();
    let rule = rules.iter().filter(|rule| rule.enabled).find(|rule| {
        marks.extend(rule.marks());
        marks.len() > MAX_MARKS
    })?;
    Some(Diagnostic {
        severity: Severity::Error,
        code: "too-many-marks",
        message: format!("the rules wait for more than {MAX_MARKS} marks of SLA clocks"),
        hint: "let several rules wait for the same mark".into(),
        file: rule.file.clone(),
        line: rule.line,
        column: 1,
    })
}

fn too_many_timed(rules: &[Rule], what: &str, most: usize, of: impl Fn(&Rule) -> usize) -> Option<Diagnostic> {
    let mut all = 0;
    let rule = rules.iter().filter(|rule| rule.enabled).find(|rule| {
        all += of(rule);
        all > most
    })?;
    Some(Diagnostic {
        severity: Severity::Error,
        code: "too-many-timers",
        message: format!("the rules have more than {most} {what}"),
        hint: "let one rule do several things, each under an `if` of its own".into(),
        file: rule.file.clone(),
        line: rule.line,
        column: 1,
    })
}
