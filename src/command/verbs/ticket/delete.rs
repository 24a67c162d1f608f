//! DeleteTicket and UndeleteTicket.

use crate::command::access::{self, Right};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::verbs::before;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, World};
use crate::model::activity_type::ActivityType;
use crate::model::ticket::TicketRef;
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
        let ticket = before::verb(world, scope, ticket, &[BeforeEvent::Deleting])?;
        let deleted = change(world, scope, &ticket, Note::of(ActivityType::TicketDeleted), |t| {
            t.deleted_at = Some(scope.now);
            t.deleted_by.clone_from(&scope.actor.id);
        })?;
        Ok(deleted.into())
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
