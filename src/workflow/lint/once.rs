//! Two rules with `once: per_ticket`: the issue of the first is the only one.

use super::at_write;
use crate::workflow::diagnostic::Diagnostic;
use crate::workflow::needs::{ISSUES, Write};
use crate::workflow::rule::Rule;

pub fn find(rules: &[Rule]) -> Vec<Diagnostic> {
    let plain = |write: &&Write| write.field == ISSUES && write.value.as_ref().is_some_and(|key| key == "");
    let mut making = rules
        .iter()
        .filter(|rule| rule.enabled)
        .filter_map(|rule| rule.needs.writes.iter().find(plain).map(|write| (rule, write)));
    let Some((first, _)) = making.next() else { return Vec::new() };
    making.map(|(rule, write)| warn(first, rule, write)).collect()
}

fn warn(first: &Rule, rule: &Rule, write: &Write) -> Diagnostic {
    let (a, b) = (&first.name, &rule.name);
    let message = format!(
        "`{b}` makes no issue for a ticket that `{a}` made one for: `once: per_ticket` counts those of all rules"
    );
    at_write("once", rule, write, message, "name a key: once: {key: …} is one for each ticket and key")
}
