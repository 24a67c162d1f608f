//! The clocks included with tickets, at the instant of the answer.

use std::collections::{BTreeSet, HashMap};

use tonic::Status;
use uuid::Uuid;

use crate::grpc::call::{Call, State};
use crate::grpc::convert::{Disclosure, clock};
use crate::grpc::pb;
use crate::grpc::status::fault;
use crate::model::sla::clock::{Clock, Clocks};
use crate::model::sla::hours::Hours;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::store;
use crate::store::pool::Reading;
use crate::store::read::include::Include;

/// One for each ticket; none where they are not wanted, and none for requesters: they see two deadlines, and no clocks.
///
/// # Errors
/// As for any read of `method`.
pub async fn wanted_of(
    state: &State,
    call: &Call,
    method: &'static str,
    tickets: &[Ticket],
    wanted: &[Include],
) -> Result<Vec<Option<pb::TicketSla>>, Status> {
    if !wanted.contains(&Include::Sla) || call.disclosure() == Disclosure::Public || tickets.is_empty() {
        return Ok(vec![None; tickets.len()]);
    }
    // In a box: what few ask for must not make the future of every read larger.
    Box::pin(look_up(state, call, method, tickets)).await
}

async fn look_up(
    state: &State,
    call: &Call,
    method: &'static str,
    tickets: &[Ticket],
) -> Result<Vec<Option<pb::TicketSla>>, Status> {
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let now = store::sla::now(&mut conn).await.map_err(|error| fault::of_read(method, "", error))?;
    let clocks: Vec<Clocks> = tickets.iter().map(|ticket| ticket.clocks.clone().settled(now)).collect();
    let known =
        CalendarHours::of(&mut conn, call.caller.tenant(), method, clocks.iter().flat_map(|clocks| &clocks.all))
            .await?;
    Ok(clocks.iter().map(|clocks| Some(known.show(clocks, now))).collect())
}

/// The business hours of clocks, by version of the calendar, of any application.
pub struct CalendarHours(HashMap<(Uuid, i32), Option<Hours>>);

impl CalendarHours {
    /// One look-up, however many clocks.
    pub async fn of(
        conn: &mut Reading,
        tenant: &str,
        method: &'static str,
        clocks: impl Iterator<Item = &Clock>,
    ) -> Result<CalendarHours, Status> {
        let named = |clock: &Clock| Some((clock.goal.calendar_id?, clock.goal.calendar_version));
        let versions: BTreeSet<(Uuid, i32)> = clocks.filter_map(named).collect();
        let found = store::read::sla::calendar_versions(conn, tenant, &versions).await;
        let found = found.map_err(|error| fault::of_read(method, "", error))?;
        let hours = found.into_iter().map(|calendar| ((calendar.id, calendar.version), calendar.hours().ok()));
        Ok(CalendarHours(hours.collect()))
    }

    /// Absent where they cannot be read.
    fn hours(&self, clock: &Clock) -> Option<&Hours> {
        match clock.goal.calendar_id {
            None => Some(Hours::always()),
            Some(id) => self.0.get(&(id, clock.goal.calendar_version)).and_then(Option::as_ref),
        }
    }

    pub fn show(&self, clocks: &Clocks, now: Instant) -> pb::TicketSla {
        clock::all_to_pb(clocks, |clock| self.hours(clock), now)
    }
}
