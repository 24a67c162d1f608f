//! Custom events that rules wait for, and that no rule emits.

use std::collections::BTreeSet;

use crate::workflow::diagnostic::{Diagnostic, Severity, suggest};
use crate::workflow::event::{ANY_CUSTOM, is_custom};
use crate::workflow::needs::Custom;
use crate::workflow::rule::Rule;

/// Only rules make custom events.
pub fn find(rules: &[Rule]) -> Vec<Diagnostic> {
    let enabled = || rules.iter().filter(|rule| rule.enabled);
    let writes = enabled().flat_map(|rule| &rule.needs.writes);
    let emitted: BTreeSet<&str> =
        writes.flat_map(|write| &write.emits).map(|kind| kind.as_str()).filter(|kind| is_custom(kind)).collect();
    let happens = |name: &str| if name == ANY_CUSTOM { !emitted.is_empty() } else { emitted.contains(name) };
    let waits = enabled().flat_map(|rule| rule.needs.customs.iter().map(move |custom| (rule, custom)));
    let warning = |(rule, custom): (&Rule, &Custom)| Diagnostic {
        severity: Severity::Warning,
        code: "never-happens",
        message: format!("no rule emits the event `{}`", custom.name),
        hint: match emitted.is_empty() {
            true => format!("emit: {{type: {}}} in another rule makes one", custom.name.replace('*', "paid")),
            false => suggest(&custom.name, emitted.iter().copied()),
        },
        file: rule.file.clone(),
        line: custom.line,
        column: custom.column,
    };
    waits.filter(|(_, custom)| !happens(&custom.name)).map(warning).collect()
}
