//! Lookup of the ticket that a request names.

use tonic::Status;

use super::{Call, State};
use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::status::{self, fault};
use crate::model::ticket::{Ticket, TicketRef};
use crate::store;
use crate::store::point_reads::Found;
use crate::store::pool::Reading;

/// The ticket of this name, which the caller wrote as `text`, with others that are looked up now.
pub async fn gather(state: &State, call: &Call, name: &TicketRef, text: &str) -> Result<Ticket, Status> {
    match state.pool.point_reads().ticket(call.caller.tenant(), name, None).await.map_err(fault::of_pool)? {
        Found::Ticket(row) if call.audience.sees_ticket(&row) => Ok(*row),
        Found::Ticket(_) | Found::Unchanged | Found::Nowhere => Err(no_ticket(text.to_owned())),
    }
}

/// The ticket of this name, which the caller wrote as `text`.
pub async fn find(
    conn: &mut Reading,
    method: &'static str,
    call: &Call,
    name: &TicketRef,
    text: &str,
) -> Result<Ticket, Status> {
    let scope = call.scope();
    let found = store::read::ticket::get(conn, scope, name).await;
    let found = found.map_err(|error| fault::of_read(method, "", error))?;
    found.ok_or_else(|| no_ticket(text.to_owned()))
}

pub fn no_ticket(id: String) -> Status {
    status::refused(Refusal::NotFound { kind: Kind::Ticket, id })
}
