//! Before-rules of a verb: they run first, and their edits are written before the verb's own change.

use std::sync::Arc;

use super::ticket::update;
use crate::command::react::before::{Amendment, Asked, ask};
use crate::command::scope::Scope;
use crate::command::{Stop, World};
use crate::model::change::difference;
use crate::model::ticket::Ticket;
use crate::workflow::BeforeEvent;

/// Over the ticket as an update would leave it.
pub fn change(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    would_be: &Ticket,
) -> Result<Arc<Ticket>, Stop> {
    let changes = difference(&ticket, would_be).changes;
    let updating = Asked { ticket: would_be, before: Some(&ticket), changes: &changes, message: None };
    let amendment = ask(world, scope, &[(BeforeEvent::Updating, updating)])?;
    amend(world, scope, ticket, &amendment)
}

/// Those of these events, over the ticket as it is.
pub fn verb(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    events: &[BeforeEvent],
) -> Result<Arc<Ticket>, Stop> {
    let asked: Vec<_> = events.iter().map(|event| (*event, Asked::of(&ticket))).collect();
    let amendment = ask(world, scope, &asked)?;
    amend(world, scope, ticket, &amendment)
}

/// Writes what the rules edit.
pub fn amend(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    amendment: &Amendment,
) -> Result<Arc<Ticket>, Stop> {
    if amendment.is_empty() {
        return Ok(ticket);
    }
    let edit = amendment.onto(&ticket.tags, None);
    update::apply(world, scope, ticket, &edit)
}
