//! Tickets as of a position or time in the past.

use tonic::Status;

use crate::grpc::call::read::wait_for;
use crate::grpc::call::ticket::no_ticket;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::{Freshness, Moment};
use crate::grpc::replay::ticket_at;
use crate::grpc::status::{self, fault};
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::store::read::{activity, head};

/// The ticket, which the caller called `id`, at a moment; `now` is how it is.
///
/// # Errors
/// TICKET_NOT_FOUND when it was not there yet, or not for this caller; POSITION_UNKNOWN; POSITION_EXPIRED.
pub async fn as_it_was(state: &State, call: &Call, now: Ticket, then: Moment, id: String) -> Result<Ticket, Status> {
    let (tenant, by_time) = (call.caller.tenant(), matches!(then, Moment::Time(_)));
    let failed = |error| fault::of_read("GetTicket", "", error);
    if let Moment::Position(min_position) = then {
        wait_for(state, call, Freshness { min_position, epoch: 0 }).await?;
    }
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let position = match then {
        Moment::Position(position) => position,
        Moment::Time(Instant(micros)) => {
            activity::first_at(&mut conn, tenant, Instant(micros + 1)).await.map_err(failed)? - 1
        }
    };
    if now.position <= position {
        return Ok(now);
    }
    let then = ticket_at(&mut conn, tenant, now.id, position).await.map_err(failed)?;
    // Afterwards: what was below the floor by then may have been gone already.
    let floor = head::get(&mut conn, tenant).await.map_err(failed)?.map_or(0, |head| head.floor);
    match then {
        // Which of the instants below the floor a time fell between is no longer known.
        _ if position < floor || (by_time && floor > 0 && position == floor) => {
            Err(status::position_expired(position, floor + 1))
        }
        Some(ticket) if call.audience.sees_ticket(&ticket) => Ok(Ticket::clone(&ticket)),
        _ => Err(no_ticket(id)),
    }
}
