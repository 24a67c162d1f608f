//! SQL that reads SLA policies, calendars and their versions. No decisions.

use std::collections::BTreeSet;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use super::named;
use crate::model::sla::calendar::{Calendar, CalendarRef, CalendarVersion};
use crate::model::sla::policy::{PolicyRef, SlaPolicy, SlaPolicyVersion};
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, Sql, sql};

impl Listed for SlaPolicy {
    const DEFAULT_ORDER: &'static str = "name";
    // Ids rise with time, and the primary key has them.
    const ORDERS: &'static [Order<SlaPolicy>] = &[
        Order { name: "created_at", column: "id", key: |p| Key::Id(p.id), hot: true },
        Order { name: "name", column: "name", key: |p| Key::Text(p.name.clone()), hot: true },
        Order { name: "position", column: "place", key: |p| Key::Int(p.place.into()), hot: false },
        Order { name: "updated_at", column: "updated_at", key: |p| Key::Time(p.updated_at), hot: false },
    ];
}

impl Listed for Calendar {
    const DEFAULT_ORDER: &'static str = "name";
    const ORDERS: &'static [Order<Calendar>] = &[
        Order { name: "created_at", column: "id", key: |c| Key::Id(c.id), hot: true },
        Order { name: "name", column: "name", key: |c| Key::Text(c.name.clone()), hot: true },
        Order { name: "updated_at", column: "updated_at", key: |c| Key::Time(c.updated_at), hot: false },
    ];
}

/// The policy that is called so, ACTIVE or not.
pub async fn policy(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    which: &PolicyRef,
) -> QueryResult<Option<SlaPolicy>> {
    let named = match &which.folded() {
        PolicyRef::Id(id) => sql!["id = ", Bind::Id(*id)],
        PolicyRef::Name(name) => sql!["folded = ", Bind::Text(name.clone())],
    };
    let found: Option<SlaPolicy> = list::one(conn, scope.tenant_id, [named, sql!["deleted_at IS NULL"]]).await?;
    Ok(found.filter(|policy| scope.audience.sees_internal(&policy.app_id)))
}

/// The policy as it was in one of its versions; an id that has no such version has none.
pub async fn policy_version(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    id: Uuid,
    version: i32,
) -> QueryResult<Option<SlaPolicy>> {
    let found: Option<SlaPolicyVersion> = list::one(conn, scope.tenant_id, [numbered(id, version)]).await?;
    let policy = found.and_then(|kept| kept.policy());
    Ok(policy.filter(|policy| scope.audience.sees_internal(&policy.app_id)))
}

fn numbered(id: Uuid, version: i32) -> Sql {
    sql!["id = ", Bind::Id(id), " AND version = ", Bind::Int(version.into())]
}

/// Those of `asked`, folded, that are there, ACTIVE or not.
pub async fn which(conn: &mut AsyncPgConnection, scope: Scope<'_>, asked: &[PolicyRef]) -> QueryResult<Vec<PolicyRef>> {
    let (ids, names) = PolicyRef::apart(asked);
    let found = named::named(conn, scope, "sla_policy", ids, names).await?;
    Ok(found.into_iter().flat_map(|(id, name)| [PolicyRef::Id(id), PolicyRef::Name(name)]).collect())
}

/// Those of `asked`, folded, that are there.
pub async fn which_calendars(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    asked: &[CalendarRef],
) -> QueryResult<Vec<CalendarRef>> {
    let (ids, names) = CalendarRef::apart(asked);
    let found = named::named(conn, scope, "calendar", ids, names).await?;
    Ok(found.into_iter().flat_map(|(id, name)| [CalendarRef::Id(id), CalendarRef::Name(name)]).collect())
}

/// One page of policies.
pub async fn policies(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    paging: &Paging<'_, SlaPolicy>,
) -> QueryResult<Page<SlaPolicy>> {
    let mut conditions = vec![sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.internal());
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}

/// The calendar that is called so; by its id, a deleted one too.
pub async fn calendar(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    which: &CalendarRef,
) -> QueryResult<Option<Calendar>> {
    let named = match &which.folded() {
        CalendarRef::Id(id) => sql!["id = ", Bind::Id(*id)],
        CalendarRef::Name(name) => sql!["folded = ", Bind::Text(name.clone()), " AND deleted_at IS NULL"],
    };
    let found: Option<Calendar> = list::one(conn, scope.tenant_id, [named]).await?;
    Ok(found.filter(|calendar| scope.audience.sees_internal(&calendar.app_id)))
}

/// As [`policy_version`].
pub async fn calendar_version(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    id: Uuid,
    version: i32,
) -> QueryResult<Option<Calendar>> {
    let found: Option<CalendarVersion> = list::one(conn, scope.tenant_id, [numbered(id, version)]).await?;
    let calendar = found.and_then(|kept| kept.calendar());
    Ok(calendar.filter(|calendar| scope.audience.sees_internal(&calendar.app_id)))
}

/// Calendars as they were in these versions, whoever may see them; those that there never were are left out.
pub async fn calendar_versions(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    versions: &BTreeSet<(Uuid, i32)>,
) -> QueryResult<Vec<Calendar>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, numbers) = versions.iter().map(|(id, version)| (*id, i64::from(*version))).unzip();
    let from = sql![
        " FROM (SELECT unnest(",
        Bind::Ids(ids),
        ") AS id, unnest(",
        Bind::Ints(numbers),
        ") AS version) AS k, LATERAL (SELECT * FROM calendar_version WHERE tenant_id = ",
        Bind::Text(tenant_id.to_owned()),
        " AND id = k.id AND version = k.version OFFSET 0) AS r",
    ];
    let found: Vec<CalendarVersion> = RunQueryDsl::load(Listing::<CalendarVersion>::from("r", from), conn).await?;
    Ok(found.into_iter().filter_map(|kept| kept.calendar()).collect())
}

/// One page of calendars.
pub async fn calendars(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    paging: &Paging<'_, Calendar>,
) -> QueryResult<Page<Calendar>> {
    let mut conditions = vec![sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.internal());
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}
