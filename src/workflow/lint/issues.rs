//! Rules that make one issue for a ticket between them.

use crate::workflow::diagnostic::{Diagnostic, Severity};
use crate::workflow::rule::Rule;

/// Of several rules, the one that comes first makes the only issue of a ticket.
pub fn find(rules: &[Rule]) -> Vec<Diagnostic> {
    let mut all = rules.iter().filter(|rule| rule.makes_the_issue());
    let Some(first) = all.next() else { return Vec::new() };
    let warning = |rule: &Rule| Diagnostic {
        severity: Severity::Warning,
        code: "same-issue",
        message: format!("`{}` and `{}` make one issue for a ticket between them", first.name, rule.name),
        hint: format!("write once: {{key: {}}} where both are to make one", rule.name),
        file: rule.file.clone(),
        line: rule.line,
        column: 1,
    };
    all.map(warning).collect()
}
