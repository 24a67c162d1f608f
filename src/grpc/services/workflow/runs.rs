//! GetRun and ListRuns: what rules did, from rows or from the activities that they caused.

use diesel::result::{Error, QueryResult};
use tonic::Status;
use uuid::Uuid;

use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::{checked, freshness, page};
use crate::grpc::convert::workflow::{effect_to_pb, run_to_pb};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::activity::{Activity, Cause};
use crate::model::id;
use crate::model::ledger::Run;
use crate::model::words::RunVerdict;
use crate::store;
use crate::store::pool::Reading;
use crate::store::read::Scope;
use crate::workflow::schema::Root;

/// What one command may cause, and so one run.
const EFFECTS: usize = 5_000;

pub async fn get(state: &State, call: Call, request: pb::GetRunRequest) -> Result<pb::GetRunResponse, Status> {
    let pb::GetRunRequest { id, min_position, epoch } = request;
    let (wanted, fresh) =
        checked(|found| (found.run("id", &id), freshness(found, min_position, epoch))).map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let found = find(&mut conn, call.scope(), wanted).await.map_err(|error| fault::of_read("GetRun", "", error))?;
    let (run, effects) = found.ok_or_else(|| status::refused(Refusal::NotFound { kind: Kind::Run, id }))?;
    Ok(pb::GetRunResponse { run: Some(run_to_pb(run)), effects: effects.iter().map(effect_to_pb).collect() })
}

async fn find(conn: &mut Reading, scope: Scope<'_>, id: Uuid) -> QueryResult<Option<(Run, Vec<Activity>)>> {
    let Some(millis) = id::made_at(id) else { return Ok(None) };
    let recorded = store::read::run::get(conn, scope, id).await?;
    let caused = |activity: &Activity| activity.cause.as_ref().is_some_and(|cause| cause.run_id == id);
    let effects = store::read::activity::made_in(conn, scope, millis, EFFECTS, caused).await?;
    let run = match (recorded, effects.first()) {
        (Some(run), _) => run,
        (None, Some(Activity { cause: Some(cause), .. })) => told(conn, cause, &effects).await?,
        (None, _) => return Ok(None),
    };
    Ok(Some((run, effects)))
}

/// A run that has no row, as all do that matched and whose activities tell of it.
async fn told(conn: &mut Reading, cause: &Cause, effects: &[Activity]) -> QueryResult<Run> {
    let first = effects.first().ok_or(Error::NotFound)?;
    let active = store::rules::active_at(conn, first.occurred_at).await?;
    Ok(Run {
        tenant_id: first.tenant_id.clone(),
        id: cause.run_id,
        workflow: cause.workflow.clone(),
        hash: active.map(|active| active.hash).unwrap_or_default(),
        position: cause.parent_position,
        ticket_id: effects.iter().find_map(|effect| effect.ticket_id),
        verdict: RunVerdict::Matched,
        reason: String::new(),
        took_micros: 0,
        request_id: first.request_id.clone(),
        created_at: first.occurred_at,
    })
}

pub async fn list(state: &State, call: Call, request: pb::ListRunsRequest) -> Result<pb::ListRunsResponse, Status> {
    let pb::ListRunsRequest { filter, filter_params, order_by, page_size, page_token, min_position, epoch } = request;
    let (page, fresh) = checked(|found| {
        let page = page(found, filter, filter_params, order_by, page_size, page_token);
        (page, freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListRuns", page, root: Some(Root::Run), narrowed: &[] };
    let list = List::<Run>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let rows = store::read::run::list(&mut conn, list.scope(), list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (runs, next_page_token) = list.page(state, rows, run_to_pb);
    Ok(pb::ListRunsResponse { runs, next_page_token })
}
