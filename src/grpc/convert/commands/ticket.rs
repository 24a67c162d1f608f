//! Commands of tickets: creation, and the verbs that name one.

use std::borrow::Cow;
use std::collections::HashSet;

use super::check::{self, id, tags};
use super::forms::Form;
use super::{etag, fits_batch, of_batch};
use crate::command::action::{NewTicket, Step, TicketEdit};
use crate::command::verbs::ticket::{
    AssignTicket, CreateFollowUp, CreateTicket, CreateTickets, DeleteTicket, MoveTicket, RateTicket, TagTicket,
    UndeleteTicket,
};
use crate::grpc::convert::answer::{At, Shown};
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::fold::fold;
use crate::model::id::{TICKET, show};
use crate::model::lifecycle::Transition;
use crate::model::limits::{COMMENT_CHARS, REASON_CHARS};
use crate::model::rights;
use crate::model::ticket::Ticket;
use crate::model::words::*;

writes! {
    CreateTicketRequest -> CreateTicketResponse { ticket: Ticket }, by create, except reserved;
    BatchCreateTicketsRequest -> BatchCreateTicketsResponse { tickets: [Ticket] }, by create_batch, except reserved_in_batch;
    DeleteTicketRequest -> DeleteTicketResponse { ticket: Ticket }, by delete;
    UndeleteTicketRequest -> UndeleteTicketResponse { ticket: Ticket }, by undelete;
    AssignTicketRequest -> AssignTicketResponse { ticket: Ticket }, by assign;
    TagTicketRequest -> TagTicketResponse { ticket: Ticket }, by tag;
    StartTicketRequest -> StartTicketResponse { ticket: Ticket }, by start;
    HoldTicketRequest -> HoldTicketResponse { ticket: Ticket }, by hold;
    ResolveTicketRequest -> ResolveTicketResponse { ticket: Ticket }, by resolve;
    EscalateTicketRequest -> EscalateTicketResponse { ticket: Ticket }, by escalate;
    CloseTicketRequest -> CloseTicketResponse { ticket: Ticket }, by close;
    ReopenTicketRequest -> ReopenTicketResponse { ticket: Ticket, by reopened }, by reopen;
    CreateFollowUpRequest -> CreateFollowUpResponse { ticket: Ticket }, by follow_up, except reserved_in_follow_up;
    RateTicketRequest -> RateTicketResponse { ticket: Ticket }, by rate;
}

pub fn create(request: pb::CreateTicketRequest, found: &mut Violations) -> CreateTicket {
    CreateTicket(new_ticket(request.ticket, found))
}

pub fn create_batch(request: pb::BatchCreateTicketsRequest, found: &mut Violations) -> CreateTickets {
    let pb::BatchCreateTicketsRequest { requests, request_id: _, validate_only: _ } = request;
    if !fits_batch(found, requests.len()) {
        return CreateTickets(Vec::new());
    }
    let mut tickets = Vec::with_capacity(requests.len());
    for (i, request) in requests.into_iter().enumerate() {
        found.within(&format!("requests[{i}]"), |found| {
            of_batch(&request, found);
            tickets.push(new_ticket(request.ticket, found));
        });
    }
    CreateTickets(tickets)
}

fn reserved(request: &pb::CreateTicketRequest) -> Vec<String> {
    reserved_in(request.ticket.as_ref())
}

fn reserved_in_batch(request: &pb::BatchCreateTicketsRequest) -> Vec<String> {
    let each = request.requests.iter().enumerate();
    each.flat_map(|(i, request)| reserved(request).into_iter().map(move |field| format!("requests[{i}].{field}")))
        .collect()
}

fn reserved_in_follow_up(request: &pb::CreateFollowUpRequest) -> Vec<String> {
    reserved_in(request.ticket.as_ref())
}

fn reserved_in(ticket: Option<&pb::Ticket>) -> Vec<String> {
    let set = ticket.map(Form::given).unwrap_or_default();
    rights::TICKET.reserved(set).map(|field| format!("ticket.{field}")).collect()
}

fn new_ticket(ticket: Option<pb::Ticket>, found: &mut Violations) -> NewTicket {
    let ticket = found.set("ticket", ticket);
    found.within("ticket", |found| {
        check::has_subject(found, &ticket);
        is_open(&ticket, found);
        NewTicket { policy_name: check::policy_name(&ticket), ..ticket.checked(found) }
    })
}

fn is_open(ticket: &pb::Ticket, found: &mut Violations) {
    if !matches!(Status::from_pb(found, "status", ticket.status), None | Some(Status::Open)) {
        found.add("status", "a new ticket is OPEN: leave it out, and move the ticket once it is there");
    }
}

pub fn delete(request: pb::DeleteTicketRequest, found: &mut Violations) -> DeleteTicket {
    DeleteTicket { ticket: found.ticket("id", &request.id), etag: etag(found, request.etag) }
}

pub fn undelete(request: pb::UndeleteTicketRequest, found: &mut Violations) -> UndeleteTicket {
    UndeleteTicket { ticket: found.ticket("id", &request.id), etag: etag(found, request.etag) }
}

pub fn assign(request: pb::AssignTicketRequest, found: &mut Violations) -> AssignTicket {
    if request.assignee_id.is_none() && request.team_id.is_none() {
        found.add("assignee_id", "set assignee_id, team_id or both; an empty one clears");
    }
    AssignTicket {
        ticket: found.ticket("id", &request.id),
        etag: etag(found, request.etag),
        assignee_id: request.assignee_id.map(|text| id(found, "assignee_id", text)),
        team_id: request.team_id.map(|text| id(found, "team_id", text)),
    }
}

pub fn tag(request: pb::TagTicketRequest, found: &mut Violations) -> TagTicket {
    if request.add.is_empty() && request.remove.is_empty() {
        found.add("add", "name at least one tag to add or to remove");
    }
    let (add, remove) = (tags(found, "add", request.add), tags(found, "remove", request.remove));
    let added: HashSet<Cow<'_, str>> = add.iter().map(|tag| fold(tag)).collect();
    for (i, tag) in remove.iter().enumerate() {
        if added.contains(&fold(tag)) {
            found.add(&format!("remove[{i}]"), "is in `add` too");
        }
    }
    TagTicket { ticket: found.ticket("id", &request.id), etag: etag(found, request.etag), add: add.0, remove: remove.0 }
}

pub fn start(request: pb::StartTicketRequest, found: &mut Violations) -> MoveTicket {
    step(Transition::Start, Status::InProgress, request.id, request.etag, request.reason, found)
}

pub fn hold(request: pb::HoldTicketRequest, found: &mut Violations) -> MoveTicket {
    step(Transition::Hold, Status::OnHold, request.id, request.etag, request.reason, found)
}

pub fn resolve(request: pb::ResolveTicketRequest, found: &mut Violations) -> MoveTicket {
    step(Transition::Resolve, Status::Resolved, request.id, request.etag, request.reason, found)
}

pub fn close(request: pb::CloseTicketRequest, found: &mut Violations) -> MoveTicket {
    step(Transition::Close, Status::Closed, request.id, request.etag, request.reason, found)
}

pub fn reopen(request: pb::ReopenTicketRequest, found: &mut Violations) -> MoveTicket {
    let mode = ReopenMode::from_pb(found, "mode", request.mode);
    if mode == Some(ReopenMode::Reject) {
        found.add("mode", "REJECT is for the tenant's settings; a request says IN_PLACE, FOLLOW_UP or nothing");
    }
    let mut reopen = step(Transition::Reopen, Status::Reopened, request.id, request.etag, request.reason, found);
    reopen.step.mode = mode;
    reopen
}

pub fn follow_up(request: pb::CreateFollowUpRequest, found: &mut Violations) -> CreateFollowUp {
    let pb::CreateFollowUpRequest { id, ticket, etag: tag, request_id: _, validate_only: _ } = request;
    CreateFollowUp {
        ticket: found.ticket("id", &id),
        etag: etag(found, tag),
        with: found.within("ticket", |found| of_its_own(ticket.unwrap_or_default(), found)),
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
    TicketEdit { policy_name: check::policy_name(&ticket), ..ticket.edit(has, true, found) }
}

pub fn rate(request: pb::RateTicketRequest, found: &mut Violations) -> RateTicket {
    let pb::RateTicketRequest { id, satisfaction, comment, etag: tag, request_id: _, validate_only: _ } = request;
    // Neither is NaN in it.
    if !(1.0..=5.0).contains(&satisfaction) {
        found.add("satisfaction", format!("must be from 1 to 5, is {satisfaction}"));
    }
    found.text("comment", &comment, COMMENT_CHARS);
    RateTicket { ticket: found.ticket("id", &id), etag: etag(found, tag), satisfaction, comment }
}

pub fn escalate(request: pb::EscalateTicketRequest, found: &mut Violations) -> MoveTicket {
    let team_id = request.team_id.map(|text| id(found, "team_id", text));
    let assignee_id = request.assignee_id.map(|text| id(found, "assignee_id", text));
    let MoveTicket { ticket, etag, step } =
        step(Transition::Escalate, Status::Escalated, request.id, request.etag, request.reason, found);
    MoveTicket { ticket, etag, step: Step { team_id, assignee_id, ..step } }
}

/// What was reopened counts it; what follows another up is new.
fn reopened(row: Ticket, At { position, epoch, disclosure }: At) -> pb::ReopenTicketResponse {
    let original = row.follow_up_of.filter(|_| row.reopen_count == 0);
    let outcome = match original {
        None => pb::ReopenOutcome::Reopened,
        Some(_) => pb::ReopenOutcome::FollowUpCreated,
    };
    pb::ReopenTicketResponse {
        ticket: Some(row.shown(disclosure)),
        position,
        epoch,
        outcome: outcome as i32,
        original_id: original.map(|id| show(TICKET, id)).unwrap_or_default(),
    }
}

fn step(verb: Transition, to: Status, id: String, tag: String, reason: String, found: &mut Violations) -> MoveTicket {
    found.text("reason", &reason, REASON_CHARS);
    MoveTicket { ticket: found.ticket("id", &id), etag: etag(found, tag), step: Step { reason, ..Step::of(verb, to) } }
}
