//! Canned responses: reads, and rendering for a ticket.

use diesel::result::QueryResult;
use tonic::Status;

use crate::command::refusal::Kind;
use crate::command::{self, Refusal};
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::ticket;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::canned;
use crate::grpc::convert::read::{checked, freshness, page};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::store;
use crate::store::pool::Reading;
use crate::store::read::directory;
use crate::workflow::schema::Root;
use crate::workflow::{Facts, Snippet};

pub async fn get(
    state: &State,
    call: Call,
    request: pb::GetCannedResponseRequest,
) -> Result<pb::GetCannedResponseResponse, Status> {
    let pb::GetCannedResponseRequest { id, min_position, epoch } = request;
    let (which, fresh) = checked(|found| (canned::named(found, "id", &id), freshness(found, min_position, epoch)))
        .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let row = find(&mut conn, "GetCannedResponse", &call, &which).await?;
    Ok(pb::GetCannedResponseResponse { canned_response: Some(canned::to_pb(row)) })
}

pub async fn list(
    state: &State,
    call: Call,
    request: pb::ListCannedResponsesRequest,
) -> Result<pb::ListCannedResponsesResponse, Status> {
    let pb::ListCannedResponsesRequest { filter, filter_params, order_by, page_size, page_token, min_position, epoch } =
        request;
    let (page, fresh) = checked(|found| {
        (page(found, filter, filter_params, order_by, page_size, page_token), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListCannedResponses", page, root: Some(Root::CannedResponse), narrowed: &[] };
    let list = List::<CannedResponse>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let rows = store::read::canned::list(&mut conn, list.scope(), list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (canned_responses, next_page_token) = list.page(state, rows, canned::to_pb);
    Ok(pb::ListCannedResponsesResponse { canned_responses, next_page_token })
}

pub async fn render(
    state: &State,
    call: Call,
    request: pb::RenderCannedResponseRequest,
) -> Result<pb::RenderCannedResponseResponse, Status> {
    const METHOD: &str = "RenderCannedResponse";
    let pb::RenderCannedResponseRequest { id, ticket_id, min_position, epoch } = request;
    let (which, name, fresh) = checked(|found| {
        let which = canned::named(found, "id", &id);
        (which, found.ticket("ticket_id", &ticket_id), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let ticket = ticket::find(&mut conn, METHOD, &call, &name, &ticket_id).await?;
    let canned = find(&mut conn, METHOD, &call, &which).await?;
    let snippet = Snippet::compile(&canned.body);
    let snippet =
        snippet.map_err(|found| status::not_rendered(&canned.name, canned::unreadable(&canned.body, &found)))?;
    let text = write(&mut conn, &call, &snippet, &ticket).await;
    let text = text.map_err(|error| fault::of_read(METHOD, "", error))?;
    let text = text.map_err(|failed| status::not_rendered(&canned.name, failed))?;
    Ok(pb::RenderCannedResponseResponse { text })
}

/// The text for this ticket and this caller; what it reads around the ticket is what the caller may see.
async fn write(
    conn: &mut Reading,
    call: &Call,
    snippet: &Snippet,
    ticket: &Ticket,
) -> QueryResult<Result<String, crate::workflow::NoText>> {
    let scope = call.scope();
    let related = directory::related(conn, scope, ticket, |root| snippet.needs(root)).await?;
    let tenant = match snippet.needs(Root::Tenant) {
        true => Some(store::read::tenant::get(conn, scope.tenant_id).await?),
        false => None,
    };
    let actor = command::actor(&call.caller);
    let facts = Facts {
        ticket: Some(ticket),
        actor: Some(&actor),
        related: related.facts(),
        tenant: tenant.as_ref(),
        ..Facts::at(Instant::host_now(), call.caller.tenant())
    };
    Ok(snippet.text(&facts))
}

async fn find(
    conn: &mut Reading,
    method: &'static str,
    call: &Call,
    which: &CannedRef,
) -> Result<CannedResponse, Status> {
    let scope = call.scope();
    let found = store::read::canned::get(conn, scope, which).await;
    let found = found.map_err(|error| fault::of_read(method, "", error))?;
    let none = || Refusal::NotFound { kind: Kind::CannedResponse, id: which.to_string() };
    found.ok_or_else(|| status::refused(none()))
}
