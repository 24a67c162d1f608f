//! Reopening of a ticket that is done: in place, as a follow-up, or not at all. The tenant's settings decide, within
//! what the lifecycle allows.

use crate::command::scope::Scope;
use crate::command::{Refusal, Stop, World};
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::{ReopenMode, Status};

const ASK_AGAIN: &str = "create a new ticket";

/// How the verb brings the ticket back; `asked` is the caller's own word. Never `Reject`: that is the refusal.
pub fn by_verb(
    world: &World,
    scope: &Scope<'_>,
    ticket: &Ticket,
    asked: Option<ReopenMode>,
) -> Result<ReopenMode, Stop> {
    match asked {
        Some(_) if scope.is_requester() => {
            let what = "requesters do not choose how a ticket comes back; leave mode out";
            Err(Refusal::Forbidden { what: what.into() }.into())
        }
        Some(mode) => Ok(mode),
        None if scope.is_requester() => by_requester(world, ticket, scope.now),
        None => {
            let advice = "reopen it with mode IN_PLACE, or create a follow-up";
            decided(ticket, "reopen_agent", of_desk(world, ticket)?, advice)
        }
    }
}

/// An update brings back the ticket itself or none.
pub fn by_update(world: &World, ticket: &Ticket, to: Status) -> Result<(), Stop> {
    if to != Status::Reopened {
        return Ok(());
    }
    match of_desk(world, ticket)? {
        ReopenMode::InPlace => Ok(()),
        mode => {
            let advice = "reopen it by ReopenTicket with mode IN_PLACE, or create a follow-up";
            Err(rejected(ticket, "reopen_agent", mode, advice))
        }
    }
}

/// Whether this caller may have a ticket that follows this one; a requester may not where none of theirs comes back.
pub fn may_follow_up(world: &World, scope: &Scope<'_>, ticket: &Ticket) -> Result<(), Stop> {
    if ticket.status.is_done() && scope.is_requester() && world.settings()?.reopen_requester == ReopenMode::Reject {
        return Err(rejected(ticket, "reopen_requester", ReopenMode::Reject, ASK_AGAIN));
    }
    Ok(())
}

/// Agents, services and rules: only what is CLOSED needs the tenant's leave.
fn of_desk(world: &World, ticket: &Ticket) -> Result<ReopenMode, Stop> {
    match ticket.status {
        Status::Closed => Ok(world.settings()?.reopen_agent),
        _ => Ok(ReopenMode::InPlace),
    }
}

/// How its requester brings the ticket back, by verb or by a public message; one that is not done needs no leave.
pub fn by_requester(world: &World, ticket: &Ticket, now: Instant) -> Result<ReopenMode, Stop> {
    if !ticket.status.is_done() {
        return Ok(ReopenMode::InPlace);
    }
    let settings = world.settings()?;
    match pushes_back(&settings, ticket, now) {
        true => Ok(ReopenMode::InPlace),
        false => decided(ticket, "reopen_requester", settings.reopen_requester, ASK_AGAIN),
    }
}

/// Whether a requester is still in time to have this very ticket again.
fn pushes_back(settings: &Tenant, ticket: &Ticket, now: Instant) -> bool {
    let window = settings.push_back_micros;
    match (ticket.status, ticket.resolved_at) {
        (Status::Resolved, Some(at)) => window > 0 && now <= at.plus_micros(window),
        _ => false,
    }
}

fn decided(ticket: &Ticket, setting: &'static str, mode: ReopenMode, advice: &'static str) -> Result<ReopenMode, Stop> {
    match mode {
        ReopenMode::Reject => Err(rejected(ticket, setting, mode, advice)),
        ReopenMode::InPlace | ReopenMode::FollowUp => Ok(mode),
    }
}

fn rejected(ticket: &Ticket, setting: &'static str, mode: ReopenMode, advice: &'static str) -> Stop {
    let (name, status) = (ticket.display_number(), ticket.status);
    Refusal::ReopenRejected { name, status, setting, mode, advice }.into()
}
