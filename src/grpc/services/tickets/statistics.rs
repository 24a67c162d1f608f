//! GetTicketStats: from maintained sums where they can answer, otherwise by counting tickets.

use diesel::result::QueryResult;
use tonic::Status;

use crate::grpc::call::read::{filter_invalid, filter_of, wait_for};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::params;
use crate::grpc::convert::read::{Freshness, checked, freshness};
use crate::grpc::convert::statistics::{group_by, to_pb, window};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::statistics::Dimension;
use crate::model::time::Instant;
use crate::projection::Reached;
use crate::store;
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::pool::Reading;
use crate::store::projection::Projection;
use crate::store::statistics::{Sums, values_of};
use crate::workflow::Filter;
use crate::workflow::schema::Root;

const METHOD: &str = "GetTicketStats";
const NARROWER: &str = "ask for a window, or filter by one team_id, priority, category or channel only";

/// What is asked for, checked.
struct StatsRequest {
    filter: Option<Filter>,
    condition: Option<Condition>,
    group_by: Dimension,
    window: Option<i64>,
    fresh: Freshness,
}

impl StatsRequest {
    async fn of(state: &State, call: &Call, request: pb::GetTicketStatsRequest) -> Result<StatsRequest, Status> {
        let pb::GetTicketStatsRequest { filter, filter_params, window: length, group_by: word, min_position, epoch } =
            request;
        let (text, group_by, window, fresh) = checked(|found| {
            let text = params::filter(found, filter, filter_params);
            let length = length.map(|length| window(found, &length));
            (text, group_by(found, &word), length, freshness(found, min_position, epoch))
        })
        .map_err(status::refused)?;
        let (mut filter, mut condition) = (None, None);
        if !text.is_empty() {
            let compiled = filter_of(state, (call, None), &text, Root::Ticket).await?;
            let sql = store::filter::compile(&compiled, call.scope(), Instant::host_now())
                .map_err(|found| filter_invalid(&text.source, &[found]))?;
            (filter, condition) = (Some(compiled), Some(sql));
        }
        Ok(StatsRequest { filter, condition, group_by, window, fresh })
    }

    /// The sums that answer it; absent where only the tickets do.
    fn sums(&self, audience: &Audience) -> Option<Sums> {
        if !audience.sees_everything() {
            return None;
        }
        let Some(filter) = &self.filter else { return Some(Sums { dimension: self.group_by, values: None }) };
        let same = |sums: &Sums| matches!(self.group_by, Dimension::All) || self.group_by == sums.dimension;
        values_of(filter).filter(same)
    }
}

pub async fn get(
    state: &State,
    call: Call,
    request: pb::GetTicketStatsRequest,
) -> Result<pb::GetTicketStatsResponse, Status> {
    let asked = StatsRequest::of(state, &call, request).await?;
    wait_for(state, &call, asked.fresh).await?;
    let kept = sums(state, &call, &asked).await?;
    // Counting tickets one by one takes a turn, so that it never takes all the connections.
    let _turn = if kept.is_none() { state.projections.turn().await } else { None };
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let failed = |error| fault::of_read(METHOD, NARROWER, error);
    let (installation, now) = store::head::installation_now(&conn).await.map_err(failed)?;
    let since = asked.window.map(|window| now.plus_micros(-window));
    let tenant = call.caller.tenant();
    let (by_value, position) = match kept {
        Some((sums, position)) => (store::statistics::kept(&mut conn, tenant, &sums, since, now).await, position),
        None => {
            let position = position(&mut conn, &call, &asked).await.map_err(failed)?;
            let (filter, group_by) = (asked.condition.as_ref(), asked.group_by);
            (store::statistics::counted(&mut conn, call.scope(), filter, group_by, since, now).await, position)
        }
    };
    let by_value = by_value.map_err(failed)?;
    let answer = to_pb(by_value, asked.group_by != Dimension::All);
    Ok(pb::GetTicketStatsResponse { position, epoch: installation.epoch, ..answer })
}

/// The sums that answer it, and the position up to which they hold everything; absent where only the tickets do, or where
/// too much is still to be taken in.
async fn sums(state: &State, call: &Call, asked: &StatsRequest) -> Result<Option<(Sums, i64)>, Status> {
    let Some(sums) = asked.sums(&call.audience) else { return Ok(None) };
    let reached = state.projections.catch_up(&state.pool, call.caller.tenant(), Projection::Statistics).await;
    match reached.map_err(|error| fault::of_catch_up(METHOD, error))? {
        Reached::Head { position } => Ok(Some((sums, position))),
        Reached::Behind { .. } => Ok(None),
    }
}

/// How far the log goes beyond its own tickets is not told to a caller who sees a part of them.
async fn position(conn: &mut Reading, call: &Call, asked: &StatsRequest) -> QueryResult<i64> {
    match call.audience.sees_everything() {
        true => store::read::head::position(conn, call.caller.tenant()).await,
        false => Ok(asked.fresh.min_position),
    }
}
