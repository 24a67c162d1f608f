//! GetTicketSla and ExplainSla: a ticket's clocks, and how they came to their values.

use tonic::Status;

use super::ticket_sla::Known;
use crate::grpc::call::read::wait_for;
use crate::grpc::call::ticket::gather;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::{Freshness, checked, freshness};
use crate::grpc::convert::words::WireWord;
use crate::grpc::convert::{clock, sla, time};
use crate::grpc::status::fault;
use crate::grpc::{pb, status};
use crate::model::sla::calendar::Calendar;
use crate::model::sla::clock::{Clock, Clocks};
use crate::model::sla::hours::Hours;
use crate::model::sla::ledger::Entry as Row;
use crate::model::sla::policy::PolicyRef;
use crate::model::sla::restore_entries;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::Instant;
use crate::model::words::SlaMetric;
use crate::store;
use crate::store::audience::Audience;
use crate::store::pool::Reading;
use crate::store::read::Scope;

/// Entries and segments of one answer.
const ENTRIES: usize = 1_000;
const SEGMENTS: usize = 500;

/// A ticket's clocks at an instant, as far as they follow from its ledger.
struct Read {
    conn: Reading,
    ticket: Ticket,
    clocks: Clocks,
    ledger: Vec<(i64, Row)>,
    now: Instant,
}

async fn read(state: &State, call: &Call, method: &'static str, name: &Named) -> Result<Read, Status> {
    wait_for(state, call, name.fresh).await?;
    let ticket = gather(state, call, &name.which, &name.text).await?;
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let now = store::sla::now(&mut conn).await.map_err(|error| fault::of_read(method, "", error))?;
    let ledger = match ticket.clocks.begun {
        // Whatever lies there was written since the ticket was read.
        Some(position) => ticket.clocks.starts().into_iter().map(|row| (position, row)).collect(),
        None => stored(&mut conn, call, method, &ticket).await?,
    };
    Ok(Read { conn, clocks: ticket.clocks.clone().settled(now), ticket, ledger, now })
}

/// The rows of the ticket's clocks, with the positions of their activities.
async fn stored(
    conn: &mut Reading,
    call: &Call,
    method: &'static str,
    ticket: &Ticket,
) -> Result<Vec<(i64, Row)>, Status> {
    let rows = store::sla::ledger(conn, call.caller.tenant(), ticket.id).await;
    let mut ledger = Vec::new();
    // What was written since the ticket was read is not of these clocks.
    for (position, body) in rows.map_err(|error| fault::of_read(method, "", error))? {
        if position <= ticket.position {
            let entries = restore_entries(&body).map_err(|what| fault::incident(method, &what))?;
            ledger.extend(entries.into_iter().map(|entry| (position, entry)));
        }
    }
    Ok(ledger)
}

/// A ticket as a request names it.
struct Named {
    which: TicketRef,
    text: String,
    fresh: Freshness,
}

pub async fn get(
    state: &State,
    call: Call,
    request: pb::GetTicketSlaRequest,
) -> Result<pb::GetTicketSlaResponse, Status> {
    const METHOD: &str = "GetTicketSla";
    let pb::GetTicketSlaRequest { id, min_position, epoch } = request;
    let named = checked(|found| {
        let which = found.ticket("id", &id);
        Named { which, text: id.clone(), fresh: freshness(found, min_position, epoch) }
    })
    .map_err(status::refused)?;
    let Read { mut conn, clocks, mut ledger, now, .. } = read(state, &call, METHOD, &named).await?;
    let known = Known::of(&mut conn, &call, METHOD, std::slice::from_ref(&clocks)).await?;
    let pb::TicketSla { clocks, next_due_at, at, policy_id, policy_name } = known.show(&clocks, now);
    let more_ledger = ledger.len() > ENTRIES;
    let ledger = ledger.split_off(ledger.len().saturating_sub(ENTRIES));
    Ok(pb::GetTicketSlaResponse {
        clocks,
        ledger: ledger.into_iter().map(|(position, entry)| clock::entry_to_pb(position, entry)).collect(),
        more_ledger,
        at,
        next_due_at,
        policy_id,
        policy_name,
    })
}

pub async fn explain(
    state: &State,
    call: Call,
    request: pb::ExplainSlaRequest,
) -> Result<pb::ExplainSlaResponse, Status> {
    const METHOD: &str = "ExplainSla";
    let pb::ExplainSlaRequest { id, metric, min_position, epoch } = request;
    let (named, metric) = checked(|found| {
        let which = found.ticket("id", &id);
        let metric = SlaMetric::from_pb(found, "metric", metric);
        (Named { which, text: id.clone(), fresh: freshness(found, min_position, epoch) }, metric)
    })
    .map_err(status::refused)?;
    let Read { mut conn, ticket, clocks, mut ledger, now } = read(state, &call, METHOD, &named).await?;
    let passed_over = passed_over(&mut conn, &call, METHOD, &ticket).await?;
    let wanted = match metric {
        Some(metric) => clocks.of(metric),
        None => clocks.of(SlaMetric::Resolution).or(clocks.all.first()),
    };
    let Some(it) = wanted else {
        return Ok(pb::ExplainSlaResponse { at: Some(time::to_pb(now)), passed_over, ..Default::default() });
    };
    let (calendar, hours) = hours(&mut conn, &call, METHOD, it).await?;
    let scope = call.scope();
    let policy = store::read::sla::policy_version(&mut conn, scope, it.goal.policy_id, it.goal.policy_version).await;
    let policy = policy.map_err(|error| fault::of_read(METHOD, "", error))?;
    ledger.retain(|(_, entry)| entry.metric == it.metric && entry.cycle == it.cycle);
    let (segments, more_segments) =
        hours.as_ref().map(|hours| clock::segments_to_pb(it, &ledger, hours, now, SEGMENTS)).unwrap_or_default();
    let ledger = ledger.split_off(ledger.len().saturating_sub(ENTRIES));
    Ok(pb::ExplainSlaResponse {
        clock: Some(clock::to_pb(it, hours.as_ref(), now)),
        policy: policy.map(sla::policy_to_pb),
        calendar: calendar.map(sla::calendar_to_pb),
        ledger: ledger.into_iter().map(|(position, entry)| clock::entry_to_pb(position, entry)).collect(),
        segments,
        more_segments,
        at: Some(time::to_pb(now)),
        passed_over,
    })
}

/// Why the policy that the ticket asks for does not govern it, as far as the caller sees that policy.
async fn passed_over(conn: &mut Reading, call: &Call, method: &'static str, ticket: &Ticket) -> Result<String, Status> {
    let Some(id) = ticket.sla_policy_id.filter(|id| ticket.clocks.policy_id != Some(*id)) else {
        return Ok(String::new());
    };
    let found = store::read::sla::policy(conn, call.scope(), &PolicyRef::Id(id)).await;
    let policy = found.map_err(|error| fault::of_read(method, "", error))?;
    Ok(policy.and_then(|policy| policy.misfit(ticket)).unwrap_or_default())
}

/// The business hours of a clock by its version of the calendar, of any application; absent where they cannot be read.
async fn hours(
    conn: &mut Reading,
    call: &Call,
    method: &'static str,
    clock: &Clock,
) -> Result<(Option<Calendar>, Option<Hours>), Status> {
    let Some(id) = clock.goal.calendar_id else { return Ok((None, Some(Hours::always().clone()))) };
    let whole = Audience::default();
    let tenant = Scope { tenant_id: call.caller.tenant(), audience: &whole };
    let found = store::read::sla::calendar_version(conn, tenant, id, clock.goal.calendar_version).await;
    let calendar = found.map_err(|error| fault::of_read(method, "", error))?;
    let hours = calendar.as_ref().and_then(|calendar| calendar.hours().ok());
    Ok((calendar, hours))
}
