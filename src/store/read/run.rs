//! SQL that reads runs of rules. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::ledger::Run;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

impl Listed for Run {
    const DEFAULT_ORDER: &'static str = "created_at desc";
    // Ids rise with time, and the primary key has them.
    const ORDERS: &'static [Order<Run>] =
        &[Order { name: "created_at", column: "id", key: |r| Key::Id(r.id), hot: true }];
}

pub async fn get(conn: &AsyncPgConnection, scope: Scope<'_>, id: Uuid) -> QueryResult<Option<Run>> {
    let mut conditions = vec![sql!["id = ", Bind::Id(id)]];
    conditions.extend(scope.audience.runs());
    list::one(conn, scope.tenant_id, conditions).await
}

/// One page of runs.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    paging: &Paging<'_, Run>,
) -> QueryResult<Page<Run>> {
    let conditions = scope.audience.runs();
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}
