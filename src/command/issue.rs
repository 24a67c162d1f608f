//! Issues and their links. An issue's activity is written once for each linked ticket, or once alone.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::action::{IssueEdit, NewIssue};
use super::record::{Note, SCHEMA_VERSION, SOURCE, beside, changed, next_position, plain};
use super::scope::Scope;
use super::{Refusal, Stop, World, gather, limits};
use crate::model::activity::Change;
use crate::model::activity_type::ActivityType;
use crate::model::change::Told;
use crate::model::id;
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::Instant;
use crate::model::words::IssueStatus;

/// Makes an issue that is linked to these tickets, each named once.
pub fn create(
    world: &mut World,
    scope: &mut Scope<'_>,
    new: &NewIssue,
    tickets: &[Arc<Ticket>],
) -> Result<Arc<Issue>, Stop> {
    make(world, scope, new.clone().into_row(), tickets)
}

/// What is `said` of it, and what Docket knows.
fn make(
    world: &mut World,
    scope: &mut Scope<'_>,
    mut said: Issue,
    tickets: &[Arc<Ticket>],
) -> Result<Arc<Issue>, Stop> {
    limits::required("title", &said.title, limits::limits().subject_chars)?;
    limits::long_text("description", &said.description)?;
    if said.reporter_id.is_empty() && scope.cause.is_none() {
        scope.caller().sub().clone_into(&mut said.reporter_id);
    }
    // A rule's issue belongs to the app of the ticket that it was made for.
    let app_id = match tickets.first() {
        Some(ticket) if scope.cause.is_some() => ticket.app_id.clone(),
        _ => scope.app_id().to_owned(),
    };
    let issue = Issue {
        tenant_id: scope.tenant().to_owned(),
        id: scope.new_id(),
        status: IssueStatus::Open,
        workflow: scope.workflow().to_owned(),
        app_id,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        schema_version: SCHEMA_VERSION,
        ..said
    };
    let issue = tickets.iter().try_fold(issue, |issue, ticket| add(world, issue, ticket))?;
    write(world, scope, issue, ActivityType::IssueCreated, Vec::new())
}

/// An issue that is linked to the ticket, with what the ticket says where `with` says nothing.
pub fn convert(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    with: &IssueEdit,
) -> Result<Arc<Issue>, Stop> {
    let mut said = Issue {
        title: ticket.subject.clone(),
        description: ticket.description.clone(),
        priority: ticket.priority,
        reporter_id: ticket.requester_id.clone(),
        metadata: Value::Object(Map::new()),
        source: SOURCE.to_owned(),
        ..Issue::default()
    };
    with.put_plain(&mut said);
    make(world, scope, said, &[ticket])
}

/// Writes the masked fields that differ, in one activity; a resolve or a reopen is one of its own, after it.
pub fn update(world: &mut World, scope: &Scope<'_>, issue: Arc<Issue>, edit: &IssueEdit) -> Result<Arc<Issue>, Stop> {
    let (after, changes) = edited(&issue, edit);
    let issue = match changes.is_empty() {
        true => issue,
        false => write(world, scope, after, ActivityType::IssueUpdated, changes)?,
    };
    match edit.status {
        Some(to) => move_to(world, scope, issue, to),
        None => Ok(issue),
    }
}

/// Resolves, reopens or picks up an issue. Where it is already it stays.
pub fn move_to(world: &mut World, scope: &Scope<'_>, issue: Arc<Issue>, to: IssueStatus) -> Result<Arc<Issue>, Stop> {
    let from = issue.status;
    if from == to {
        return Ok(issue);
    }
    let resolved_at = (to == IssueStatus::Resolved).then_some(scope.now);
    let kind = match (from, to) {
        (_, IssueStatus::Resolved) => ActivityType::IssueResolved,
        (IssueStatus::Resolved, _) => ActivityType::IssueReopened,
        _ => ActivityType::IssueUpdated,
    };
    let mut changes = vec![changed("status", json!(from.word()), json!(to.word()))];
    if issue.resolved_at != resolved_at {
        let shown = |at: Option<Instant>| at.map_or(Value::Null, |at| json!(at.to_string()));
        changes.push(changed("resolved_at", shown(issue.resolved_at), shown(resolved_at)));
    }
    write(world, scope, Issue { status: to, resolved_at, ..Issue::clone(&issue) }, kind, changes)
}

/// The issue with the masked fields in it, its status apart, and what is different.
fn edited(issue: &Issue, edit: &IssueEdit) -> (Issue, Vec<Change>) {
    let mut after = issue.clone();
    edit.put_plain(&mut after);
    let changes = issue.difference(&after).changes;
    (after, changes)
}

/// Links a ticket; doing it again changes nothing.
pub fn link(
    world: &mut World,
    scope: &Scope<'_>,
    issue: &Arc<Issue>,
    ticket: &Arc<Ticket>,
) -> Result<Arc<Issue>, Stop> {
    if issue.ticket_ids.has(&id::show(id::TICKET, ticket.id)) {
        return Ok(issue.clone());
    }
    let after = add(world, Issue::clone(issue), ticket)?;
    let changes = vec![changed("ticket_ids", json!(issue.ticket_ids.0), json!(after.ticket_ids.0))];
    write(world, scope, after, ActivityType::IssueUpdated, changes)
}

/// Takes a link away; where there is none nothing changes. The ticket that it was of is told, too.
pub fn unlink(
    world: &mut World,
    scope: &Scope<'_>,
    issue: &Arc<Issue>,
    ticket: &Arc<Ticket>,
) -> Result<Arc<Issue>, Stop> {
    let shown = id::show(id::TICKET, ticket.id);
    if !issue.ticket_ids.has(&shown) {
        return Ok(issue.clone());
    }
    let mut after = Issue::clone(issue);
    after.ticket_ids.0.retain(|id| *id != shown);
    let rest: Vec<Uuid> = world.issues_of(ticket.id)?.iter().copied().filter(|id| *id != issue.id).collect();
    let link = IssueTicket { tenant_id: issue.tenant_id.clone(), ticket_id: ticket.id, issue_id: issue.id };
    let changes = vec![changed("ticket_ids", json!(issue.ticket_ids.0), json!(after.ticket_ids.0))];
    let written = write_to(world, scope, after, ActivityType::IssueUpdated, changes, Some(ticket))?;
    world.ticket_issues.put(ticket.id, Arc::new(rest));
    world.issue_tickets.remove((ticket.id, issue.id), Arc::new(link));
    Ok(written)
}

/// The issues of a ticket that this rule made.
pub fn made_by(world: &World, ticket: Uuid, rule: &str) -> Result<bool, Stop> {
    let ids = world.issues_of(ticket)?;
    let issues = gather(ids.iter().map(|id| world.issue(*id)))?;
    Ok(issues.into_iter().flatten().any(|issue| issue.workflow == rule))
}

/// Both ends know.
fn add(world: &mut World, mut issue: Issue, ticket: &Ticket) -> Result<Issue, Stop> {
    if issue.ticket_ids.len() >= limits::ISSUE_TICKETS {
        let name = id::show(id::ISSUE, issue.id);
        return Err(Refusal::LimitExceeded { name, what: "tickets".into(), limit: limits::ISSUE_TICKETS as u64 }.into());
    }
    let mut of_ticket = Vec::clone(&*world.issues_of(ticket.id)?);
    of_ticket.push(issue.id);
    issue.ticket_ids.0.push(id::show(id::TICKET, ticket.id));
    let link = IssueTicket { tenant_id: issue.tenant_id.clone(), ticket_id: ticket.id, issue_id: issue.id };
    world.ticket_issues.put(ticket.id, Arc::new(of_ticket));
    world.issue_tickets.put((ticket.id, issue.id), Arc::new(link));
    Ok(issue)
}

fn write(
    world: &mut World,
    scope: &Scope<'_>,
    issue: Issue,
    kind: ActivityType,
    changes: Vec<Change>,
) -> Result<Arc<Issue>, Stop> {
    write_to(world, scope, issue, kind, changes, None)
}

/// `former`: a ticket that it is no longer linked to, and that is told all the same.
fn write_to(
    world: &mut World,
    scope: &Scope<'_>,
    mut issue: Issue,
    kind: ActivityType,
    changes: Vec<Change>,
    former: Option<&Arc<Ticket>>,
) -> Result<Arc<Issue>, Stop> {
    let ids = issue.ticket_ids.iter().filter_map(|shown| id::parse(id::TICKET, shown));
    let mut tickets = gather(ids.map(|id| {
        let name = TicketRef::Id(id);
        let none = || Refusal::NotFound { kind: super::refusal::Kind::Ticket, id: name.to_string() };
        world.ticket(&name)?.ok_or_else(|| Stop::from(none()))
    }))?;
    tickets.extend(former.cloned());
    issue.updated_at = scope.now;
    issue.updated_by.clone_from(&scope.actor.id);
    issue.etag_version += 1;
    // Each of its activities holds the same issue: the position is the last one's.
    issue.position = next_position(world) + tickets.len().max(1) as i64 - 1;
    let note = || Note { changes: changes.clone(), issue: Some(issue.clone()), ..Note::of(kind) };
    for ticket in &tickets {
        beside(world, scope, ticket, note());
    }
    if tickets.is_empty() {
        plain(world, scope, note());
    }
    let issue = Arc::new(issue);
    world.issues.put(issue.id, issue.clone());
    Ok(issue)
}
