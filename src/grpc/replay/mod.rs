//! Replays: the answer to a request that was answered before, rebuilt from the log as things were then.

use std::sync::Arc;

use diesel::result::{Error, QueryResult};
use diesel_async::AsyncPgConnection;
use tonic::Status;
use uuid::Uuid;

use crate::command::Resource;
use crate::command::resource::Held;
use crate::grpc::status::fault;
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ledger::Request;
use crate::model::ticket::Ticket;
use crate::store;
use crate::store::audience::Audience;
use crate::store::pool::Pool;
use crate::store::read::Scope;
use crate::store::read::activity::View;

mod rebuild;
#[cfg(test)]
mod tests;

/// The resource that `request` was answered with. The same request has the same method, and so it is held in the same way.
pub async fn answer(pool: &Pool, method: &'static str, held: Held, request: &Request) -> Result<Resource, Status> {
    let mut conn = pool.get(&request.tenant_id).await.map_err(fault::of_pool)?;
    let found = load(&mut conn, held, request).await.map_err(|error| fault::of_read(method, "", error))?;
    found.ok_or_else(|| {
        let Request { resource_id, resource_position, first_position, position, .. } = request;
        let what = format!(
            "the log does not hold the answer of {resource_id:?} at {resource_position} ({first_position} to {position})"
        );
        fault::incident(method, &what)
    })
}

/// Whether this caller, whose roles may be others than when the request was answered, is shown the answer.
pub fn shows(audience: &Audience, resource: &Resource) -> bool {
    match resource {
        Resource::Ticket(ticket) => audience.sees_ticket(ticket),
        Resource::Tickets(tickets) => tickets.iter().all(|ticket| audience.sees_ticket(ticket)),
        Resource::Message(message, ticket) => audience.sees_message(message) && audience.sees_ticket(ticket),
        // The desk's own.
        _ => audience.requester.is_none(),
    }
}

async fn load(conn: &mut AsyncPgConnection, held: Held, request: &Request) -> QueryResult<Option<Resource>> {
    let tenant = request.tenant_id.as_str();
    let spread = match held {
        Held::Message if request.first_position > request.position => return unchanged_message(conn, request).await,
        Held::Runs => return runs(conn, request).await,
        Held::Tickets | Held::Message => true,
        Held::One(_) | Held::Each(_) => false,
    };
    let rows = if spread {
        store::read::activity::range(conn, tenant, request.first_position - 1, request.position, View::Full).await?
    } else {
        let positions: Vec<(&str, i64)> = rebuild::positions(held, request).map(|at| (tenant, at)).collect();
        store::lookup::activities(conn, &positions).await?
    };
    match rebuild::resource(held, request, activities(rows)?) {
        Some(resource) => describe(conn, tenant, resource).await,
        None => Ok(None),
    }
}

async fn runs(conn: &mut AsyncPgConnection, request: &Request) -> QueryResult<Option<Resource>> {
    let everybody = Audience::default();
    let scope = Scope { tenant_id: &request.tenant_id, audience: &everybody };
    let mut all = Vec::new();
    for id in request.resource_id.split(',').filter_map(|id| id.parse().ok()) {
        let Some(run) = store::read::run::get(conn, scope, id).await? else { return Ok(None) };
        all.push(Arc::new(run));
    }
    Ok(Some(Resource::Runs(all)))
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
