//! Writing of an issue with its links and activities.

use std::sync::Arc;

use crate::command::record::{Note, beside, next_position, plain};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::{Refusal, Stop, World, gather};
use crate::model::activity::Change;
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::issue::{Issue, IssueTicket};
use crate::model::limits::ISSUE_TICKETS;
use crate::model::ticket::{Ticket, TicketRef};

/// Links the ticket to an issue that is not written yet: both ends know.
pub fn add(world: &mut World, mut issue: Issue, ticket: &Ticket) -> Result<Issue, Stop> {
    if issue.ticket_ids.len() >= ISSUE_TICKETS {
        let name = id::show(id::ISSUE, issue.id);
        return Err(Refusal::LimitExceeded { name, what: "tickets".into(), limit: ISSUE_TICKETS as u64 }.into());
    }
    let mut of_ticket = Vec::clone(&*world.issues_of(ticket.id)?);
    of_ticket.push(issue.id);
    issue.ticket_ids.0.push(id::show(id::TICKET, ticket.id));
    let link = IssueTicket { tenant_id: issue.tenant_id.clone(), ticket_id: ticket.id, issue_id: issue.id };
    world.ticket_issues.put(ticket.id, Arc::new(of_ticket));
    world.issue_tickets.put((ticket.id, issue.id), Arc::new(link));
    Ok(issue)
}

pub fn write(
    world: &mut World,
    scope: &Scope<'_>,
    issue: Issue,
    kind: ActivityType,
    changes: Vec<Change>,
) -> Result<Arc<Issue>, Stop> {
    write_to(world, scope, issue, kind, changes, None)
}

/// `former`: a ticket that it is no longer linked to, and that is told all the same.
pub fn write_to(
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
        let none = || Refusal::NotFound { kind: Kind::Ticket, id: name.to_string() };
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
