//! Replays: the answer to a request that was answered before, rebuilt from the log as things were then.

use std::sync::Arc;

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;
use tonic::Status;
use uuid::Uuid;

use crate::command::action::DirectoryKind;
use crate::command::{Action, Resource};
use crate::grpc::status::fault;
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ledger::Request;
use crate::model::ticket::Ticket;
use crate::store;
use crate::store::pool::Pool;
use crate::store::read::activity::View;

mod directory;
mod rebuild;
#[cfg(test)]
mod tests;

/// What sort of resource a write answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ticket,
    Tickets,
    Message,
    Issue,
    Organization,
    Contact,
    Team,
    Agent,
    Tag,
    CannedResponse,
    SlaPolicy,
    Calendar,
    Tenant,
    /// Entries of the directory.
    All,
}

impl Kind {
    pub fn of(action: &Action) -> Kind {
        match action {
            Action::CreateTickets(_) | Action::FollowSla(_) => Kind::Tickets,
            Action::CreateTicket(_)
            | Action::UpdateTicket { .. }
            | Action::DeleteTicket { .. }
            | Action::UndeleteTicket { .. }
            | Action::AssignTicket { .. }
            | Action::TagTicket { .. }
            | Action::CreateFollowUp { .. }
            | Action::RateTicket { .. }
            | Action::MoveTicket { .. } => Kind::Ticket,
            Action::PostMessage { .. } | Action::UpdateMessage { .. } | Action::DeleteMessage { .. } => Kind::Message,
            Action::CreateIssue(_)
            | Action::ResolveIssue { .. }
            | Action::UpdateIssue { .. }
            | Action::ReopenIssue { .. }
            | Action::LinkIssue { .. }
            | Action::UnlinkIssue { .. }
            | Action::ConvertToIssue { .. } => Kind::Issue,
            Action::UpsertOrganization(..) => Kind::Organization,
            Action::UpsertContact(..) => Kind::Contact,
            Action::UpsertTeam(..) => Kind::Team,
            Action::UpsertAgent(..) => Kind::Agent,
            Action::UpdateTenant { .. } => Kind::Tenant,
            Action::UpsertAll(_) => Kind::All,
            Action::DeleteEntry { kind, .. } => match kind {
                DirectoryKind::Organization => Kind::Organization,
                DirectoryKind::Contact => Kind::Contact,
                DirectoryKind::Team => Kind::Team,
                DirectoryKind::Agent => Kind::Agent,
            },
            Action::CreateCanned(_) | Action::UpdateCanned { .. } | Action::DeleteCanned { .. } => Kind::CannedResponse,
            Action::CreatePolicy(_) | Action::UpdatePolicy { .. } | Action::DeletePolicy { .. } => Kind::SlaPolicy,
            Action::CreateCalendar(_) | Action::UpdateCalendar { .. } | Action::DeleteCalendar { .. } => Kind::Calendar,
            Action::CreateTag(_) | Action::UpdateTag { .. } | Action::DeleteTag { .. } => Kind::Tag,
        }
    }

    /// Whether the answer holds what several activities of the write made.
    fn is_spread(self) -> bool {
        match self {
            Kind::Tickets | Kind::Message => true,
            Kind::Ticket
            | Kind::Issue
            | Kind::Organization
            | Kind::Contact
            | Kind::Team
            | Kind::Agent
            | Kind::Tag
            | Kind::CannedResponse
            | Kind::SlaPolicy
            | Kind::Calendar
            | Kind::Tenant
            | Kind::All => false,
        }
    }
}

/// The resource that `request` was answered with. The same request has the same method, and so the same kind.
pub async fn answer(pool: &Pool, method: &'static str, kind: Kind, request: &Request) -> Result<Resource, Status> {
    let mut conn = pool.get().await.map_err(fault::of_pool)?;
    let found = load(&mut conn, kind, request).await.map_err(|error| fault::of_read(method, "", error))?;
    found.ok_or_else(|| {
        let Request { resource_id, resource_position, first_position, position, .. } = request;
        let what = format!(
            "the log does not hold the answer of {resource_id:?} at {resource_position} ({first_position} to {position})"
        );
        fault::incident(method, &what)
    })
}

async fn load(conn: &mut AsyncPgConnection, kind: Kind, request: &Request) -> QueryResult<Option<Resource>> {
    let tenant = request.tenant_id.as_str();
    if kind == Kind::Message && request.first_position > request.position {
        return unchanged_message(conn, request).await;
    }
    let rows = if kind.is_spread() {
        store::read::activity::range(conn, tenant, request.first_position - 1, request.position, View::Full).await?
    } else {
        let positions: Vec<(&str, i64)> = rebuild::positions(kind, request).map(|at| (tenant, at)).collect();
        store::lookup::activities(conn, &positions).await?
    };
    match rebuild::resource(kind, request, activities(rows)?) {
        Some(resource) => describe(conn, tenant, resource).await,
        None => Ok(None),
    }
}

/// A message that the write found as it was asked for: it wrote nothing, and the log holds it where it was written last.
async fn unchanged_message(conn: &mut AsyncPgConnection, request: &Request) -> QueryResult<Option<Resource>> {
    let tenant = request.tenant_id.as_str();
    let rows = store::lookup::activities(conn, &[(tenant, request.resource_position)]).await?;
    let Some(message) = activities(rows)?.pop().and_then(|activity| activity.message) else { return Ok(None) };
    let ticket = ticket_at(conn, tenant, message.ticket_id, request.position).await?;
    Ok(ticket.map(|ticket| Resource::Message(Arc::new(message), ticket)))
}

/// A ticket as it was when the tenant's log had come to `position`. `None`: the log holds nothing of it from before.
pub async fn ticket_at(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    ticket: Uuid,
    position: i64,
) -> QueryResult<Option<Arc<Ticket>>> {
    let row = store::read::activity::last_of(conn, tenant, ticket, position).await?;
    let Some(then) = activities(row)?.pop().and_then(|activity| activity.ticket) else { return Ok(None) };
    Ok(match describe(conn, tenant, Resource::Ticket(then)).await? {
        Some(Resource::Ticket(ticket)) => Some(ticket),
        _ => None,
    })
}

/// Gives the tickets of a resource their descriptions, which the log holds only where they were written.
async fn describe(conn: &mut AsyncPgConnection, tenant: &str, resource: Resource) -> QueryResult<Option<Resource>> {
    let described: Vec<(&str, i64)> = rebuild::tickets(&resource).map(|ticket| (tenant, ticket.described_at)).collect();
    let rows = store::lookup::activities(conn, &described).await?;
    Ok(rebuild::describe(resource, &activities(rows)?))
}

fn activities(rows: impl IntoIterator<Item = ActivityRow>) -> QueryResult<Vec<Activity>> {
    let read: Result<Vec<Activity>, String> = rows.into_iter().map(ActivityRow::into_activity).collect();
    read.map_err(|problem| Error::DeserializationError(problem.into()))
}
