//! `limits` of rules: their runs are counted in the ticket's row.

use std::sync::Arc;

use uuid::Uuid;

use super::bounds::Bound;
use crate::command::World;
use crate::command::scope::Scope;
use crate::model::ticket::Ticket;
use crate::workflow::Rule;

/// Notes on the ticket that the rule runs now; or says which limit holds it back.
pub fn count(world: &mut World, scope: &Scope<'_>, rule: &Rule, ticket: Option<Uuid>) -> Option<Bound> {
    let limit = rule.limit?;
    let ticket = world.tickets.get(&ticket?).flatten()?.clone();
    if ticket.rule_runs.exhausted(&rule.name, limit, scope.now) {
        return Some(Bound::Often(limit));
    }
    let limit_of = |name: &str| scope.rules.rule(name).and_then(|rule| rule.limit);
    let Some(rule_runs) = ticket.rule_runs.with(&rule.name, scope.now, limit_of) else { return Some(Bound::Runs) };
    let counted = Ticket { rule_runs, ..Ticket::clone(&ticket) };
    world.tickets.put(counted.id, Arc::new(counted));
    None
}
