//! SQL that reads runs of rules. No decisions.

use diesel::result::{OptionalExtension, QueryResult};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::ledger::Run;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, Sql, sql};

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

/// The runs of one millisecond, the first thousand.
pub async fn made_in(conn: &mut AsyncPgConnection, scope: Scope<'_>, millis: u64) -> QueryResult<Vec<Run>> {
    let edge = |millis: u64| Bind::Id(Uuid::from_u128(u128::from(millis) << 80));
    let mut conditions = of_tenant(scope);
    conditions.extend([sql!["id >= ", edge(millis)], sql!["id < ", edge(millis + 1)]]);
    RunQueryDsl::load(Listing::<Run>::first(conditions, " ORDER BY id LIMIT ", 1_000, None), conn).await
}

/// The last run of a rule for a ticket.
pub async fn last_of(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    workflow: &str,
    ticket: Uuid,
) -> QueryResult<Option<Run>> {
    let mut conditions = of_tenant(scope);
    conditions.extend([sql!["ticket_id = ", Bind::Id(ticket)], sql!["workflow = ", Bind::Text(workflow.to_owned())]]);
    let listing = Listing::<Run>::first(conditions, " ORDER BY id DESC LIMIT ", 1, None);
    RunQueryDsl::get_result(listing, conn).await.optional()
}

fn of_tenant(scope: Scope<'_>) -> Vec<Sql> {
    let mut conditions = vec![sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())]];
    conditions.extend(scope.audience.runs());
    conditions
}

/// The newest runs of a rule that no activity asked for: for a ticket, or for none.
pub async fn unasked(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    workflow: &str,
    ticket: Option<Uuid>,
    most: usize,
) -> QueryResult<Vec<Run>> {
    let mut conditions = of_tenant(scope);
    conditions.extend([
        ticket.map_or_else(|| sql!["ticket_id IS NULL"], |id| sql!["ticket_id = ", Bind::Id(id)]),
        sql!["workflow = ", Bind::Text(workflow.to_owned())],
        sql!["position = 0"],
    ]);
    RunQueryDsl::load(Listing::<Run>::first(conditions, " ORDER BY id DESC LIMIT ", most, None), conn).await
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
