//! Rules in shadow: their runs say what they would have done.

use uuid::Uuid;

use crate::command::scope::Scope;
use crate::model::activity::Activity;
use crate::model::words::RunVerdict;
use crate::workflow::{Rule, Waiting};

/// How many actions of a rule a run names.
const MOST_NAMED: usize = 20;

/// Records what a rule would do after an activity, once for each ticket in a command.
pub fn answer(scope: &mut Scope<'_>, waiting: Waiting<'_>, activity: &Activity, would: &[String]) -> RunVerdict {
    if scope.bounds.records_shadow(waiting.place, activity.ticket_id) {
        record(scope, waiting.rule, activity.position, activity.ticket_id, would);
    }
    RunVerdict::Shadow
}

/// `position`: of the activity that the rule was asked about; 0 before a change.
pub fn record(scope: &mut Scope<'_>, rule: &Rule, position: i64, ticket: Option<Uuid>, would: &[String]) {
    let id = scope.new_id();
    let run = scope.run_row(id, rule, position, ticket, RunVerdict::Shadow, told(rule, would));
    scope.asked.push(run);
}

fn told(rule: &Rule, would: &[String]) -> String {
    let mut all: Vec<String> = would.iter().take(MOST_NAMED).cloned().collect();
    if would.len() > MOST_NAMED {
        all.push(format!("and {} more", would.len() - MOST_NAMED));
    }
    if rule.stop {
        all.push("let no later rule run for this event".to_owned());
    }
    if all.is_empty() { "would do nothing".to_owned() } else { format!("would {}", all.join(", ")) }
}
