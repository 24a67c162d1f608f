//! Write permission of a caller for a resource. A resource that does not exist and one that the caller must not see get
//! the same refusal.

use std::sync::Arc;

use uuid::Uuid;

use super::refusal::Kind;
use super::scope::Scope;
use super::{Refusal, Stop, World};
use crate::identity::MODERATORS;
use crate::model::address;
use crate::model::audience::Audience;
use crate::model::id;
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::row::Stamped;
use crate::model::ticket::{self, Ticket, TicketRef};

/// What is to be done with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Everything that is not named here.
    Write,
    /// What requesters may do with a ticket of theirs: post to it, change what they posted, reopen it.
    Requester,
    /// Delete and undelete: they name deleted tickets too.
    Deleted,
}

/// The ticket, for a caller who may do this with it.
pub fn ticket(
    world: &World,
    scope: &Scope<'_>,
    name: &TicketRef,
    etag: &str,
    right: Right,
) -> Result<Arc<Ticket>, Stop> {
    let none = || Refusal::NotFound { kind: Kind::Ticket, id: name.to_string() };
    let ticket = world.ticket(name)?.ok_or_else(none)?;
    let audience = Audience::writing(scope.caller());
    if !audience.sees_ticket(&ticket) {
        return Err(none().into());
    }
    if audience.requester.is_some() && right != Right::Requester {
        let what = "requesters create tickets, post public messages and reopen; this is for agents";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    if right != Right::Deleted {
        alive(&ticket)?;
    }
    let again = right == Right::Deleted && ticket.deleted_at.is_some();
    if !again {
        check_etag(etag, ticket.etag_version, || ticket.display_number())?;
    }
    Ok(ticket)
}

/// A ticket that a rule or an issue names: it is of the tenant, and must not be deleted.
pub fn ticket_by_id(world: &World, id: Uuid) -> Result<Arc<Ticket>, Stop> {
    let name = TicketRef::Id(id);
    let ticket = world.ticket(&name)?.ok_or(Refusal::NotFound { kind: Kind::Ticket, id: name.to_string() })?;
    alive(&ticket)?;
    Ok(ticket)
}

/// A message of the ticket, for a caller who may change it: its author, or a moderator. What a rule wrote has no author.
pub fn message(world: &World, scope: &Scope<'_>, ticket: &Ticket, message: Uuid) -> Result<Arc<Message>, Stop> {
    let none = || Refusal::NotFound { kind: Kind::Message, id: id::show(id::MESSAGE, message) };
    let message = world.message(message)?.filter(|message| message.ticket_id == ticket.id).ok_or_else(none)?;
    let caller = scope.caller();
    if !Audience::writing(caller).sees_message(&message) {
        return Err(none().into());
    }
    let wrote = [&message.author_id, &message.created_by].into_iter().any(|id| id == caller.sub());
    let own = wrote && message.workflow.is_empty();
    if !own && !caller.roles().intersects(MODERATORS) {
        let what = "only its author, a lead or an admin changes a message; what a rule wrote, a lead or an admin";
        return Err(Refusal::Forbidden { what: what.into() }.into());
    }
    Ok(message)
}

fn alive(ticket: &Ticket) -> Result<(), Stop> {
    match ticket.deleted_at {
        Some(_) => Err(Refusal::Deleted { name: ticket.display_number() }.into()),
        None => Ok(()),
    }
}

pub fn issue(world: &World, scope: &Scope<'_>, issue: Uuid, etag: &str) -> Result<Arc<Issue>, Stop> {
    staff_only(scope, "issues")?;
    let shown = id::show(id::ISSUE, issue);
    let none = || Refusal::NotFound { kind: Kind::Issue, id: shown.clone() };
    let issue = world.issue(issue)?.ok_or_else(none)?;
    if !is_own(scope, &*issue) {
        return Err(none().into());
    }
    check_etag(etag, issue.etag_version, || shown)?;
    Ok(issue)
}

/// A row of the tenant's configuration, for a caller whose application may write it.
pub fn own<R: Stamped>(scope: &Scope<'_>, row: Option<Arc<R>>) -> Option<Arc<R>> {
    row.filter(|row| is_own(scope, &**row))
}

pub fn is_own(scope: &Scope<'_>, row: &impl Stamped) -> bool {
    Audience::writing(scope.caller()).sees_app(row.app_id())
}

/// Refuses a requester who names somebody else in a ticket; `email` is the requester's own, '' if it is not known.
pub fn in_own_name(ticket: &Ticket, sub: &str, email: &str) -> Result<(), Stop> {
    let Ticket { requester_id, requester_email, .. } = ticket;
    let mut fields = Vec::new();
    if !requester_id.is_empty() && requester_id != sub {
        fields.push("ticket.requester_id".to_owned());
    }
    if !requester_email.is_empty() && !address::same(requester_email, email) {
        fields.push("ticket.requester_email".to_owned());
    }
    reserved(fields)
}

/// Refuses the fields that a requester set, if there are any.
pub fn reserved(fields: Vec<String>) -> Result<(), Stop> {
    if fields.is_empty() { Ok(()) } else { Err(Refusal::Reserved { fields }.into()) }
}

/// Refuses callers who are no more than requesters.
pub fn staff_only(scope: &Scope<'_>, what: &str) -> Result<(), Stop> {
    if scope.caller().writes_as_requester() {
        return Err(Refusal::Forbidden { what: format!("requesters do not write {what}") }.into());
    }
    Ok(())
}

/// An empty etag checks nothing.
pub fn check_etag(sent: &str, version: i64, name: impl FnOnce() -> String) -> Result<(), Stop> {
    if sent.is_empty() {
        return Ok(());
    }
    let current = ticket::etag(version);
    if sent == current {
        return Ok(());
    }
    Err(Refusal::EtagMismatch { name: name(), sent: sent.to_owned(), current }.into())
}
