//! Along the lifecycle: which moves are legal is `model::lifecycle`'s table, what they stamp is here.

use std::sync::Arc;

use serde_json::json;

use super::action::Step;
use super::record::{Note, change};
use super::scope::Scope;
use super::{Refusal, Stop, World, assign};
use crate::model::activity_type::ActivityType;
use crate::model::lifecycle::{Verb, is_legal, reachable};
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::Status;

/// Moves the ticket and stamps it. The same state again changes nothing, but escalating again raises the level.
pub fn apply(world: &mut World, scope: &Scope<'_>, ticket: Arc<Ticket>, step: &Step) -> Result<Arc<Ticket>, Stop> {
    let Step { verb, to, reason, team_id, assignee_id, mode: _ } = step;
    let (from, to) = (ticket.status, *to);
    let verb = match verb {
        Verb::Update => Verb::for_update_to(to),
        verb => *verb,
    };
    let again = from == to;
    let mut ticket = ticket;
    if !again || step.verb == Verb::Escalate {
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

fn kind(verb: Verb) -> ActivityType {
    match verb {
        Verb::Resolve => ActivityType::TicketResolved,
        Verb::Escalate => ActivityType::TicketEscalated,
        Verb::Close => ActivityType::TicketClosed,
        Verb::Reopen => ActivityType::TicketReopened,
        Verb::Update | Verb::Start | Verb::Hold => ActivityType::TicketStatusChanged,
    }
}

fn stamp(ticket: &mut Ticket, verb: Verb, to: Status, now: Instant) {
    // An update out of RESOLVED takes reopen's stamps with it.
    if ticket.status.is_done() && !to.is_done() {
        ticket.reopened_at = Some(now);
        ticket.reopen_count += 1;
        ticket.resolved_at = None;
        ticket.closed_at = None;
    }
    match verb {
        Verb::Resolve => ticket.resolved_at = Some(now),
        Verb::Close => {
            ticket.resolved_at.get_or_insert(now);
            ticket.closed_at = Some(now);
        }
        Verb::Escalate => {
            ticket.escalated_at = Some(now);
            ticket.escalation_level += 1;
        }
        Verb::Update | Verb::Start | Verb::Hold | Verb::Reopen => {}
    }
    ticket.status = to;
}

fn illegal(ticket: &Ticket, verb: Verb, to: Status) -> Refusal {
    let from = ticket.status;
    let allowed = reachable(from);
    let advice = if from.is_done() && verb != Verb::Reopen {
        "reopen it first".to_owned()
    } else if verb == Verb::Reopen {
        "only RESOLVED and CLOSED tickets can be reopened".to_owned()
    } else {
        let words: Vec<&str> = allowed.iter().map(|status| status.word()).collect();
        format!("from there it can become {}", words.join(", "))
    };
    Refusal::IllegalTransition { name: ticket.display_number(), verb, from, to: Some(to), allowed, advice }
}
