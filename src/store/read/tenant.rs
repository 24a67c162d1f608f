//! SQL that reads a tenant's settings. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use super::list;
use crate::model::tenant::Tenant;

/// The settings of a tenant; the defaults where it wrote none.
pub async fn get(conn: &mut AsyncPgConnection, tenant_id: &str) -> QueryResult<Tenant> {
    let row: Option<Tenant> = list::one(conn, tenant_id, []).await?;
    Ok(row.unwrap_or_else(|| Tenant::unset(tenant_id)))
}
