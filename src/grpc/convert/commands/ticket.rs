//! Commands of tickets: creation, and the verbs that name one.

use crate::command::Action;
use crate::command::action::{NewTicket, Step, TicketEdit};
use crate::command::limits::limits;
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::id;
use crate::model::lifecycle::Verb;
use crate::model::tenant::GENERAL;
use crate::model::words::*;
use uuid::Uuid;

use super::{MAX_EMAIL_CHARS, MAX_NAME_CHARS, MAX_REASON_CHARS, etag, fits_batch, of_batch, or, source};

const MAX_CATEGORY_CHARS: usize = 128;
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
        if ticket.subject.is_empty() {
            subject(found, String::new());
        }
        checked(ticket, found)
    })
}

/// Everything that the maker of a ticket says of it; only a subject that is missing is not told.
fn checked(ticket: pb::Ticket, found: &mut Violations) -> NewTicket {
    if !matches!(Status::from_pb(found, "status", ticket.status), None | Some(Status::Open)) {
        found.add("status", "a new ticket is OPEN: leave it out, and move the ticket once it is there");
    }
    found.text("subject", &ticket.subject, limits().subject_chars);
    NewTicket {
        subject: ticket.subject,
        description: description(found, ticket.description),
        kind: kind(found, ticket.r#type),
        priority: priority(found, ticket.priority),
        category: category(found, ticket.category),
        channel: channel(found, ticket.channel),
        source: source(found, ticket.source),
        source_type: source_type(found, ticket.source_type),
        tags: tags(found, "tags", ticket.tags),
        custom: value::map_from_pb(found, "custom", ticket.custom),
        requester_id: id(found, "requester_id", ticket.requester_id),
        requester_email: email(found, "requester_email", ticket.requester_email),
        requester_name: name(found, "requester_name", ticket.requester_name),
        assignee_id: id(found, "assignee_id", ticket.assignee_id),
        team_id: id(found, "team_id", ticket.team_id),
        organization_id: id(found, "organization_id", ticket.organization_id),
        deal_id: id(found, "deal_id", ticket.deal_id),
        related_asset_id: id(found, "related_asset_id", ticket.related_asset_id),
        related_vulnerability_id: id(found, "related_vulnerability_id", ticket.related_vulnerability_id),
        sla_policy_id: sla_policy_id(found, ticket.sla_policy_id),
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
    let (typed, ranked, sorted) = (ticket.r#type != 0, ticket.priority != 0, !ticket.category.is_empty());
    let new = checked(ticket, found);
    let requested = [&new.requester_id, &new.requester_email, &new.requester_name].iter().any(|text| !text.is_empty());
    let of_another = requested || !new.organization_id.is_empty();
    TicketEdit {
        subject: set(new.subject),
        description: set(new.description),
        kind: typed.then_some(new.kind),
        status: None,
        priority: ranked.then_some(new.priority),
        category: sorted.then_some(new.category),
        channel: Some(new.channel),
        source: Some(new.source),
        source_type: Some(new.source_type),
        tags: (!new.tags.is_empty()).then_some(new.tags),
        custom: Some(new.custom),
        custom_keys: Vec::new(),
        requester_id: requested.then_some(new.requester_id),
        requester_email: requested.then_some(new.requester_email),
        requester_name: requested.then_some(new.requester_name),
        assignee_id: set(new.assignee_id),
        team_id: set(new.team_id),
        organization_id: of_another.then_some(new.organization_id),
        deal_id: set(new.deal_id),
        related_asset_id: set(new.related_asset_id),
        related_vulnerability_id: set(new.related_vulnerability_id),
        sla_policy_id: new.sla_policy_id.map(Some),
    }
}

fn set(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
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

// The fields of a ticket, as a new one and an update have them.

pub fn subject(found: &mut Violations, text: String) -> String {
    found.required("subject", &text, limits().subject_chars);
    text
}

pub fn description(found: &mut Violations, text: String) -> String {
    found.long_text("description", &text);
    text
}

pub fn kind(found: &mut Violations, value: i32) -> TicketType {
    TicketType::from_pb(found, "type", value).unwrap_or(TicketType::Incident)
}

pub fn priority(found: &mut Violations, value: i32) -> Priority {
    Priority::from_pb(found, "priority", value).unwrap_or(Priority::Medium)
}

pub fn channel(found: &mut Violations, value: i32) -> Channel {
    Channel::from_pb(found, "channel", value).unwrap_or(Channel::Api)
}

pub fn source_type(found: &mut Violations, value: i32) -> SourceType {
    SourceType::from_pb(found, "source_type", value).unwrap_or(SourceType::Api)
}

pub fn category(found: &mut Violations, text: String) -> String {
    found.text("category", &text, MAX_CATEGORY_CHARS);
    or(text, GENERAL)
}

pub fn tags(found: &mut Violations, field: &str, words: Vec<String>) -> Words {
    found.words(field, &words, limits().tags, limits().tag_chars);
    Words::unique(words)
}

pub fn id(found: &mut Violations, field: &str, text: String) -> String {
    found.id(field, &text);
    text
}

pub fn email(found: &mut Violations, field: &str, text: String) -> String {
    found.text(field, &text, MAX_EMAIL_CHARS);
    text
}

pub fn name(found: &mut Violations, field: &str, text: String) -> String {
    found.text(field, &text, MAX_NAME_CHARS);
    text
}

pub fn sla_policy_id(found: &mut Violations, text: String) -> Option<Uuid> {
    if text.is_empty() {
        return None;
    }
    let id = id::parse(id::SLA_POLICY, &text);
    if id.is_none() {
        found.add("sla_policy_id", "is no id of an SLA policy (`slp_` and 26 characters)");
    }
    id
}
