//! Retention: deletes the oldest part of a log. It changes no ticket, so it is no command; the head's floor records it.
//!
//! The floor is raised first, in a transaction of its own, so readers below it are refused before any row is gone, and an
//! interrupted run is completed by the next one. Two activities are kept per ticket: its latest up to the floor, and the one
//! that holds the description as of then. So a ticket can be read as of every position at or above the floor.

use std::collections::BTreeSet;

use diesel::prelude::{ExpressionMethods, QueryDsl};
use diesel::result::{Error, OptionalExtension, QueryResult};
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::read::activity::{first_at, last_of_each};
use super::read::ticket::nth_after;
use crate::model::schema::{request, tenant_head};
use crate::model::time::Instant;
use crate::store::sql::{Bind, Select, sql};
use crate::store::wall;

/// Rows that one statement looks through, so that no lock and no transaction is long.
const TICKETS: usize = 500;
const POSITIONS: i64 = 10_000;
const REQUESTS: i64 = 10_000;

/// What was given up of one tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Positions up to this one are no longer kept.
    pub floor: i64,
    pub activities: usize,
    pub requests: usize,
}

/// All tenants that have a log.
pub async fn tenants(conn: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let sql = sql!["SELECT tenant_id FROM docket_logs() ORDER BY tenant_id"];
    RunQueryDsl::load(Select::<Text>::new(sql, true), conn).await
}

/// Gives up what happened to a tenant before an instant. Requests of that time are no longer answered again.
pub async fn before(conn: &mut AsyncPgConnection, tenant_id: &str, instant: Instant) -> QueryResult<Pruned> {
    let floor = conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant_id]).await?;
        let wanted = first_at(conn, tenant_id, instant).await? - 1;
        raise_floor(conn, tenant_id, wanted).await
    });
    let floor = floor.await?;
    if floor == 0 {
        return Ok(Pruned::default());
    }
    // Before the activities that they are answered from.
    let requests = forget_requests(conn, tenant_id, floor).await?;
    let answers = answers(conn, tenant_id, floor).await?;
    let of_tickets = forget_of_tickets(conn, tenant_id, floor, &answers).await?;
    let others = forget_others(conn, tenant_id, floor, &answers).await?;
    Ok(Pruned { floor, activities: of_tickets + others, requests })
}

/// Never lowers it, and never above the head.
async fn raise_floor(conn: &mut AsyncPgConnection, tenant_id: &str, wanted: i64) -> QueryResult<i64> {
    let of_tenant = tenant_head::table.filter(tenant_head::tenant_id.eq(tenant_id));
    let higher = of_tenant.filter(tenant_head::floor.lt(wanted)).filter(tenant_head::position.ge(wanted));
    diesel::update(higher).set(tenant_head::floor.eq(wanted)).execute(conn).await?;
    let floor: Option<i64> = of_tenant.select(tenant_head::floor).get_result(conn).await.optional()?;
    Ok(floor.unwrap_or(0))
}

async fn forget_requests(conn: &mut AsyncPgConnection, tenant_id: &str, floor: i64) -> QueryResult<usize> {
    let of_tenant = || request::table.filter(request::tenant_id.eq(tenant_id));
    let (mut after, mut forgotten) = (Uuid::nil(), 0);
    loop {
        let done = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[tenant_id]).await?;
            let next = of_tenant().filter(request::key.gt(after)).order(request::key).offset(REQUESTS - 1).limit(1);
            let bound: Option<Uuid> = next.select(request::key).get_result(conn).await.optional()?;
            let up_to = bound.unwrap_or(Uuid::max());
            let these = request::table
                .filter(request::tenant_id.eq(tenant_id))
                .filter(request::key.gt(after))
                .filter(request::key.le(up_to))
                .filter(request::position.le(floor));
            QueryResult::Ok((bound, diesel::delete(these).execute(conn).await?))
        });
        let (bound, deleted) = done.await?;
        forgotten += deleted;
        match bound {
            Some(bound) => after = bound,
            None => return Ok(forgotten),
        }
    }
}

/// The positions that younger requests are answered from: of a write that changed nothing they may be old.
async fn answers(conn: &mut AsyncPgConnection, tenant_id: &str, floor: i64) -> QueryResult<Vec<i64>> {
    let these = request::table.filter(request::tenant_id.eq(tenant_id)).filter(request::resource_position.le(floor));
    let these = these.select(request::resource_position).distinct();
    conn.transaction(async |conn| {
        wall::set_tenants(conn, &[tenant_id]).await?;
        these.load(conn).await
    })
    .await
}

async fn forget_of_tickets(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    floor: i64,
    answers: &[i64],
) -> QueryResult<usize> {
    let (mut after, mut forgotten) = (Uuid::nil(), 0);
    loop {
        let done = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[tenant_id]).await?;
            let bound = nth_after(conn, tenant_id, after, TICKETS).await?;
            let up_to = bound.unwrap_or(Uuid::max());
            QueryResult::Ok((bound, forget_of(conn, tenant_id, (after, up_to), floor, answers).await?))
        });
        let (bound, deleted) = done.await?;
        forgotten += deleted;
        match bound {
            Some(bound) => after = bound,
            None => return Ok(forgotten),
        }
    }
}

/// Activities of the tickets with these ids.
async fn forget_of(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    (after, up_to): (Uuid, Uuid),
    floor: i64,
    answers: &[i64],
) -> QueryResult<usize> {
    let these = sql![
        "SELECT id FROM ticket WHERE tenant_id = ",
        Bind::Text(tenant_id.to_owned()),
        " AND id > ",
        Bind::Id(after),
        " AND id <= ",
        Bind::Id(up_to),
    ];
    let ids: Vec<Uuid> = RunQueryDsl::load(Select::<SqlUuid>::new(these, true), conn).await?;
    let mut kept: BTreeSet<i64> = answers.iter().copied().collect();
    for row in last_of_each(conn, tenant_id, ids.clone(), floor).await? {
        let last = row.into_activity().map_err(|what| Error::DeserializationError(what.into()))?;
        kept.insert(last.position);
        kept.extend(last.ticket.map(|ticket| ticket.described_at));
    }
    let old = diesel::sql_query(
        "DELETE FROM activity WHERE tenant_id = $1 AND ticket_id = ANY($2) AND position <= $3 AND position <> ALL($4)",
    );
    let old = old.bind::<Text, _>(tenant_id).bind::<Array<SqlUuid>, _>(ids).bind::<BigInt, _>(floor);
    let kept: Vec<i64> = kept.into_iter().collect();
    old.bind::<Array<BigInt>, _>(kept).execute(conn).await
}

/// Activities of no ticket.
async fn forget_others(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    floor: i64,
    answers: &[i64],
) -> QueryResult<usize> {
    let (mut after, mut forgotten) = (0, 0);
    while after < floor {
        let up_to = floor.min(after + POSITIONS);
        let old = sql![
            "DELETE FROM activity WHERE tenant_id = ",
            Bind::Text(tenant_id.to_owned()),
            " AND position > ",
            Bind::Int(after),
            " AND position <= ",
            Bind::Int(up_to),
            " AND ticket_id IS NULL AND position <> ALL(",
            Bind::Ints(answers.to_vec()),
            ")",
        ];
        let deleted = conn.transaction(async |conn| {
            wall::set_tenants(conn, &[tenant_id]).await?;
            RunQueryDsl::execute(old, conn).await
        });
        forgotten += deleted.await?;
        after = up_to;
    }
    Ok(forgotten)
}
