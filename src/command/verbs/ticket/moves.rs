//! Transitions of the lifecycle: what each changes. `model::lifecycle` says which are legal.

use std::sync::Arc;

use super::assign::assigned;
use super::follow_up::follow_up;
use super::proposal::Proposal;
use super::reopen;
use crate::command::access::{self, Right};
use crate::command::action::{Step, TicketEdit};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World};
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::{Transition, is_legal, is_reopen, reachable};
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::Instant;
use crate::model::words::{ReopenMode, Status};

/// Starts, holds, resolves, escalates, closes or reopens a ticket.
#[derive(Clone, Debug)]
pub struct MoveTicket {
    pub ticket: TicketRef,
    pub etag: String,
    pub step: Step,
}

impl Verb for MoveTicket {
    fn name(&self) -> &'static str {
        "move_ticket"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.agent(self.step.assignee_id.as_deref().unwrap_or_default());
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let right = if self.step.verb == Transition::Reopen { Right::Requester } else { Right::Write };
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, right)?;
        Ok(go(world, scope, ticket, &self.step)?.into())
    }
}

/// A move by its verb. What is to be reopened may come back as a ticket that follows it.
pub fn go(world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>, step: &Step) -> Result<Arc<Ticket>, Stop> {
    let verb = if step.verb == Transition::Update { Transition::for_update_to(step.to) } else { step.verb };
    if verb == Transition::Reopen && reopen::by_verb(world, scope, &ticket, step.mode)? == ReopenMode::FollowUp {
        return follow_up(world, scope, &ticket, &TicketEdit::default());
    }
    let mut after = assigned(&ticket, step.assignee_id.as_deref(), step.team_id.as_deref());
    if ticket.status != step.to || verb == Transition::Escalate {
        stamp(&mut after, verb, step.to, scope.now);
    }
    Proposal::new(ticket, after).by(verb, &step.reason).carry_out(world, scope)
}

/// Whether the ticket may go there. `asked`: the caller's own verb, whose leave is asked elsewhere.
pub fn check(world: &World, ticket: &Ticket, asked: Transition, verb: Transition, to: Status) -> Result<(), Stop> {
    if asked != Transition::Reopen {
        reopen::by_update(world, ticket, to)?;
    }
    if is_legal(ticket.status, verb, to) { Ok(()) } else { Err(illegal(ticket, verb, to).into()) }
}

/// A ticket that comes back is reopened, wherever an update leads it.
pub fn kind(from: Status, verb: Transition, to: Status) -> ActivityType {
    match verb {
        _ if is_reopen(from, to) => ActivityType::TicketReopened,
        Transition::Resolve => ActivityType::TicketResolved,
        Transition::Escalate => ActivityType::TicketEscalated,
        Transition::Close => ActivityType::TicketClosed,
        Transition::Reopen => ActivityType::TicketReopened,
        Transition::Update | Transition::Start | Transition::Hold => ActivityType::TicketStatusChanged,
    }
}

pub fn stamp(ticket: &mut Ticket, verb: Transition, to: Status, now: Instant) {
    // An update out of RESOLVED takes reopen's stamps with it.
    if ticket.status.is_done() && !to.is_done() {
        ticket.reopened_at = Some(now);
        ticket.reopen_count += 1;
        ticket.resolved_at = None;
        ticket.closed_at = None;
    }
    match verb {
        Transition::Resolve => ticket.resolved_at = Some(now),
        Transition::Close => {
            ticket.resolved_at.get_or_insert(now);
            ticket.closed_at = Some(now);
        }
        Transition::Escalate => {
            ticket.escalated_at = Some(now);
            ticket.escalation_level += 1;
        }
        Transition::Update | Transition::Start | Transition::Hold | Transition::Reopen => {}
    }
    ticket.status = to;
}

/// Leads `after` there as from where the ticket is, whatever else it was to be.
pub fn move_from(before: &Ticket, after: &mut Ticket, verb: Transition, to: Status, now: Instant) {
    after.status = before.status;
    after.resolved_at = before.resolved_at;
    after.closed_at = before.closed_at;
    after.reopened_at = before.reopened_at;
    after.reopen_count = before.reopen_count;
    after.escalated_at = before.escalated_at;
    after.escalation_level = before.escalation_level;
    if to != before.status {
        stamp(after, verb, to, now);
    }
}

/// The refusal of a status on a ticket that is about to be made.
pub fn not_while_made(ticket: &Ticket, to: Status) -> Refusal {
    let (verb, from) = (Transition::Update, Status::Open);
    let advice = "a new ticket is OPEN; move it once it is there".to_owned();
    Refusal::IllegalTransition {
        name: ticket.display_number(),
        verb,
        from,
        to: Some(to),
        allowed: reachable(from),
        advice,
    }
}

pub fn illegal(ticket: &Ticket, verb: Transition, to: Status) -> Refusal {
    let from = ticket.status;
    let allowed = reachable(from);
    let advice = if from.is_done() && verb != Transition::Reopen {
        "reopen it first".to_owned()
    } else if verb == Transition::Reopen {
        "only RESOLVED and CLOSED tickets can be reopened".to_owned()
    } else {
        let words: Vec<&str> = allowed.iter().map(|status| status.word()).collect();
        format!("from there it can become {}", words.join(", "))
    };
    Refusal::IllegalTransition { name: ticket.display_number(), verb, from, to: Some(to), allowed, advice }
}
