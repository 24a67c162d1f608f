//! Transitions of the lifecycle: what each changes. `model::lifecycle` says which are legal.

use std::sync::Arc;

use serde_json::json;

use super::follow_up::follow_up;
use super::{assign, reopen};
use crate::command::access::{self, Right};
use crate::command::action::{Step, TicketEdit};
use crate::command::record::{Note, change};
use crate::command::scope::Scope;
use crate::command::verbs::before;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, World};
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::{Transition, is_legal, reachable};
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::Instant;
use crate::model::words::{ReopenMode, Status};
use crate::workflow::BeforeEvent;

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
    let mut ticket = ticket;
    if ticket.status != step.to || step.verb == Transition::Escalate {
        let assigning = (step.team_id.is_some() || step.assignee_id.is_some()).then_some(BeforeEvent::Assigning);
        let events: Vec<BeforeEvent> = [BeforeEvent::of(verb)].into_iter().chain(assigning).collect();
        ticket = before::verb(world, scope, ticket, &events)?;
    }
    apply(world, scope, ticket, step)
}

/// Moves the ticket and stamps it. The same state again changes nothing, but escalating again raises the level.
pub fn apply(world: &mut World, scope: &Scope<'_>, ticket: Arc<Ticket>, step: &Step) -> Result<Arc<Ticket>, Stop> {
    let Step { verb, to, reason, team_id, assignee_id, mode: _ } = step;
    let (from, to) = (ticket.status, *to);
    let verb = match verb {
        Transition::Update => Transition::for_update_to(to),
        verb => *verb,
    };
    let again = from == to;
    let mut ticket = ticket;
    if !again || step.verb == Transition::Escalate {
        if !is_legal(from, verb, to) {
            return Err(illegal(&ticket, verb, to).into());
        }
        let data = (!reason.is_empty()).then(|| json!({ "reason": reason }));
        let note = Note { data, ..Note::of(kind(verb)) };
        ticket = change(world, scope, &ticket, note, |t| stamp(t, verb, to, scope.now))?;
    }
    if team_id.is_some() || assignee_id.is_some() {
        ticket = assign::apply(world, scope, ticket, assignee_id.as_deref(), team_id.as_deref(), None)?;
    }
    Ok(ticket)
}

fn kind(verb: Transition) -> ActivityType {
    match verb {
        Transition::Resolve => ActivityType::TicketResolved,
        Transition::Escalate => ActivityType::TicketEscalated,
        Transition::Close => ActivityType::TicketClosed,
        Transition::Reopen => ActivityType::TicketReopened,
        Transition::Update | Transition::Start | Transition::Hold => ActivityType::TicketStatusChanged,
    }
}

fn stamp(ticket: &mut Ticket, verb: Transition, to: Status, now: Instant) {
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

fn illegal(ticket: &Ticket, verb: Transition, to: Status) -> Refusal {
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
