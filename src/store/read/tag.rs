//! SQL that reads registered tags. No decisions.

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use super::named;
use crate::model::fold::fold;
use crate::model::row::Row;
use crate::model::tag::Tag;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

impl Listed for Tag {
    const DEFAULT_ORDER: &'static str = "name";
    const ORDERS: &'static [Order<Tag>] = &[
        Order { name: "name", column: "name", key: |t| Key::Text(t.name.clone()), hot: true },
        Order { name: "created_at", column: "created_at", key: |t| Key::Time(t.created_at), hot: false },
        Order { name: "updated_at", column: "updated_at", key: |t| Key::Time(t.updated_at), hot: false },
    ];
}

/// The tag of this name in any spelling, where it was not deleted.
pub async fn get(conn: &mut AsyncPgConnection, scope: Scope<'_>, name: &str) -> QueryResult<Option<Tag>> {
    let found: Option<Tag> =
        list::one(conn, scope.tenant_id, [sql!["folded = ", Bind::Text(fold(name).into_owned())]]).await?;
    Ok(found.filter(|tag| tag.deleted_at.is_none() && scope.audience.sees_internal(&tag.app_id)))
}

/// Those of the folded names that a tag has.
pub async fn which(conn: &mut AsyncPgConnection, scope: Scope<'_>, folded: Vec<String>) -> QueryResult<Vec<String>> {
    named::among(conn, scope, (Tag::TABLE, "folded", "deleted_at IS NULL"), folded).await
}

/// The tags with these folded names.
pub async fn of_names(conn: &mut AsyncPgConnection, scope: Scope<'_>, folded: Vec<String>) -> QueryResult<Vec<Tag>> {
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())],
        sql!["deleted_at IS NULL"],
        sql!["folded = ANY(", Bind::Texts(folded), ")"],
    ];
    conditions.extend(scope.audience.internal());
    RunQueryDsl::load(Listing::<Tag>::all(conditions, "", None), conn).await
}

/// One page of the registry.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    paging: &Paging<'_, Tag>,
) -> QueryResult<Page<Tag>> {
    let mut conditions = vec![sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.internal());
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}
