//! RunWorkflow: a rule that waits for it runs for a ticket, or for a page of tickets.

use std::sync::Arc;

use prost::Message;
use tonic::Status;

use crate::command::resource::Held;
use crate::command::verbs::RunWorkflow;
use crate::command::{Command, Resource};
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::write::{Written, submit, write};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::commands;
use crate::grpc::convert::read::{Freshness, checked, page};
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::workflow::run_to_pb;
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::ledger::Run;
use crate::model::ticket::{Ticket, TicketRef};
use crate::store;
use crate::store::page::Key;
use crate::store::pool::Reading;
use crate::workflow::schema::Root;

const METHOD: &str = "RunWorkflow";
/// Tickets in one call: what it costs is bounded for each of them.
const TICKETS: i64 = 100;

pub async fn run(
    state: &State,
    call: Call,
    request: pb::RunWorkflowRequest,
) -> Result<pb::RunWorkflowResponse, Status> {
    if request.filter.is_empty() {
        return write(state, call, request).await;
    }
    let bytes = request.encoded_len();
    // The request stays what was sent, so that it is known again.
    let command = commands::command(call.caller.clone(), request.clone()).map_err(status::refused)?;
    let (verb, list) = {
        let mut conn = connection(state, &call, Freshness::default()).await?;
        of_filter(state, &call, &mut conn, request).await?
    };
    let command = Command { verb: Arc::new(verb), ..command };
    let Written { resource, position, epoch } = submit(state, (METHOD, Held::Runs), &call, command, bytes).await?;
    let Resource::Runs(runs) = resource else {
        return Err(fault::incident(METHOD, &"the answer is of another kind than the request"));
    };
    let next_page_token = list.token(state, after(state, &call, &list, &runs).await?);
    let runs = runs.into_iter().map(|run| run_to_pb(Arc::unwrap_or_clone(run))).collect();
    Ok(pb::RunWorkflowResponse { run: None, runs, next_page_token, position, epoch })
}

/// The run for the tickets of a filter's page.
pub(super) async fn of_filter(
    state: &State,
    call: &Call,
    conn: &mut Reading,
    request: pb::RunWorkflowRequest,
) -> Result<(RunWorkflow, List<Ticket>), Status> {
    let pb::RunWorkflowRequest { workflow, filter, filter_params, page_size, page_token, .. } = request;
    let page = |found: &mut Violations| page(found, filter, filter_params, "number".to_owned(), page_size, page_token);
    let mut page = checked(page).map_err(status::refused)?;
    page.size = page.size.min(TICKETS);
    let asked = ListQuery { method: METHOD, page, root: Some(Root::Ticket), narrowed: &[workflow.as_bytes()] };
    let list = List::<Ticket>::of(state, call, asked)?;
    let wanted = store::read::ticket::Wanted { show_deleted: false, filter: list.filter() };
    let found = store::read::ticket::list(conn, list.scope(), wanted, &list.paging()).await;
    let found = found.map_err(|error| list.failed(error))?.rows;
    let tickets = found.into_iter().map(|ticket| TicketRef::Id(ticket.id)).collect();
    Ok((RunWorkflow { workflow, tickets: Some(tickets) }, list))
}

/// Where the next page begins: behind the last ticket that was asked, which a replay tells, too.
async fn after(state: &State, call: &Call, list: &List<Ticket>, runs: &[Arc<Run>]) -> Result<Option<Vec<Key>>, Status> {
    let full = runs.len() >= list.paging().rows();
    let Some(last) = runs.last().filter(|_| full).and_then(|run| run.ticket_id) else { return Ok(None) };
    let conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let ticket = store::read::ticket::get(&conn, call.scope(), &TicketRef::Id(last)).await;
    let ticket = ticket.map_err(|error| fault::of_read(METHOD, "", error))?;
    Ok(ticket.map(|ticket| vec![Key::Int(ticket.number)]))
}
