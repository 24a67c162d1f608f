//! SimulateWorkflow: what rules would do, and in what they differ from the active ones. Nothing is written.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use diesel::result::QueryResult;
use tonic::Status;

use super::recalled::{aside, ask, recall};
use super::{active, no_workflow, simulate_event};
use crate::command::compare::{Found, Sides};
use crate::grpc::call::read::connection;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::checked;
use crate::grpc::convert::simulate::{self, About, Asked, difference_to_pb, run_to_pb};
use crate::grpc::convert::workflow::diagnostic_to_pb;
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::image::ActivityRow;
use crate::model::ledger::Head;
use crate::store;
use crate::store::pool::Reading;
use crate::store::read::activity::{Chosen, View};
use crate::workflow::{Diagnostic, RuleSet};

pub const METHOD: &str = "SimulateWorkflow";
/// Activities that one call looks at, and for how long it goes on.
const LOOKED_AT: i64 = 10_000;
const LOOKED_FOR: Duration = Duration::from_secs(3);
/// Activities that are held at once.
const PAGE: usize = 1_000;

pub async fn simulate(
    state: &State,
    call: Call,
    request: pb::SimulateWorkflowRequest,
) -> Result<pb::SimulateWorkflowResponse, Status> {
    let asked = checked(|found| simulate::request(found, request)).map_err(status::refused)?;
    let Asked { source, removed, about, fresh } = asked;
    let mut conn = connection(state, &call, fresh).await?;
    let active = active(state, &conn, METHOD).await?;
    if let Some(unknown) = removed.iter().find(|name| active.rule(name).is_none()) {
        return Err(no_workflow(unknown));
    }
    let hash = active.hash().to_owned();
    let head = store::read::head::get(&mut conn, call.caller.tenant()).await.map_err(failed)?;
    let compiled = {
        let active = active.clone();
        aside(METHOD, move || {
            let read = RuleSet::from_sources(vec![("workflow.yaml".to_owned(), source)])?;
            let warnings = read.warnings().to_vec();
            Ok((Sides::new(active, &read, &removed), warnings))
        })
        .await?
    };
    let (sides, warnings) = match compiled {
        Ok((sides, warnings)) => (Arc::new(sides), warnings),
        Err(found) => return Ok(refused(found, hash)),
    };
    let diagnostics = warnings.into_iter().map(diagnostic_to_pb).collect();
    let answer = match about {
        About::Event { call: rpc, request } => {
            simulate_event::simulate(state, (&mut conn, &call), head, (active, sides.would()), (rpc, request)).await?
        }
        About::Log { from, to, window } => match head {
            None => pb::SimulateWorkflowResponse::default(),
            Some(head) => {
                let range = range(&mut conn, &head, (from, to), window).await.map_err(failed)?;
                over(&mut conn, &call, &head, sides, range).await?
            }
        },
    };
    Ok(pb::SimulateWorkflowResponse { diagnostics, hash, ..answer })
}

pub fn failed(error: diesel::result::Error) -> Status {
    fault::of_read(METHOD, "", error)
}

/// What is told of a source with errors.
fn refused(found: Vec<Diagnostic>, hash: String) -> pb::SimulateWorkflowResponse {
    let diagnostics = found.into_iter().map(diagnostic_to_pb).collect();
    pb::SimulateWorkflowResponse { diagnostics, hash, ..pb::SimulateWorkflowResponse::default() }
}

/// The first and the last position that are asked for, of those that are kept.
async fn range(
    conn: &mut Reading,
    head: &Head,
    (from, to): (i64, i64),
    window: Option<i64>,
) -> QueryResult<(i64, i64)> {
    let oldest = match window {
        Some(micros) => {
            let now = store::head::clock(conn).await?;
            store::read::activity::first_at(conn, &head.tenant_id, now.plus_micros(-micros)).await?
        }
        None => from,
    };
    let last = if to == 0 { head.position } else { to.min(head.position) };
    Ok((oldest.max(head.floor + 1), last))
}

/// Compares page by page, as far as one call goes.
async fn over(
    conn: &mut Reading,
    call: &Call,
    head: &Head,
    sides: Arc<Sides>,
    (from, to): (i64, i64),
) -> Result<pb::SimulateWorkflowResponse, Status> {
    let began = Moment::now();
    let (mut next, mut looked_at, mut found) = (from, 0, Found::default());
    while next <= to {
        let (rows, after) = page(conn, call, (next, to)).await.map_err(failed)?;
        next = after;
        if rows.is_empty() {
            break;
        }
        looked_at += rows.len() as i64;
        let reads = (sides.needs_before(), sides.needs_descriptions());
        let recall = recall(conn, &head.tenant_id, rows, reads).await.map_err(failed)?;
        let (sides, audience) = (sides.clone(), call.audience.clone());
        let page = ask(conn, METHOD, head.clone(), move |world| sides.compare(world, &recall, &audience)).await?;
        found.add(page);
        if looked_at >= LOOKED_AT || began.elapsed() > LOOKED_FOR {
            break;
        }
    }
    let Found { differences, matches } = found;
    Ok(pb::SimulateWorkflowResponse {
        runs: matches.into_iter().map(run_to_pb).collect(),
        differences: differences.into_iter().map(|(name, it)| difference_to_pb(name, it)).collect(),
        looked_at,
        next_position: if next <= to { next } else { 0 },
        ..pb::SimulateWorkflowResponse::default()
    })
}

/// Activities from a position on, and where those behind them begin. What happened in one instant stays together, where a page
/// holds it: a command is asked about as a whole.
async fn page(conn: &mut Reading, call: &Call, (from, to): (i64, i64)) -> QueryResult<(Vec<ActivityRow>, i64)> {
    let seen = Chosen { condition: None, audience: call.audience.clone() };
    let tenant = call.caller.tenant();
    let mut rows = store::read::activity::chosen(conn, tenant, from - 1, to, View::Full, &seen, PAGE).await?;
    let Some(last) = rows.last().filter(|_| rows.len() == PAGE) else { return Ok((rows, to + 1)) };
    let (at, end) = (last.occurred_at, last.position + 1);
    let whole = rows.partition_point(|row| row.occurred_at < at);
    if whole == 0 {
        return Ok((rows, end));
    }
    let next = rows.get(whole).map_or(end, |row| row.position);
    rows.truncate(whole);
    Ok((rows, next))
}
