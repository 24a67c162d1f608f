//! AssignTicket: agent and team.

use std::sync::Arc;

use serde_json::Value;

use crate::command::access::{self, Right};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::verbs::before;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, World};
use crate::model::activity_type::ActivityType;
use crate::model::ticket::{Ticket, TicketRef};
use crate::workflow::BeforeEvent;

/// `None` = keep, `Some("")` = clear.
#[derive(Clone, Debug)]
pub struct AssignTicket {
    pub ticket: TicketRef,
    pub etag: String,
    pub assignee_id: Option<String>,
    pub team_id: Option<String>,
}

impl Verb for AssignTicket {
    fn name(&self) -> &'static str {
        "assign_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.agent(self.assignee_id.as_deref().unwrap_or_default());
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Write)?;
        let ticket = before::verb(world, scope, ticket, &[BeforeEvent::Assigning])?;
        let (assignee, team) = (self.assignee_id.as_deref(), self.team_id.as_deref());
        Ok(apply(world, scope, ticket, assignee, team, None)?.into())
    }
}

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
