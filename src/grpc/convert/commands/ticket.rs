//! Commands of tickets: creation, and the verbs that name one.

use super::check::{self, id, tags};
use super::forms::Form;
use super::{MAX_REASON_CHARS, etag, fits_batch, of_batch};
use crate::command::Action;
use crate::command::action::{NewTicket, Step, TicketEdit};
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::lifecycle::Verb;
use crate::model::words::*;

const MAX_COMMENT_CHARS: usize = 2000;

pub fn create(request: pb::CreateTicketRequest, found: &mut Violations) -> Action {
    Action::CreateTicket(Box::new(new_ticket(request.ticket, found)))
}

pub fn create_batch(request: pb::BatchCreateTicketsRequest, found: &mut Violations) -> Action {
    let pb::BatchCreateTicketsRequest { requests, request_id: _, validate_only: _ } = request;
    if !fits_batch(found, requests.len()) {
        return Action::CreateTickets(Vec::new());
    }
    let mut tickets = Vec::with_capacity(requests.len());
    for (i, request) in requests.into_iter().enumerate() {
        found.within(&format!("requests[{i}]"), |found| {
            of_batch(&request, found);
            tickets.push(new_ticket(request.ticket, found));
        });
    }
    Action::CreateTickets(tickets)
}

fn new_ticket(ticket: Option<pb::Ticket>, found: &mut Violations) -> NewTicket {
    let ticket = found.set("ticket", ticket);
    found.within("ticket", |found| {
        check::has_subject(found, &ticket);
        is_open(&ticket, found);
        ticket.checked(found)
    })
}

fn is_open(ticket: &pb::Ticket, found: &mut Violations) {
    if !matches!(Status::from_pb(found, "status", ticket.status), None | Some(Status::Open)) {
        found.add("status", "a new ticket is OPEN: leave it out, and move the ticket once it is there");
    }
}

pub fn delete(request: pb::DeleteTicketRequest, found: &mut Violations) -> Action {
    Action::DeleteTicket { ticket: found.ticket("id", &request.id), etag: etag(found, request.etag) }
}

pub fn undelete(request: pb::UndeleteTicketRequest, found: &mut Violations) -> Action {
    Action::UndeleteTicket { ticket: found.ticket("id", &request.id), etag: etag(found, request.etag) }
}

pub fn assign(request: pb::AssignTicketRequest, found: &mut Violations) -> Action {
    if request.assignee_id.is_none() && request.team_id.is_none() {
        found.add("assignee_id", "set assignee_id, team_id or both; an empty one clears");
    }
    Action::AssignTicket {
        ticket: found.ticket("id", &request.id),
        etag: etag(found, request.etag),
        assignee_id: request.assignee_id.map(|text| id(found, "assignee_id", text)),
        team_id: request.team_id.map(|text| id(found, "team_id", text)),
    }
}

pub fn tag(request: pb::TagTicketRequest, found: &mut Violations) -> Action {
    if request.add.is_empty() && request.remove.is_empty() {
        found.add("add", "name at least one tag to add or to remove");
    }
    let (add, remove) = (tags(found, "add", request.add), tags(found, "remove", request.remove));
    for (i, tag) in remove.iter().enumerate() {
        if add.has(tag) {
            found.add(&format!("remove[{i}]"), "is in `add` too");
        }
    }
    Action::TagTicket {
        ticket: found.ticket("id", &request.id),
        etag: etag(found, request.etag),
        add: add.0,
        remove: remove.0,
    }
}

pub fn start(request: pb::StartTicketRequest, found: &mut Violations) -> Action {
    step(Verb::Start, Status::InProgress, request.id, request.etag, request.reason, found)
}

pub fn hold(request: pb::HoldTicketRequest, found: &mut Violations) -> Action {
    step(Verb::Hold, Status::OnHold, request.id, request.etag, request.reason, found)
}

pub fn resolve(request: pb::ResolveTicketRequest, found: &mut Violations) -> Action {
    step(Verb::Resolve, Status::Resolved, request.id, request.etag, request.reason, found)
}

pub fn close(request: pb::CloseTicketRequest, found: &mut Violations) -> Action {
    step(Verb::Close, Status::Closed, request.id, request.etag, request.reason, found)
}

pub fn reopen(request: pb::ReopenTicketRequest, found: &mut Violations) -> Action {
    let mode = ReopenMode::from_pb(found, "mode", request.mode);
    if mode == Some(ReopenMode::Reject) {
        found.add("mode", "REJECT is for the tenant's settings; a request says IN_PLACE, FOLLOW_UP or nothing");
    }
    match step(Verb::Reopen, Status::Reopened, request.id, request.etag, request.reason, found) {
        Action::MoveTicket { ticket, etag, step } => Action::MoveTicket { ticket, etag, step: Step { mode, ..step } },
        other => other,
    }
}

pub fn follow_up(request: pb::CreateFollowUpRequest, found: &mut Violations) -> Action {
    let pb::CreateFollowUpRequest { id, ticket, etag: tag, request_id: _, validate_only: _ } = request;
    Action::CreateFollowUp {
        ticket: found.ticket("id", &id),
        etag: etag(found, tag),
        with: Box::new(found.within("ticket", |found| of_its_own(ticket.unwrap_or_default(), found))),
    }
}

/// What is set of a ticket that follows one. A requester is one person: of another one nothing is kept.
fn of_its_own(ticket: pb::Ticket, found: &mut Violations) -> TicketEdit {
    is_open(&ticket, found);
    let given = ticket.given();
    let requested = ["requester_id", "requester_email", "requester_name"].iter().any(|name| given.contains(name));
    let has = |name| match name {
        "channel" | "source" | "source_type" | "custom" => true,
        "requester_id" | "requester_email" | "requester_name" => requested,
        "organization_id" => requested || given.contains(&name),
        _ => given.contains(&name),
    };
    ticket.edit(has, true, found)
}

pub fn rate(request: pb::RateTicketRequest, found: &mut Violations) -> Action {
    let pb::RateTicketRequest { id, satisfaction, comment, etag: tag, request_id: _, validate_only: _ } = request;
    // Neither is NaN in it.
    if !(1.0..=5.0).contains(&satisfaction) {
        found.add("satisfaction", format!("must be from 1 to 5, is {satisfaction}"));
    }
    found.text("comment", &comment, MAX_COMMENT_CHARS);
    Action::RateTicket { ticket: found.ticket("id", &id), etag: etag(found, tag), satisfaction, comment }
}

pub fn escalate(request: pb::EscalateTicketRequest, found: &mut Violations) -> Action {
    let team_id = request.team_id.map(|text| id(found, "team_id", text));
    let assignee_id = request.assignee_id.map(|text| id(found, "assignee_id", text));
    match step(Verb::Escalate, Status::Escalated, request.id, request.etag, request.reason, found) {
        Action::MoveTicket { ticket, etag, step } => {
            Action::MoveTicket { ticket, etag, step: Step { team_id, assignee_id, ..step } }
        }
        other => other,
    }
}

fn step(verb: Verb, to: Status, id: String, tag: String, reason: String, found: &mut Violations) -> Action {
    found.text("reason", &reason, MAX_REASON_CHARS);
    Action::MoveTicket {
        ticket: found.ticket("id", &id),
        etag: etag(found, tag),
        step: Step { reason, ..Step::of(verb, to) },
    }
}
