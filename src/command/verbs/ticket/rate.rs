//! RateTicket: the requester's satisfaction.

use super::proposal::Proposal;
use crate::command::access::{self, Right};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World};
use crate::model::ticket::{Ticket, TicketRef};

/// For tickets that are done.
#[derive(Clone, Debug)]
pub struct RateTicket {
    pub ticket: TicketRef,
    pub etag: String,
    /// 1 to 5.
    pub satisfaction: f64,
    pub comment: String,
}

impl Verb for RateTicket {
    fn name(&self) -> &'static str {
        "rate_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Requester)?;
        if !ticket.status.is_done() {
            let advice = "rate it once it is resolved";
            let (name, status) = (ticket.display_number(), ticket.status);
            return Err(Refusal::NotDone { name, verb: "rate", status, advice }.into());
        }
        let (satisfaction, satisfaction_comment) = (Some(self.satisfaction), self.comment.clone());
        let after = Ticket { satisfaction, satisfaction_comment, ..Ticket::clone(&ticket) };
        Ok(Proposal::new(ticket, after).carry_out(world, scope)?.into())
    }
}
