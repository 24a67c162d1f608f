//! Heads: creating and locking them, and the time read under the lock.

use diesel::prelude::{ExpressionMethods, NullableExpressionMethods, QueryDsl, SelectableHelper};
use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::{wall, write};
use crate::model::ledger::{Head, Installation};
use crate::model::schema::{installation, tenant_head};
use crate::model::time::Instant;

diesel::define_sql_function! {
    /// The database's clock now, not at the start of the transaction.
    fn clock_timestamp() -> Timestamptz;
}

/// Makes the heads that are not there yet, and commits.
///
/// # Errors
/// The transaction is still open then.
pub async fn create(conn: &mut AsyncPgConnection, tenants: &[&str], now: Instant) -> QueryResult<()> {
    let heads: Vec<Head> = tenants
        .iter()
        .map(|tenant| Head {
            tenant_id: tenant.to_string(),
            position: 0,
            config_position: 0,
            last_number: 0,
            floor: 0,
            last_at: now,
            queues: Default::default(),
        })
        .collect();
    conn.batch_execute(&wall::begin(tenants)).await?;
    write::insert_if_absent(conn, heads.iter()).await?;
    conn.batch_execute("COMMIT").await
}

/// Locks the heads that nobody holds, in the order of their tenants; the others are left out. With them comes what
/// [`installation_now`] would say, unless there are none.
pub async fn lock_free(
    conn: &AsyncPgConnection,
    tenants: &[&str],
) -> QueryResult<(Vec<Head>, Option<(Installation, Instant)>)> {
    // Not a join: that would lock the installation's row, too.
    let query = tenant_head::table
        .filter(tenant_head::tenant_id.eq_any(tenants))
        .order(tenant_head::tenant_id)
        .select((
            Head::as_select(),
            installation::table.select(installation::epoch).single_value().assume_not_null(),
            installation::table.select(installation::rule_set).single_value().assume_not_null(),
            installation::table.select(installation::activation).single_value().assume_not_null(),
            clock_timestamp(),
        ))
        .for_no_key_update()
        .skip_locked();
    let rows: Vec<(Head, i64, String, i64, Instant)> = RunQueryDsl::load(query, &mut &*conn).await?;
    let now = rows.last().map(|(_, epoch, rule_set, activation, now)| {
        (Installation { epoch: *epoch, rule_set: rule_set.clone(), activation: *activation }, *now)
    });
    Ok((rows.into_iter().map(|(head, ..)| head).collect(), now))
}

/// Locks one head, waiting for whoever holds it up to the connection's lock_timeout.
pub async fn lock_waiting(conn: &AsyncPgConnection, tenant: &str) -> QueryResult<Vec<Head>> {
    let query =
        tenant_head::table.filter(tenant_head::tenant_id.eq(tenant)).select(Head::as_select()).for_no_key_update();
    RunQueryDsl::load(query, &mut &*conn).await
}

pub async fn clock(conn: &AsyncPgConnection) -> QueryResult<Instant> {
    RunQueryDsl::get_result(diesel::select(clock_timestamp()), &mut &*conn).await
}

/// The log's epoch and the active rule set, with the database's clock when it is read.
pub async fn installation_now(conn: &AsyncPgConnection) -> QueryResult<(Installation, Instant)> {
    let query = installation::table.select((Installation::as_select(), clock_timestamp()));
    RunQueryDsl::get_result(query, &mut &*conn).await
}

/// The log's epoch and the active rule set.
pub async fn installation(conn: &AsyncPgConnection) -> QueryResult<Installation> {
    RunQueryDsl::get_result(installation::table.select(Installation::as_select()), &mut &*conn).await
}
