//! `link` of rules: what is linked is looked up as for whoever's call the rule answers.

use super::happening::Happening;
use crate::command::access::{is_own, ticket_by_id};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::verbs::issue::link::link;
use crate::command::{Refusal, Stop, World, both};
use crate::model::id;
use crate::model::ticket::TicketRef;
use crate::workflow::LinkTo;

pub fn carry_out(world: &mut World, scope: &mut Scope<'_>, event: &Happening, to: LinkTo) -> Result<(), Stop> {
    let activity = &event.activity;
    let ((kind, name), issue, ticket) = match to {
        LinkTo::Issue(name) => {
            let issue = id::parse(id::ISSUE, &name);
            ((Kind::Issue, name), issue, activity.ticket_id.map(TicketRef::Id))
        }
        LinkTo::Ticket(name) => {
            let ticket = TicketRef::parse(&name);
            ((Kind::Ticket, name), activity.issue.as_ref().map(|issue| issue.id), ticket)
        }
    };
    let none = || Stop::from(Refusal::NotFound { kind, id: name.clone() });
    let (issue, ticket) = (issue.ok_or_else(none)?, ticket.ok_or_else(none)?);
    let (issue, ticket) = both(world.issue(issue), world.ticket(&ticket))?;
    let issue = issue.filter(|issue| is_own(scope, &**issue)).ok_or_else(none)?;
    let ticket = ticket.filter(|ticket| is_own(scope, &**ticket)).ok_or_else(none)?;
    // Not a deleted one.
    let ticket = ticket_by_id(world, ticket.id)?;
    link(world, scope, &issue, &ticket)?;
    Ok(())
}
