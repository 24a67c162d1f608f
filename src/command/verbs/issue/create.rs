//! Verbs that create issues: by a caller, or from a ticket.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::write::{add, write};
use crate::command::access::{self, Right};
use crate::command::action::{IssueEdit, NewIssue};
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::scope::Scope;
use crate::command::wants::Wants;
use crate::command::{Resource, Stop, Verb, World, gather, limits};
use crate::model::activity_type::ActivityType;
use crate::model::issue::Issue;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::IssueStatus;

#[derive(Clone, Debug)]
pub struct CreateIssue(pub NewIssue);

impl Verb for CreateIssue {
    fn name(&self) -> &'static str {
        "create_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        for ticket in &self.0.tickets {
            wants.ticket(ticket);
            wants.issues_of(ticket);
        }
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        access::staff_only(scope, "issues")?;
        let named = self.0.tickets.iter();
        let found = gather(named.map(|name| access::ticket(world, scope, name, "", Right::Write)))?;
        let mut tickets: Vec<Arc<Ticket>> = Vec::with_capacity(found.len());
        for ticket in found {
            if tickets.iter().all(|other| other.id != ticket.id) {
                tickets.push(ticket);
            }
        }
        Ok(create(world, scope, self.0.clone().into_row(), &tickets)?.into())
    }
}

/// An issue out of a ticket. What `with` leaves out is the ticket's.
#[derive(Clone, Debug)]
pub struct ConvertToIssue {
    pub ticket: TicketRef,
    pub etag: String,
    pub with: IssueEdit,
}

impl Verb for ConvertToIssue {
    fn name(&self) -> &'static str {
        "convert_to_issue"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.ticket(&self.ticket);
        wants.issues_of(&self.ticket);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        let ticket = access::ticket(world, scope, &self.ticket, &self.etag, Right::Write)?;
        Ok(convert(world, scope, ticket, &self.with)?.into())
    }
}

/// Makes an issue that is linked to these tickets, each named once: what is `said` of it, and what Docket knows.
pub fn create(
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
fn convert(
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
    create(world, scope, said, &[ticket])
}

/// Whether rules have made an issue with this key for the ticket, whichever rule it was.
pub fn made_by_rules(world: &World, ticket: Uuid, key: &str) -> Result<bool, Stop> {
    let ids = world.issues_of(ticket)?;
    let issues = gather(ids.iter().map(|id| world.issue(*id)))?;
    Ok(issues.into_iter().flatten().any(|issue| !issue.workflow.is_empty() && issue.once_key == key))
}
