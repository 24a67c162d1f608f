//! Who speaks in a message: the person is judged, and not the token.

use crate::command::access;
use crate::command::action::NewMessage;
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Stop, World};
use crate::identity::{PROGRAMS, STAFF};
use crate::model::address;
use crate::model::directory::{Agent, Contact};
use crate::model::ticket::Ticket;
use crate::model::words::AuthorKind;

/// A program speaks for whom it names, who may be an agent.
pub fn wants(new: &NewMessage, wants: &mut Wants<'_>) {
    if wants.caller.roles().intersects(PROGRAMS) {
        let own = new.author_id.is_empty() && new.author_email.is_empty();
        let sub = wants.caller.sub();
        wants.agent(if own { sub } else { &new.author_id });
    }
}

/// The author's id, address and kind. Programs may write for somebody else.
pub fn author(
    world: &World,
    scope: &Scope<'_>,
    ticket: &Ticket,
    new: &NewMessage,
) -> Result<(String, String, AuthorKind), Stop> {
    if scope.cause.is_some() {
        let kind = if new.goodbye { AuthorKind::System } else { AuthorKind::Service };
        return Ok((scope.actor.id.clone(), String::new(), kind));
    }
    let caller = scope.caller();
    let named = !new.author_id.is_empty() || !new.author_email.is_empty();
    let by_mail = is_of_requester(world, ticket, &new.author_email)?;
    let id = match () {
        () if !named => caller.sub(),
        () if by_mail && new.author_id.is_empty() => ticket.requester_id.as_str(),
        () => new.author_id.as_str(),
    };
    if named && id != caller.sub() && !caller.roles().intersects(PROGRAMS) {
        let what = "only the service and importer roles write messages for somebody else";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    if !new.author_email.is_empty() && !by_mail && caller.writes_as_requester() {
        access::reserved(vec!["message.author_email".to_owned()])?;
    }
    let kind = kind(world, scope, ticket, id, by_mail)?;
    Ok((id.to_owned(), new.author_email.clone(), kind))
}

fn kind(world: &World, scope: &Scope<'_>, ticket: &Ticket, id: &str, by_mail: bool) -> Result<AuthorKind, Stop> {
    let caller = scope.caller();
    if !id.is_empty() && id == ticket.requester_id {
        return Ok(AuthorKind::Requester);
    }
    if id == caller.sub() && caller.roles().intersects(STAFF) {
        return Ok(AuthorKind::Agent);
    }
    if !id.is_empty() && world.entry::<Agent>(id)?.is_some() {
        return Ok(AuthorKind::Agent);
    }
    if by_mail || is_requester(world, ticket, id)? {
        return Ok(AuthorKind::Requester);
    }
    Ok(AuthorKind::Service)
}

/// Whether an address is that of the ticket's requester: in the ticket, or in the directory.
fn is_of_requester(world: &World, ticket: &Ticket, email: &str) -> Result<bool, Stop> {
    if email.is_empty() {
        return Ok(false);
    }
    if address::same(email, &ticket.requester_email) {
        return Ok(true);
    }
    if ticket.requester_id.is_empty() {
        return Ok(false);
    }
    let contact = world.entry::<Contact>(&ticket.requester_id)?;
    Ok(contact.is_some_and(|contact| address::same(email, &contact.email)))
}

/// Whether an id is that of a requester whom the ticket knows by address alone.
fn is_requester(world: &World, ticket: &Ticket, id: &str) -> Result<bool, Stop> {
    if id.is_empty() || !ticket.requester_id.is_empty() || ticket.requester_email.is_empty() {
        return Ok(false);
    }
    let contact = world.entry::<Contact>(id)?;
    Ok(contact.is_some_and(|contact| address::same(&contact.email, &ticket.requester_email)))
}
