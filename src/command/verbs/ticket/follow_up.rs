//! Follow-up tickets of tickets that are done.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::create::{draft, finish};
use super::reopen;
use super::update::put;
use crate::command::access::{self, Right};
use crate::command::action::{NewTicket, TicketEdit};
use crate::command::record::{Note, beside};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::ticket::{Ticket, TicketRef, ticket_fields};

/// What `with` leaves out is the original's.
#[derive(Clone, Debug)]
pub struct CreateFollowUp {
    pub ticket: TicketRef,
    pub etag: String,
    pub with: TicketEdit,
}

impl Verb for CreateFollowUp {
    fn name(&self) -> &'static str {
        "create_follow_up"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.agent(self.with.assignee_id.as_deref().unwrap_or_default());
        wants.policy(&self.with.policy_name);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Requester)?;
        reopen::may_follow_up(world, scope, &ticket)?;
        Ok(follow_up(world, scope, &ticket, &self.with)?.into())
    }
}

/// A ticket that follows one that is done, and the word of it on that one. What `with` leaves out is the original's, or not
/// taken over at all: a description, who works on it, what it is about.
pub fn follow_up(
    world: &mut World,
    scope: &mut Scope<'_>,
    of: &Arc<Ticket>,
    with: &TicketEdit,
) -> Result<Arc<Ticket>, Stop> {
    if !of.status.is_done() {
        let advice = "it is still worked on: write to it, or create a ticket of its own";
        let (name, status) = (of.display_number(), of.status);
        return Err(Refusal::NotDone { name, verb: "follow up", status, advice }.into());
    }
    let new = NewTicket { custom: Value::Object(Map::new()), ..follower(of) };
    let draft = Ticket { follow_up_of: Some(of.id), app_id: of.app_id.clone(), ..draft(world, scope, &new) };
    let mut ticket = put(world, &draft, with)?;
    if scope.is_requester() {
        access::in_own_name(&ticket, &of.requester_id, &of.requester_email)?;
        ticket.requester_id.clone_from(&of.requester_id);
        ticket.requester_email.clone_from(&of.requester_email);
        ticket.organization_id.clone_from(&of.organization_id);
        if ticket.requester_name.is_empty() {
            ticket.requester_name.clone_from(&of.requester_name);
        }
    }
    let ticket = finish(world, scope, ticket, Some(of))?;
    let data = Some(json!({ "follow_up_id": id::show(id::TICKET, ticket.id) }));
    beside(world, scope, of, Note { data, ..Note::of(ActivityType::TicketFollowedUp) });
    Ok(ticket)
}

/// `subject: …, write subject copied` is taken over by a ticket that follows up, and what is not `copied` is left empty.
macro_rules! follower {
    ($docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt
        ($($name:ident $check:ident $($how:ident)*)?) $edit:tt $told:tt;
    )+ }) => {
        fn follower(of: &$row) -> NewTicket {
            NewTicket { $($($field: copied!([$($how)*] of.$field),)?)+ ..NewTicket::default() }
        }
    };
}

macro_rules! copied {
    ([copied $(apart)?] $value:expr) => {
        $value.clone()
    };
    ([$(apart)?] $value:expr) => {
        Default::default()
    };
}

ticket_fields! { follower }
