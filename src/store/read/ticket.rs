//! SQL that reads tickets. No decisions.

use std::collections::BTreeMap;

use diesel::result::{OptionalExtension, QueryResult};
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::{Instant, SECONDS};
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, Select, Sql, sql};

/// Before and after every time that a ticket has: the ends of [`SECONDS`](crate::model::time::SECONDS).
const EARLIEST: Instant = Instant(*SECONDS.start() * 1_000_000);
const LATEST: Instant = Instant(*SECONDS.end() * 1_000_000 + 999_999);

impl Listed for Ticket {
    const DEFAULT_ORDER: &'static str = "created_at desc";
    const ORDERS: &'static [Order<Ticket>] = &[
        Order { name: "number", column: "number", key: |t| Key::Int(t.number), hot: true },
        Order { name: "created_at", column: "created_at", key: |t| Key::Time(t.created_at), hot: true },
        // From LOW to URGENT. No index: of open tickets there are few.
        Order {
            name: "priority",
            column: "array_position(ARRAY['LOW', 'MEDIUM', 'HIGH', 'URGENT'], priority)::bigint",
            key: |t| Key::Int(t.priority as i64 + 1),
            hot: false,
        },
        // By the index `ticket_due`, which has the same expression.
        Order {
            name: "due_at",
            column: "coalesce(due_at, '9999-12-31 23:59:59.999999+00'::timestamptz)",
            key: |t| Key::Time(t.due_at.unwrap_or(LATEST)),
            hot: true,
        },
        Order {
            name: "due_at desc",
            column: "coalesce(due_at, '0001-01-01 00:00:00+00'::timestamptz)",
            key: |t| Key::Time(t.due_at.unwrap_or(EARLIEST)),
            hot: false,
        },
        // No index: it would make every update dearer than this list is worth.
        Order { name: "updated_at", column: "updated_at", key: |t| Key::Time(t.updated_at), hot: false },
    ];
}

/// One ticket, deleted or not; `None` as well where the caller may not see it.
pub async fn get(conn: &AsyncPgConnection, scope: Scope<'_>, which: &TicketRef) -> QueryResult<Option<Ticket>> {
    let named = match which {
        TicketRef::Id(id) => sql!["id = ", Bind::Id(*id)],
        TicketRef::Number(number) => sql!["number = ", Bind::Int(*number)],
    };
    let found: Option<Ticket> = list::one(conn, scope.tenant_id, [named]).await?;
    Ok(found.filter(|t| scope.audience.sees_ticket(t)))
}

/// The ids of the tickets with these numbers that the caller may see, deleted ones too.
pub async fn ids(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    numbers: Vec<i64>,
) -> QueryResult<BTreeMap<i64, Uuid>> {
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())],
        sql!["number = ANY(", Bind::Ints(numbers), ")"],
    ];
    conditions.extend(scope.audience.tickets());
    let sql = sql!["SELECT number, id FROM ticket WHERE ", Sql::join(conditions, " AND ")];
    let found: Vec<(i64, Uuid)> = RunQueryDsl::load(Select::<(BigInt, SqlUuid)>::new(sql, true), conn).await?;
    Ok(found.into_iter().collect())
}

/// Which tickets.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub show_deleted: bool,
    pub filter: Option<&'a Condition>,
}

/// Which tickets a snapshot is of.
#[derive(Clone, Debug, Default)]
pub struct Snapped {
    pub condition: Option<Condition>,
    pub audience: Audience,
}

/// The id of the `nth` ticket after this one; `None` when there are fewer.
pub async fn nth_after(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    after: Uuid,
    nth: usize,
) -> QueryResult<Option<Uuid>> {
    let skipped = i64::try_from(nth).unwrap_or(i64::MAX).saturating_sub(1);
    let sql = sql![
        "SELECT id FROM ticket WHERE tenant_id = ",
        Bind::Text(tenant_id.to_owned()),
        " AND id > ",
        Bind::Id(after),
        " ORDER BY id OFFSET ",
        Bind::Int(skipped),
        " LIMIT 1",
    ];
    RunQueryDsl::get_result(Select::<SqlUuid>::new(sql, true), conn).await.optional()
}

/// Tickets between two ids (no second one: to the end), in their order, `most` at most: those that were changed after a
/// position, whoever may see them, and of the others those that are wanted.
pub async fn changed_or_wanted(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    (after, up_to): (Uuid, Option<Uuid>),
    position: i64,
    wanted: &Snapped,
    most: usize,
) -> QueryResult<Vec<Ticket>> {
    let Snapped { condition, audience } = wanted;
    let mut these = vec![sql!["deleted_at IS NULL"]];
    these.extend(audience.tickets());
    these.extend(condition.iter().map(|condition| condition.sql.clone()));
    let mut conditions = vec![sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())], sql!["id > ", Bind::Id(after)]];
    conditions.extend(up_to.map(|up_to| sql!["id <= ", Bind::Id(up_to)]));
    conditions.push(sql!["(position > ", Bind::Int(position), " OR ", Sql::join(these, " AND "), ")"]);
    RunQueryDsl::load(Listing::<Ticket>::first(conditions, " ORDER BY id LIMIT ", most, None), conn).await
}

/// The ids of tickets after this one that pass the filter, in their order, `most` at most.
pub async fn ids_after(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    after: Uuid,
    most: i64,
) -> QueryResult<Vec<Uuid>> {
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())],
        sql!["id > ", Bind::Id(after)],
        sql!["deleted_at IS NULL"],
    ];
    conditions.extend(scope.audience.tickets());
    conditions.extend(filter.map(|condition| sql!["(", condition.sql.clone(), ")"]));
    let conditions = Sql::join(conditions, " AND ");
    let sql = sql!["SELECT id FROM ticket WHERE ", conditions, " ORDER BY id LIMIT ", Bind::Int(most)];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, false), conn).await
}

/// One page of tickets.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    wanted: Wanted<'_>,
    paging: &Paging<'_, Ticket>,
) -> QueryResult<Page<Ticket>> {
    list::load(conn, listing(scope, wanted, paging), paging).await
}

/// The statement of [`list()`].
pub fn listing(scope: Scope<'_>, wanted: Wanted<'_>, paging: &Paging<'_, Ticket>) -> Listing<Ticket> {
    Listing::page(scope, conditions(scope, wanted), wanted.filter, paging, None)
}

/// The ids of the rows that [`list()`] would read, each with the position of its last change; one more than the page has
/// where there is another page.
pub async fn positions(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    wanted: Wanted<'_>,
    paging: &Paging<'_, Ticket>,
) -> QueryResult<Vec<(Uuid, i64)>> {
    let positions = list::positions(scope, conditions(scope, wanted), wanted.filter, paging);
    RunQueryDsl::load(positions, conn).await
}

/// Those of the tenant that have these ids, in no order, whoever may see them.
pub async fn all(conn: &mut AsyncPgConnection, tenant_id: &str, ids: &[Uuid]) -> QueryResult<Vec<Ticket>> {
    let of_tenant = sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())];
    let conditions = vec![of_tenant, sql!["id = ANY(", Bind::Ids(ids.to_vec()), ")"]];
    RunQueryDsl::load(Listing::<Ticket>::all(conditions, "", None), conn).await
}

fn conditions(scope: Scope<'_>, wanted: Wanted<'_>) -> Vec<Sql> {
    let mut conditions: Vec<Sql> = scope.audience.tickets();
    if !wanted.show_deleted {
        conditions.push(sql!["deleted_at IS NULL"]);
    }
    conditions
}
