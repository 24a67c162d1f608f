//! Verbs that link issues to tickets, and unlink them.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::write::{add, write, write_to};
use crate::command::access::{self, Right};
use crate::command::record::changed;
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::id;
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ticket::{Ticket, TicketRef};

#[derive(Clone, Debug)]
pub struct LinkIssue {
    pub issue: Uuid,
    pub ticket: TicketRef,
    pub etag: String,
}

impl Verb for LinkIssue {
    fn name(&self) -> &'static str {
        "link_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(self.issue, &self.ticket, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let issue = access::issue(world, scope, self.issue, &self.etag)?;
        let ticket = access::ticket(world, scope, &self.ticket, "", Right::Write)?;
        Ok(link(world, scope, &issue, &ticket)?.into())
    }
}

#[derive(Clone, Debug)]
pub struct UnlinkIssue {
    pub issue: Uuid,
    pub ticket: TicketRef,
    pub etag: String,
}

impl Verb for UnlinkIssue {
    fn name(&self) -> &'static str {
        "unlink_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants_of(self.issue, &self.ticket, wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let issue = access::issue(world, scope, self.issue, &self.etag)?;
        let ticket = access::ticket(world, scope, &self.ticket, "", Right::Write)?;
        Ok(unlink(world, scope, &issue, &ticket)?.into())
    }
}

fn wants_of(issue: Uuid, ticket: &TicketRef, wants: &mut Wants<'_>) {
    wants.add(Want::Issue(issue));
    wants.ticket(ticket);
    wants.issues_of(ticket);
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
fn unlink(world: &mut World, scope: &Scope<'_>, issue: &Arc<Issue>, ticket: &Arc<Ticket>) -> Result<Arc<Issue>, Stop> {
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
