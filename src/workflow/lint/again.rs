//! Timers that count anew from what their own rule does, each time that it runs.

use super::at_write;
use crate::workflow::diagnostic::Diagnostic;
use crate::workflow::needs::{MESSAGES, Write};
use crate::workflow::rule::Rule;
use crate::workflow::timer::Timer;

/// Only where nothing can end it: no condition, and no limit.
pub fn find(rules: &[Rule]) -> Vec<Diagnostic> {
    let endless = rules.iter().filter(|rule| rule.acts() && rule.limit.is_none() && !rule.has_condition());
    endless.filter_map(|rule| rule.timers.iter().find_map(|timer| of(rule, timer))).collect()
}

fn of(rule: &Rule, timer: &Timer) -> Option<Diagnostic> {
    let field = timer.unconditional()?;
    let begins_anew = |write: &&Write| {
        let message = write.field == MESSAGES;
        let another = write.is_one_value && write.value.is_none();
        write.guards.is_empty() && (message || (another && field == "updated_at"))
    };
    let write = rule.needs.writes.iter().find(begins_anew)?;
    let message = format!(
        "`{}` begins anew by what it does here, which changes ticket.{field}: it repeats without end",
        rule.name
    );
    let hint = "count from a time that it leaves alone, or add `while`, `if` or `limits`";
    Some(at_write("repeats", rule, write, message, hint))
}
