//! DeleteTicket and UndeleteTicket.

use super::proposal::Proposal;
use crate::command::access::{self, Right};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, World};
use crate::model::activity_type::ActivityType;
use crate::model::ticket::{Ticket, TicketRef};
use crate::workflow::BeforeEvent;

/// Deleting it again changes nothing.
#[derive(Clone, Debug)]
pub struct DeleteTicket {
    pub ticket: TicketRef,
    pub etag: String,
}

impl Verb for DeleteTicket {
    fn name(&self) -> &'static str {
        "delete_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Deleted)?;
        if ticket.deleted_at.is_some() {
            return Ok(ticket.into());
        }
        let (now, by) = (scope.now, scope.actor.id.clone());
        let delete = |t: &mut Ticket| {
            t.deleted_at = Some(now);
            t.deleted_by.clone_from(&by);
        };
        let mut after = Ticket::clone(&ticket);
        delete(&mut after);
        let agreed = Proposal::new(ticket, after).ask(world, scope, Some(BeforeEvent::Deleting), None)?;
        let ticket = agreed.write_fields(world, scope)?;
        let ticket = agreed.write_status(world, scope, ticket)?;
        let deleted = change(world, scope, &ticket, Note::of(ActivityType::TicketDeleted), delete)?;
        Ok(agreed.report(world, scope, deleted).into())
    }
}

/// Of one that is not deleted it changes nothing.
#[derive(Clone, Debug)]
pub struct UndeleteTicket {
    pub ticket: TicketRef,
    pub etag: String,
}

impl Verb for UndeleteTicket {
    fn name(&self) -> &'static str {
        "undelete_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Deleted)?;
        let restored = change(world, scope, &ticket, Note::of(ActivityType::TicketRestored), |t| {
            t.deleted_at = None;
            t.deleted_by = String::new();
        })?;
        Ok(restored.into())
    }
}
