//! Who works on a ticket.

use std::sync::Arc;

use serde_json::Value;

use super::record::{Note, change};
use super::scope::Scope;
use super::{Stop, World};
use crate::model::activity_type::ActivityType;
use crate::model::ticket::Ticket;

/// `None` = keep, `Some("")` = clear; agent and team in one activity. Any id goes: people are other systems' business.
pub fn apply(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    assignee: Option<&str>,
    team: Option<&str>,
    explanation: Option<Value>,
) -> Result<Arc<Ticket>, Stop> {
    let note = Note { explanation, ..Note::of(ActivityType::TicketAssigned) };
    change(world, scope, &ticket, note, |t| {
        if let Some(assignee) = assignee {
            assignee.clone_into(&mut t.assignee_id);
        }
        if let Some(team) = team {
            team.clone_into(&mut t.team_id);
        }
    })
}
