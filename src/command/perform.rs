//! From an action to its verb: who may, what the before-rules say, what is done, what rules do after it.

use std::sync::Arc;

use super::access::{self, Right};
use super::action::{DirectoryKind, NewIssue, Step, TicketEdit};
use super::react::before::{self, Amendment, Asked};
use super::record::{Note, change};
use super::scope::Scope;
use super::{Action, Refusal, Resource, Stop, World};
use super::{
    assign, canned, create, directory, edit, gather, issue, message, moves, react, reopen, revise, sla, tag, tenant,
};
use crate::model::activity_type::ActivityType;
use crate::model::change::difference;
use crate::model::lifecycle::Verb;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::{IssueStatus, ReopenMode};
use crate::workflow::BeforeEvent;

/// Does what the command asks for and everything that rules do in answer. What is answered is as it is then.
pub fn perform(world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
    let command = scope.command;
    let first = world.activities.len();
    let resource = decide(world, scope, &command.action)?;
    if !matches!(command.action, Action::CreateTickets(_) | Action::UpsertAll(_) | Action::FollowSla(_)) {
        react::settle(world, scope, first)?;
    }
    Ok(as_it_is(world, resource))
}

fn decide(world: &mut World, scope: &mut Scope<'_>, action: &Action) -> Result<Resource, Stop> {
    let ticket = |world: &World, scope: &Scope<'_>, name: &TicketRef, etag: &str| {
        access::ticket(world, scope, name, etag, Right::Write)
    };
    Ok(match action {
        Action::CreateTicket(new) => Resource::Ticket(create::create(world, scope, new)?),
        Action::CreateTickets(all) => Resource::Tickets(each(world, scope, all, create::create)?),
        Action::UpdateTicket { ticket: name, etag, edit } => {
            let ticket = ticket(world, scope, name, etag)?;
            Resource::Ticket(update(world, scope, ticket, edit)?)
        }
        Action::DeleteTicket { ticket: name, etag } => {
            let ticket = access::ticket(world, scope, name, etag, Right::Deleted)?;
            Resource::Ticket(delete(world, scope, ticket)?)
        }
        Action::UndeleteTicket { ticket: name, etag } => {
            let ticket = access::ticket(world, scope, name, etag, Right::Deleted)?;
            Resource::Ticket(undelete(world, scope, &ticket)?)
        }
        Action::AssignTicket { ticket: name, etag, assignee_id, team_id } => {
            let found = ticket(world, scope, name, etag)?;
            let found = before_verb(world, scope, found, &[BeforeEvent::Assigning])?;
            let (assignee, team) = (assignee_id.as_deref(), team_id.as_deref());
            Resource::Ticket(assign::apply(world, scope, found, assignee, team, None)?)
        }
        Action::TagTicket { ticket: name, etag, add, remove } => {
            let ticket = ticket(world, scope, name, etag)?;
            Resource::Ticket(tag(world, scope, ticket, add, remove)?)
        }
        Action::MoveTicket { ticket: name, etag, step } => {
            let right = if step.verb == Verb::Reopen { Right::Requester } else { Right::Write };
            let ticket = access::ticket(world, scope, name, etag, right)?;
            Resource::Ticket(go(world, scope, ticket, step)?)
        }
        Action::CreateFollowUp { ticket: name, etag, with } => {
            let ticket = access::ticket(world, scope, name, etag, Right::Requester)?;
            reopen::may_follow_up(world, scope, &ticket)?;
            Resource::Ticket(create::follow_up(world, scope, &ticket, with)?)
        }
        Action::RateTicket { ticket: name, etag, satisfaction, comment } => {
            let ticket = access::ticket(world, scope, name, etag, Right::Requester)?;
            Resource::Ticket(rate(world, scope, ticket, *satisfaction, comment)?)
        }
        Action::PostMessage { ticket: name, message: new } => {
            let ticket = access::ticket(world, scope, name, "", Right::Requester)?;
            let (message, ticket) = message::post(world, scope, ticket, new)?;
            Resource::Message(message, ticket)
        }
        Action::UpdateMessage { ticket: name, message: id, etag, edit } => {
            let (message, ticket) = revise::edit(world, scope, name, *id, etag, edit)?;
            Resource::Message(message, ticket)
        }
        Action::DeleteMessage { ticket: name, message: id, etag } => {
            let (message, ticket) = revise::delete(world, scope, name, *id, etag)?;
            Resource::Message(message, ticket)
        }
        Action::CreateCanned(new) => Resource::CannedResponse(canned::create(world, scope, new)?),
        Action::UpdateCanned { canned: which, etag, edit } => {
            Resource::CannedResponse(canned::update(world, scope, which, etag, edit)?)
        }
        Action::DeleteCanned { canned: which, etag } => {
            Resource::CannedResponse(canned::delete(world, scope, which, etag)?)
        }
        Action::CreatePolicy(edit) => Resource::SlaPolicy(sla::create_policy(world, scope, edit)?),
        Action::UpdatePolicy { policy: which, etag, edit } => {
            Resource::SlaPolicy(sla::update_policy(world, scope, which, etag, edit)?)
        }
        Action::DeletePolicy { policy: which, etag } => {
            Resource::SlaPolicy(sla::delete_policy(world, scope, which, etag)?)
        }
        Action::CreateCalendar(edit) => Resource::Calendar(sla::create_calendar(world, scope, edit)?),
        Action::UpdateCalendar { calendar: which, etag, edit } => {
            Resource::Calendar(sla::update_calendar(world, scope, which, etag, edit)?)
        }
        Action::DeleteCalendar { calendar: which, etag } => {
            Resource::Calendar(sla::delete_calendar(world, scope, which, etag)?)
        }
        Action::CreateTag(new) => Resource::Tag(tag::create(world, scope, new)?),
        Action::UpdateTag { name, etag, edit } => Resource::Tag(tag::update(world, scope, name, etag, edit)?),
        Action::DeleteTag { name, etag } => Resource::Tag(tag::delete(world, scope, name, etag)?),
        Action::CreateIssue(new) => Resource::Issue(create_issue(world, scope, new)?),
        Action::ResolveIssue { issue: id, etag } => {
            let found = access::issue(world, scope, *id, etag)?;
            Resource::Issue(issue::move_to(world, scope, found, IssueStatus::Resolved)?)
        }
        Action::LinkIssue { issue: id, ticket: name, etag } => {
            let found = access::issue(world, scope, *id, etag)?;
            let ticket = ticket(world, scope, name, "")?;
            Resource::Issue(issue::link(world, scope, &found, &ticket)?)
        }
        Action::UpdateIssue { issue: id, etag, edit } => {
            let found = access::issue(world, scope, *id, etag)?;
            Resource::Issue(issue::update(world, scope, found, edit)?)
        }
        Action::ReopenIssue { issue: id, etag } => {
            let found = access::issue(world, scope, *id, etag)?;
            Resource::Issue(issue::move_to(world, scope, found, IssueStatus::Open)?)
        }
        Action::UnlinkIssue { issue: id, ticket: name, etag } => {
            let found = access::issue(world, scope, *id, etag)?;
            let ticket = ticket(world, scope, name, "")?;
            Resource::Issue(issue::unlink(world, scope, &found, &ticket)?)
        }
        Action::ConvertToIssue { ticket: name, etag, with } => {
            let ticket = ticket(world, scope, name, etag)?;
            Resource::Issue(issue::convert(world, scope, ticket, with)?)
        }
        Action::UpsertOrganization(row, etag) => {
            Resource::Organization(directory::organization(world, scope, row, etag)?)
        }
        Action::UpsertContact(row, etag) => Resource::Contact(directory::contact(world, scope, row, etag)?),
        Action::UpsertTeam(row, etag) => Resource::Team(directory::team(world, scope, row, etag)?),
        Action::UpsertAgent(row, etag) => Resource::Agent(directory::agent(world, scope, row, etag)?),
        Action::UpsertAll(all) => Resource::All(each(world, scope, all, decide)?),
        Action::DeleteEntry { kind, id, etag } => match kind {
            DirectoryKind::Organization => {
                Resource::Organization(directory::delete_organization(world, scope, id, etag)?)
            }
            DirectoryKind::Contact => Resource::Contact(directory::delete_contact(world, scope, id, etag)?),
            DirectoryKind::Team => Resource::Team(directory::delete_team(world, scope, id, etag)?),
            DirectoryKind::Agent => Resource::Agent(directory::delete_agent(world, scope, id, etag)?),
        },
        Action::FollowSla(tickets) => {
            Resource::Tickets(each(world, scope, tickets, sla::keep)?.into_iter().flatten().collect())
        }
        Action::UpdateTenant { etag, edit } => Resource::Tenant(tenant::update(world, scope, edit, etag)?),
    })
}

/// Writes the masked fields, as the before-rules leave them.
pub fn update(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    edit: &TicketEdit,
) -> Result<Arc<Ticket>, Stop> {
    let would_be = edit::would_be(&ticket, edit);
    let changes = difference(&ticket, &would_be).changes;
    let updating = Asked { ticket: &would_be, before: Some(&ticket), changes: &changes, message: None };
    let mut events = vec![(BeforeEvent::Updating, updating)];
    if edit.assignee_id.is_some() || edit.team_id.is_some() {
        events.push((BeforeEvent::Assigning, Asked::of(&ticket)));
    }
    let moved = edit.status.filter(|to| *to != ticket.status).map(|to| BeforeEvent::of(Verb::for_update_to(to)));
    events.extend(moved.filter(|event| *event != BeforeEvent::Updating).map(|event| (event, Asked::of(&ticket))));
    let amendment = before::ask(world, scope, &events)?;
    let amended = amendment.onto(edit.tags.as_ref().unwrap_or(&ticket.tags), Some(edit));
    edit::apply(world, scope, ticket, &amended)
}

pub fn tag(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    add: &[String],
    remove: &[String],
) -> Result<Arc<Ticket>, Stop> {
    let would_be = Ticket { tags: edit::retagged(&ticket.tags, add, remove), ..Ticket::clone(&ticket) };
    let ticket = before_change(world, scope, ticket, &would_be)?;
    edit::tag(world, scope, ticket, add, remove)
}

/// The before-rules of an update over the ticket as it would be; what they edit is written first.
fn before_change(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    would_be: &Ticket,
) -> Result<Arc<Ticket>, Stop> {
    let changes = difference(&ticket, would_be).changes;
    let updating = Asked { ticket: would_be, before: Some(&ticket), changes: &changes, message: None };
    let amendment = before::ask(world, scope, &[(BeforeEvent::Updating, updating)])?;
    amend(world, scope, ticket, &amendment)
}

/// A move by its verb. What is to be reopened may come back as a ticket that follows it.
pub fn go(world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>, step: &Step) -> Result<Arc<Ticket>, Stop> {
    let verb = if step.verb == Verb::Update { Verb::for_update_to(step.to) } else { step.verb };
    if verb == Verb::Reopen && reopen::by_verb(world, scope, &ticket, step.mode)? == ReopenMode::FollowUp {
        return create::follow_up(world, scope, &ticket, &TicketEdit::default());
    }
    let mut ticket = ticket;
    if ticket.status != step.to || step.verb == Verb::Escalate {
        let assigning = (step.team_id.is_some() || step.assignee_id.is_some()).then_some(BeforeEvent::Assigning);
        let events: Vec<BeforeEvent> = [BeforeEvent::of(verb)].into_iter().chain(assigning).collect();
        ticket = before_verb(world, scope, ticket, &events)?;
    }
    moves::apply(world, scope, ticket, step)
}

/// The before-rules of these events over the ticket as it is; what they edit is written first.
pub fn before_verb(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    events: &[BeforeEvent],
) -> Result<Arc<Ticket>, Stop> {
    let asked: Vec<_> = events.iter().map(|event| (*event, Asked::of(&ticket))).collect();
    let amendment = before::ask(world, scope, &asked)?;
    amend(world, scope, ticket, &amendment)
}

pub fn amend(
    world: &mut World,
    scope: &Scope<'_>,
    ticket: Arc<Ticket>,
    amendment: &Amendment,
) -> Result<Arc<Ticket>, Stop> {
    if amendment.is_empty() {
        return Ok(ticket);
    }
    let edit = amendment.onto(&ticket.tags, None);
    edit::apply(world, scope, ticket, &edit)
}

fn rate(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    satisfaction: f64,
    comment: &str,
) -> Result<Arc<Ticket>, Stop> {
    if !ticket.status.is_done() {
        let advice = "rate it once it is resolved";
        let (name, status) = (ticket.display_number(), ticket.status);
        return Err(Refusal::NotDone { name, verb: "rate", status, advice }.into());
    }
    let rated = |t: &mut Ticket| {
        t.satisfaction = Some(satisfaction);
        comment.clone_into(&mut t.satisfaction_comment);
    };
    let mut would_be = Ticket::clone(&ticket);
    rated(&mut would_be);
    let ticket = before_change(world, scope, ticket, &would_be)?;
    change(world, scope, &ticket, Note::of(ActivityType::TicketRated), rated)
}

fn delete(world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>) -> Result<Arc<Ticket>, Stop> {
    if ticket.deleted_at.is_some() {
        return Ok(ticket);
    }
    let ticket = before_verb(world, scope, ticket, &[BeforeEvent::Deleting])?;
    change(world, scope, &ticket, Note::of(ActivityType::TicketDeleted), |t| {
        t.deleted_at = Some(scope.now);
        t.deleted_by.clone_from(&scope.actor.id);
    })
}

fn undelete(world: &mut World, scope: &Scope<'_>, ticket: &Arc<Ticket>) -> Result<Arc<Ticket>, Stop> {
    change(world, scope, ticket, Note::of(ActivityType::TicketRestored), |t| {
        t.deleted_at = None;
        t.deleted_by = String::new();
    })
}

/// Each one of a batch has its rules to itself, and their bounds: they run before the next one is made.
fn each<N, T>(
    world: &mut World,
    scope: &mut Scope<'_>,
    all: &[N],
    one: impl Fn(&mut World, &mut Scope<'_>, &N) -> Result<T, Stop>,
) -> Result<Vec<T>, Stop> {
    let (mut done, mut missing) = (Vec::with_capacity(all.len()), Vec::new());
    for (index, new) in all.iter().enumerate() {
        let (start, first) = (world.savepoint(), world.activities.len());
        let made = one(world, scope, new).and_then(|made| react::settle(world, scope, first).map(|()| made));
        match made {
            Ok(made) => done.push(made),
            // What the others miss is asked for in the same pass; a refusal may look different once it is known.
            Err(Stop::Missing(wants)) => {
                world.rollback(&start);
                missing.extend(wants);
            }
            Err(refused) if missing.is_empty() => return Err(refused.within(&format!("requests[{index}]"))),
            Err(_) => world.rollback(&start),
        }
    }
    if missing.is_empty() { Ok(done) } else { Err(Stop::Missing(missing)) }
}

fn create_issue(
    world: &mut World,
    scope: &mut Scope<'_>,
    new: &NewIssue,
) -> Result<Arc<crate::model::issue::Issue>, Stop> {
    access::staff_only(scope, "issues")?;
    let found = gather(new.tickets.iter().map(|name| access::ticket(world, scope, name, "", Right::Write)))?;
    let mut tickets: Vec<Arc<Ticket>> = Vec::with_capacity(found.len());
    for ticket in found {
        if tickets.iter().all(|other| other.id != ticket.id) {
            tickets.push(ticket);
        }
    }
    issue::create(world, scope, new, &tickets)
}

/// Rules may have changed it since it was decided.
fn as_it_is(world: &World, resource: Resource) -> Resource {
    let ticket = |old: Arc<Ticket>| world.tickets.get(&old.id).flatten().cloned().unwrap_or(old);
    match resource {
        Resource::Ticket(old) => Resource::Ticket(ticket(old)),
        Resource::Tickets(old) => Resource::Tickets(old.into_iter().map(ticket).collect()),
        Resource::Message(message, old) => Resource::Message(message, ticket(old)),
        Resource::All(old) => Resource::All(old.into_iter().map(|row| as_it_is(world, row)).collect()),
        Resource::Issue(old) => Resource::Issue(world.issues.get(&old.id).flatten().cloned().unwrap_or(old)),
        settled @ (Resource::Organization(_)
        | Resource::Contact(_)
        | Resource::Team(_)
        | Resource::Agent(_)
        | Resource::Tag(_)
        | Resource::CannedResponse(_)
        | Resource::SlaPolicy(_)
        | Resource::Calendar(_)
        | Resource::Tenant(_)) => settled,
    }
}
