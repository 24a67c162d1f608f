//! AssignTicket: agent and team.

use super::proposal::Proposal;
use crate::command::access::{self, Right};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, World};
use crate::model::ticket::{Ticket, TicketRef};

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
        let after = assigned(&ticket, self.assignee_id.as_deref(), self.team_id.as_deref());
        Ok(Proposal::new(ticket, after).carry_out(world, scope)?.into())
    }
}

/// `None` = keep, `Some("")` = clear. Any id goes: people are other systems' business.
pub fn assigned(ticket: &Ticket, assignee: Option<&str>, team: Option<&str>) -> Ticket {
    let mut after = ticket.clone();
    if let Some(assignee) = assignee {
        assignee.clone_into(&mut after.assignee_id);
    }
    if let Some(team) = team {
        team.clone_into(&mut after.team_id);
    }
    after
}
