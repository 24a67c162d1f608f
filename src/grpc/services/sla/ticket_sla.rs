//! The clocks included with tickets, at the instant of the answer.

use std::collections::{BTreeSet, HashMap};

use tonic::Status;
use uuid::Uuid;

use super::outcome;
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
    let known = Known::of(&mut conn, call, method, &clocks).await?;
    Ok(clocks.iter().map(|clocks| Some(known.show(clocks, now))).collect())
}

/// What clocks name.
pub struct Known {
    /// By version of the calendar, of any application.
    hours: HashMap<(Uuid, i32), Option<Hours>>,
    /// What policies are called now, as far as the caller sees them.
    policies: HashMap<Uuid, String>,
}

impl Known {
    /// A look-up for each kind, however many clocks.
    pub async fn of(conn: &mut Reading, call: &Call, method: &'static str, clocks: &[Clocks]) -> Result<Known, Status> {
        let named = |clock: &Clock| Some((clock.goal.calendar_id?, clock.goal.calendar_version));
        let versions: BTreeSet<(Uuid, i32)> = clocks.iter().flat_map(|it| &it.all).filter_map(named).collect();
        let found = store::read::sla::calendar_versions(conn, call.caller.tenant(), &versions).await;
        let found = found.map_err(|error| fault::of_read(method, "", error))?;
        let hours = found.into_iter().map(|calendar| ((calendar.id, calendar.version), calendar.hours().ok()));
        let governing = clocks.iter().filter_map(|clocks| clocks.policy_id);
        let policies = outcome::policies(conn, method, call.scope(), governing).await?;
        let policies = policies.into_iter().map(|(id, policy)| (id, policy.name)).collect();
        Ok(Known { hours: hours.collect(), policies })
    }

    /// Absent where they cannot be read.
    fn hours(&self, clock: &Clock) -> Option<&Hours> {
        match clock.goal.calendar_id {
            None => Some(Hours::always()),
            Some(id) => self.hours.get(&(id, clock.goal.calendar_version)).and_then(Option::as_ref),
        }
    }

    pub fn show(&self, clocks: &Clocks, now: Instant) -> pb::TicketSla {
        let name = clocks.policy_id.and_then(|id| self.policies.get(&id)).cloned().unwrap_or_default();
        clock::all_to_pb(clocks, name, |clock| self.hours(clock), now)
    }
}
