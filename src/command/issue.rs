//! Issues and their links. An issue's activity is written once for each linked ticket, or once alone.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::action::NewIssue;
use super::record::{Note, SCHEMA_VERSION, beside, changed, next_position, plain};
use super::scope::Scope;
use super::{Refusal, Stop, World, gather, limits};
use crate::model::activity::Change;
use crate::model::id;
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::{IssueStatus, Words};

/// Makes an issue that is linked to these tickets, each named once.
pub fn create(
    world: &mut World,
    scope: &mut Scope<'_>,
    new: &NewIssue,
    tickets: &[Arc<Ticket>],
) -> Result<Arc<Issue>, Stop> {
    limits::required("title", &new.title, limits::SUBJECT_CHARS)?;
    limits::long_text("description", &new.description)?;
    let NewIssue {
        title,
        description,
        kind,
        priority,
        reporter_id,
        assignee_id,
        project,
        external_url,
        metadata,
        tickets: _,
        source,
        source_type,
    } = new.clone();
    // A rule's issue belongs to the app of the ticket that it was made for.
    let app_id = match tickets.first() {
        Some(ticket) if scope.cause.is_some() => ticket.app_id.clone(),
        _ => scope.app_id().to_owned(),
    };
    let issue = Issue {
        tenant_id: scope.tenant().to_owned(),
        id: scope.new_id(),
        title,
        description,
        kind,
        status: IssueStatus::Open,
        priority,
        reporter_id,
        assignee_id,
        project,
        external_url,
        metadata,
        resolved_at: None,
        ticket_ids: Words::default(),
        workflow: scope.workflow().to_owned(),
        app_id,
        source,
        source_type,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: SCHEMA_VERSION,
        etag_version: 0,
        position: 0,
    };
    let issue = tickets.iter().try_fold(issue, |issue, ticket| add(world, issue, ticket))?;
    write(world, scope, issue, "issue.created", Vec::new())
}

/// Resolves an issue; doing it again changes nothing.
pub fn resolve(world: &mut World, scope: &Scope<'_>, issue: &Arc<Issue>) -> Result<Arc<Issue>, Stop> {
    if issue.status == IssueStatus::Resolved {
        return Ok(issue.clone());
    }
    let after = Issue { status: IssueStatus::Resolved, resolved_at: Some(scope.now), ..Issue::clone(issue) };
    let changes = vec![
        changed("status", json!(issue.status.word()), json!(after.status.word())),
        changed("resolved_at", Value::Null, json!(scope.now.to_string())),
    ];
    write(world, scope, after, "issue.resolved", changes)
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
    write(world, scope, after, "issue.updated", changes)
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
    mut issue: Issue,
    kind: &'static str,
    changes: Vec<Change>,
) -> Result<Arc<Issue>, Stop> {
    let ids = issue.ticket_ids.iter().filter_map(|shown| id::parse(id::TICKET, shown));
    let tickets = gather(ids.map(|id| {
        let name = TicketRef::Id(id);
        let none = || Refusal::NotFound { kind: super::refusal::Kind::Ticket, id: name.to_string() };
        world.ticket(&name)?.ok_or_else(|| Stop::from(none()))
    }))?;
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
