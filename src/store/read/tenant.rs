//! SQL that reads a tenant's settings. No decisions.

use diesel::result::{OptionalExtension, QueryResult};
use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::model::schema::tenant;
use crate::model::tenant::Tenant;

/// The settings of a tenant; the defaults where it wrote none.
pub async fn get(conn: &mut AsyncPgConnection, tenant_id: &str) -> QueryResult<Tenant> {
    let of_tenant = tenant::table.filter(tenant::tenant_id.eq(tenant_id)).select(Tenant::as_select());
    let row: Option<Tenant> = of_tenant.get_result(conn).await.optional()?;
    Ok(row.unwrap_or_else(|| Tenant::unset(tenant_id)))
}
