//! SQL that reads heads. No decisions.

use std::time::Duration;

use diesel::result::{OptionalExtension, QueryResult};
use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::time::Instant;

use crate::model::ledger::Head;
use crate::model::schema::tenant_head;

/// How often [`wait_for`] looks.
const LOOK: Duration = Duration::from_millis(20);

/// The head of a tenant; `None` before its first write.
pub async fn get(conn: &mut AsyncPgConnection, tenant_id: &str) -> QueryResult<Option<Head>> {
    tenant_head::table
        .filter(tenant_head::tenant_id.eq(tenant_id))
        .select(Head::as_select())
        .get_result(conn)
        .await
        .optional()
}

/// The heads of those tenants that have one, in one statement.
pub async fn of(conn: &mut AsyncPgConnection, tenant_ids: &[&str]) -> QueryResult<Vec<Head>> {
    tenant_head::table.filter(tenant_head::tenant_id.eq_any(tenant_ids)).select(Head::as_select()).load(conn).await
}

/// The last position of a tenant's log; 0 before its first write.
pub async fn position(conn: &mut AsyncPgConnection, tenant_id: &str) -> QueryResult<i64> {
    let position: Option<i64> = tenant_head::table
        .filter(tenant_head::tenant_id.eq(tenant_id))
        .select(tenant_head::position)
        .get_result(conn)
        .await
        .optional()?;
    Ok(position.unwrap_or(0))
}

/// The highest ticket number of a tenant; 0 before its first ticket.
pub async fn last_number(conn: &mut AsyncPgConnection, tenant_id: &str) -> QueryResult<i64> {
    Ok(get(conn, tenant_id).await?.map_or(0, |head| head.last_number))
}

/// Looks until the log has reached `wanted` or `until` has come, and returns where it then is.
pub async fn wait_for(conn: &mut AsyncPgConnection, tenant_id: &str, wanted: i64, until: Instant) -> QueryResult<i64> {
    loop {
        let reached = position(conn, tenant_id).await?;
        if reached >= wanted || Instant::now() >= until {
            return Ok(reached);
        }
        tokio::time::sleep_until(until.min(Instant::now() + LOOK)).await;
    }
}
