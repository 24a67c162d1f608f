//! SQL that reads issues. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::issue::Issue;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

impl Listed for Issue {
    const DEFAULT_ORDER: &'static str = "created_at desc";
    // Ids rise with time, and the primary key has them.
    const ORDERS: &'static [Order<Issue>] = &[
        Order { name: "created_at", column: "id", key: |i| Key::Id(i.id), hot: true },
        Order {
            name: "priority",
            column: "array_position(ARRAY['LOW', 'MEDIUM', 'HIGH', 'URGENT'], priority)::bigint",
            key: |i| Key::Int(i.priority as i64 + 1),
            hot: false,
        },
        Order { name: "updated_at", column: "updated_at", key: |i| Key::Time(i.updated_at), hot: false },
    ];
}

pub async fn get(conn: &mut AsyncPgConnection, scope: Scope<'_>, id: Uuid) -> QueryResult<Option<Issue>> {
    let found: Option<Issue> = list::one(conn, scope.tenant_id, [sql!["id = ", Bind::Id(id)]]).await?;
    Ok(found.filter(|i| scope.audience.sees_internal(&i.app_id)))
}

/// One page of issues: all, or those linked to a ticket.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    ticket_id: Option<Uuid>,
    filter: Option<&Condition>,
    paging: &Paging<'_, Issue>,
) -> QueryResult<Page<Issue>> {
    let mut conditions = vec![sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.internal());
    conditions.extend(ticket_id.map(|ticket| {
        sql![
            "id IN (SELECT l.issue_id FROM issue_ticket l WHERE l.tenant_id = ",
            Bind::Text(scope.tenant_id.to_owned()),
            " AND l.ticket_id = ",
            Bind::Id(ticket),
            ")"
        ]
    }));
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}
