//! SQL that reads canned responses. No decisions.

use diesel::result::{OptionalExtension, QueryResult};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::schema::canned_response;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::sql;

impl Listed for CannedResponse {
    const DEFAULT_ORDER: &'static str = "name";
    // Ids rise with time, and the primary key has them.
    const ORDERS: &'static [Order<CannedResponse>] = &[
        Order { name: "created_at", column: "id", key: |c| Key::Id(c.id), hot: true },
        Order { name: "name", column: "name", key: |c| Key::Text(c.name.clone()), hot: true },
        Order { name: "title", column: "title", key: |c| Key::Text(c.title.clone()), hot: false },
        Order { name: "updated_at", column: "updated_at", key: |c| Key::Time(c.updated_at), hot: false },
    ];
}

/// The canned response that is called so, where it was not deleted.
pub async fn get(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    which: &CannedRef,
) -> QueryResult<Option<CannedResponse>> {
    let of_tenant = canned_response::table
        .filter(canned_response::tenant_id.eq(scope.tenant_id))
        .filter(canned_response::deleted_at.is_null())
        .select(CannedResponse::as_select());
    let found: Option<CannedResponse> = match which {
        CannedRef::Id(id) => of_tenant.filter(canned_response::id.eq(id)).get_result(conn).await.optional()?,
        CannedRef::Name(name) => of_tenant.filter(canned_response::name.eq(name)).get_result(conn).await.optional()?,
    };
    Ok(found.filter(|canned| scope.audience.sees_internal(&canned.app_id)))
}

/// Those of `asked` that are there.
pub async fn which(conn: &mut AsyncPgConnection, scope: Scope<'_>, asked: &[CannedRef]) -> QueryResult<Vec<CannedRef>> {
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for one in asked {
        match one {
            CannedRef::Id(id) => ids.push(*id),
            CannedRef::Name(name) => names.push(name),
        }
    }
    let found: Vec<(Uuid, String, String)> = canned_response::table
        .filter(canned_response::tenant_id.eq(scope.tenant_id))
        .filter(canned_response::deleted_at.is_null())
        .filter(canned_response::id.eq_any(&ids).or(canned_response::name.eq_any(&names)))
        .select((canned_response::id, canned_response::name, canned_response::app_id))
        .load(conn)
        .await?;
    let seen = found.into_iter().filter(|(_, _, app_id)| scope.audience.sees_internal(app_id));
    Ok(seen.flat_map(|(id, name, _)| [CannedRef::Id(id), CannedRef::Name(name)]).collect())
}

/// One page of canned responses.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    paging: &Paging<'_, CannedResponse>,
) -> QueryResult<Page<CannedResponse>> {
    let mut conditions = vec![sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.internal());
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}
