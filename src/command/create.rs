//! New tickets: a caller's, and the one that follows a ticket that is done.

use std::sync::Arc;

use uuid::Uuid;

use serde_json::{Map, Value, json};

use super::action::{NewTicket, TicketEdit};
use super::react::before;
use super::record::{self, Note, SCHEMA_VERSION, beside};
use super::scope::{Scope, is_requester_only};
use super::{Refusal, Stop, World, edit, limits, tenant};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::lifecycle::{Verb, reachable};
use crate::model::ticket::{Ticket, ticket_fields};
use crate::model::words::Status;
use crate::workflow::BeforeEvent;

/// Makes a ticket, once the before-rules had their say.
pub fn create(world: &mut World, scope: &mut Scope<'_>, new: &NewTicket) -> Result<Arc<Ticket>, Stop> {
    let mut ticket = draft(world, scope, new);
    if is_requester_only(scope.caller()) {
        scope.caller().sub().clone_into(&mut ticket.requester_id);
    }
    finish(world, scope, ticket, None)
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
    let mut ticket = edit::would_be(&draft, with);
    if scope.is_requester() {
        ticket.requester_id.clone_from(&of.requester_id);
    }
    // What it takes over from the original was allowed there.
    let ticket = finish(world, scope, ticket, Some(of))?;
    let data = Some(json!({ "follow_up_id": id::show(id::TICKET, ticket.id) }));
    beside(world, scope, of, Note { data, ..Note::of(ActivityType::TicketFollowedUp) });
    Ok(ticket)
}

fn finish(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Ticket,
    follows: Option<&Ticket>,
) -> Result<Arc<Ticket>, Stop> {
    let asked = before::Asked { ticket: &ticket, before: None, changes: &[], message: None };
    let amendment = before::ask(world, scope, &[(BeforeEvent::Creating, asked)])?;
    let edit = amendment.onto(&ticket.tags, None);
    let ticket = edit::would_be(&ticket, &edit);
    if ticket.status != Status::Open {
        let advice = "a new ticket is OPEN; move it once it is there".to_owned();
        return Err(Refusal::IllegalTransition {
            name: ticket.display_number(),
            verb: Verb::Update,
            from: Status::Open,
            to: Some(ticket.status),
            allowed: reachable(Status::Open),
            advice,
        }
        .into());
    }
    limits::check(None, &ticket)?;
    tenant::allows(world, follows, &ticket)?;
    record::create(world, scope, ticket)
}

/// `subject: …, write subject copied` is taken over by a ticket that follows up, and what is not `copied` is left empty.
macro_rules! follower {
    ($docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt
        ($($name:ident $check:ident $($how:ident)*)?) $edit:tt $told:tt;
    )+ }) => {
        fn follower(of: &$row) -> NewTicket {
            NewTicket { $($($field: copied!([$($how)*] of.$field),)?)+ }
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

fn draft(world: &World, scope: &mut Scope<'_>, new: &NewTicket) -> Ticket {
    let id: Uuid = scope.new_id();
    Ticket {
        tenant_id: scope.tenant().to_owned(),
        id,
        number: world.head.last_number + 1,
        status: Status::Open,
        app_id: scope.app_id().to_owned(),
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        schema_version: SCHEMA_VERSION,
        etag_version: 1,
        ..new.clone().into_row()
    }
}
