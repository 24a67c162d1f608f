//! Records of rules whose activities do not tell what became of them: runs, and the activities about rules.

use serde_json::json;
use uuid::Uuid;

use crate::command::World;
use crate::command::record::{self, Note};
use crate::command::scope::Scope;
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::ledger::Run;
use crate::model::words::RunVerdict;
use crate::workflow::Rule;

/// A run of a rule on this activity.
pub fn run(scope: &Scope<'_>, id: Uuid, rule: &Rule, on: &Activity, verdict: RunVerdict, reason: String) -> Run {
    scope.run_row(id, rule, on.position, on.ticket_id, verdict, reason)
}

/// An activity about a rule, on the ticket that it was about.
pub fn tell(
    world: &mut World,
    scope: &Scope<'_>,
    about: (i64, Option<Uuid>),
    kind: ActivityType,
    rule: &Rule,
    reason: String,
) {
    let (position, ticket) = about;
    let data = Some(json!({ "workflow": rule.name, "position": position, "reason": reason }));
    record::about(world, scope, ticket, Note { data, ..Note::of(kind) });
}

/// Counts a verdict by the rule's place in the set.
pub fn tally(world: &mut World, place: usize, verdict: RunVerdict) {
    world.tally.push((place, verdict));
}
