//! Two rules with `once: per_ticket`: the one that comes first makes the only issue of a ticket.

use super::at_write;
use crate::workflow::diagnostic::Diagnostic;
use crate::workflow::needs::{ISSUES, Write};
use crate::workflow::rule::Rule;

pub fn find(rules: &[Rule]) -> Vec<Diagnostic> {
    let plain = |write: &&Write| write.field == ISSUES && write.value.as_ref().is_some_and(|key| key == "");
    // Those of some tenants only may be for different ones.
    let mut making = rules
        .iter()
        .filter(|rule| rule.acts() && !rule.is_selective())
        .filter_map(|rule| rule.needs.writes.iter().find(plain).map(|write| (rule, write)));
    let Some((first, _)) = making.next() else { return Vec::new() };
    making.map(|(rule, write)| warn(first, rule, write)).collect()
}

fn warn(first: &Rule, rule: &Rule, write: &Write) -> Diagnostic {
    let message = format!("`{}` and `{}` make one issue for a ticket between them", first.name, rule.name);
    at_write(
        "same-issue",
        rule,
        write,
        message,
        &format!("write once: {{key: {}}} where both are to make one", rule.name),
    )
}
