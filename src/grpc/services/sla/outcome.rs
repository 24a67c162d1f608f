//! ListBreaches and GetSlaReport: missed deadlines, and attainment.

use std::collections::HashMap;

use tonic::Status;
use uuid::Uuid;

use crate::grpc::call::read::{List, ListQuery, condition, connection, wait_for};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::outcome::{breach_to_pb, group_by, report_to_pb, window};
use crate::grpc::convert::params;
use crate::grpc::convert::read::{checked, freshness, page};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::id;
use crate::model::sla::outcome::Outcome;
use crate::model::sla::policy::SlaPolicy;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::store;
use crate::store::outcome::By;
use crate::store::pool::Reading;
use crate::store::read::Scope;
use crate::store::read::outcome::Window;
use crate::workflow::schema::Root;

const DAY: i64 = 24 * 3_600 * 1_000_000;
/// The window of a report that names no beginning.
const USUAL: i64 = 30 * DAY;

pub async fn breaches(
    state: &State,
    call: Call,
    request: pb::ListBreachesRequest,
) -> Result<pb::ListBreachesResponse, Status> {
    const METHOD: &str = "ListBreaches";
    let pb::ListBreachesRequest {
        filter,
        filter_params,
        order_by,
        page_size,
        page_token,
        from,
        to,
        min_position,
        epoch,
    } = request;
    let (page, window, fresh) = checked(|found| {
        let page = page(found, filter, filter_params, order_by, page_size, page_token);
        (page, window(found, from, to), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let Window { from, to } = window;
    let bound = |at: Option<Instant>| at.map(|at| at.to_string()).unwrap_or_default();
    let (from, to) = (bound(from), bound(to));
    let asked =
        ListQuery { method: METHOD, page, root: Some(Root::SlaOutcome), narrowed: &[from.as_bytes(), to.as_bytes()] };
    let list = List::<Outcome>::of(state, &call, asked)?;
    let mut conn = connection(state, &call, fresh).await?;
    let rows = store::read::outcome::breaches(&mut conn, list.scope(), window, list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let tickets = tickets(&conn, METHOD, call.caller.tenant(), rows.rows.iter().map(|row| row.ticket_id)).await?;
    let policies = policies(&conn, METHOD, list.scope(), rows.rows.iter().map(|row| row.policy_id)).await?;
    let (breaches, next_page_token) = list.page(state, rows, |row| {
        let (ticket, policy) = (tickets.get(&row.ticket_id), policies.get(&row.policy_id));
        breach_to_pb(row, ticket, policy)
    });
    Ok(pb::ListBreachesResponse { breaches, next_page_token })
}

async fn tickets(
    conn: &Reading,
    method: &'static str,
    tenant: &str,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Ticket>, Status> {
    let found = store::lookup::tickets(conn, &each_once(tenant, ids)).await;
    let found = found.map_err(|error| fault::of_read(method, "", error))?;
    Ok(found.into_iter().map(|ticket| (ticket.id, ticket)).collect())
}

/// Policies as they are now, as far as the caller sees them.
pub(super) async fn policies(
    conn: &Reading,
    method: &'static str,
    scope: Scope<'_>,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, SlaPolicy>, Status> {
    let ids = each_once(scope.tenant_id, ids);
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = store::lookup::policies(conn, &ids).await;
    let found = found.map_err(|error| fault::of_read(method, "", error))?;
    let seen = found.into_iter().filter(|policy| scope.audience.sees_internal(&policy.app_id));
    Ok(seen.map(|policy| (policy.id, policy)).collect())
}

fn each_once(tenant: &str, ids: impl Iterator<Item = Uuid>) -> Vec<(&str, Uuid)> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| (tenant, id)).collect()
}

pub async fn report(
    state: &State,
    call: Call,
    request: pb::GetSlaReportRequest,
) -> Result<pb::GetSlaReportResponse, Status> {
    const METHOD: &str = "GetSlaReport";
    let failed = |error| fault::of_read(METHOD, "ask for a shorter window", error);
    let pb::GetSlaReportRequest { filter, filter_params, from, to, group_by: word, min_position, epoch } = request;
    let (filter, window, by, fresh) = checked(|found| {
        let filter = params::filter(found, filter, filter_params);
        (filter, window(found, from, to), group_by(found, &word), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let scope = call.scope();
    let filter = match filter.is_empty() {
        true => None,
        false => condition(state, &filter, Root::SlaOutcome, scope, Instant::host_now())?.0,
    };
    wait_for(state, &call, fresh).await?;
    // As statistics: what reads many rows takes a turn, so that it never takes all the connections.
    let _turn = state.projections.turn().await;
    let mut conn = state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let (installation, now) = store::head::installation_now(&conn).await.map_err(failed)?;
    // Up to now is all that there is: what happened at this very instant counts too.
    let to = window.to.unwrap_or_else(|| window.from.map_or(now, |from| from.max(now)));
    let from = window.from.unwrap_or_else(|| to.plus_micros(-USUAL));
    // How far the log goes beyond its own tickets is not told to a caller who sees a part of them.
    let position = match call.audience.sees_everything() {
        true => store::read::head::position(&mut conn, scope.tenant_id).await.map_err(failed)?,
        false => fresh.min_position,
    };
    let rows =
        store::outcome::attained(&mut conn, scope, (from, window.to), by, filter.as_ref()).await.map_err(failed)?;
    let named: HashMap<String, String> = match by {
        Some(By::Policy) => {
            let ids = rows.iter().filter_map(|row| row.value.as_ref()?.parse().ok());
            let found = policies(&conn, METHOD, scope, ids).await?;
            found.into_values().map(|policy| (id::show(id::SLA_POLICY, policy.id), policy.name)).collect()
        }
        _ => HashMap::new(),
    };
    let answer = report_to_pb(rows, by, (from, to), &named);
    Ok(pb::GetSlaReportResponse { position, epoch: installation.epoch, ..answer })
}
