//! Tickets as they were.

use tonic::Status;

use super::convert::read::Moment;
use super::replay::ticket_at;
use super::state::{Call, State};
use super::ticket::no_ticket;
use super::{fault, status};
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::store::read::{activity, head};

/// The ticket, which the caller called `id`, at a moment; `now` is how it is.
///
/// # Errors
/// TICKET_NOT_FOUND when it was not there yet, or not for this caller; POSITION_UNKNOWN; POSITION_EXPIRED.
pub async fn as_it_was(state: &State, call: &Call, now: Ticket, then: Moment, id: String) -> Result<Ticket, Status> {
    let tenant = call.caller.tenant();
    let failed = |error| fault::of_read("GetTicket", "", error);
    let mut conn = state.pool.get().await.map_err(fault::of_pool)?;
    let known = head::get(&mut conn, tenant).await.map_err(failed)?;
    let (head, floor) = known.map_or((0, 0), |head| (head.position, head.floor));
    let position = match then {
        Moment::Position(position) if position > head => {
            return Err(status::position_unknown(position, head, state.feed.epoch()));
        }
        Moment::Position(position) => position,
        Moment::Time(Instant(micros)) => {
            activity::first_at(&mut conn, tenant, Instant(micros + 1)).await.map_err(failed)? - 1
        }
    };
    if now.position <= position {
        return Ok(now);
    }
    let found = ticket_at(&mut conn, tenant, now.id, position).await.map_err(failed)?;
    match found {
        Some(ticket) if call.audience().sees_ticket(&ticket) => Ok(Ticket::clone(&ticket)),
        None if floor > 0 => Err(status::position_expired(position, floor + 1)),
        _ => Err(no_ticket(id)),
    }
}
