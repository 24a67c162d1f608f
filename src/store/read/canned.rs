//! SQL that reads canned responses. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use super::named;
use crate::model::canned::{CannedRef, CannedResponse};
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

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
    let named = match &which.folded() {
        CannedRef::Id(id) => sql!["id = ", Bind::Id(*id)],
        CannedRef::Name(name) => sql!["folded = ", Bind::Text(name.clone())],
    };
    let found: Option<CannedResponse> = list::one(conn, scope.tenant_id, [named, sql!["deleted_at IS NULL"]]).await?;
    Ok(found.filter(|canned| scope.audience.sees_internal(&canned.app_id)))
}

/// Those of `asked`, folded, that are there.
pub async fn which(conn: &mut AsyncPgConnection, scope: Scope<'_>, asked: &[CannedRef]) -> QueryResult<Vec<CannedRef>> {
    let (ids, names) = CannedRef::apart(asked);
    let found = named::named(conn, scope, "canned_response", ids, names).await?;
    Ok(found.into_iter().flat_map(|(id, name)| [CannedRef::Id(id), CannedRef::Name(name)]).collect())
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
