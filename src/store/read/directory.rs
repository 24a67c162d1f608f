//! SQL that reads organizations, contacts, teams and agents. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, Sql, sql};

/// For each resource: how it is ordered, `get` by id and `list`, with what holds for all that is shown of it.
macro_rules! directory {
    ($($row:ident { $get:ident $list:ident } only $only:literal, |$it:ident| $shown:expr;)+) => { $(
        impl Listed for $row {
            const DEFAULT_ORDER: &'static str = "id";
            const ORDERS: &'static [Order<$row>] = &[
                Order { name: "id", column: "id", key: |it| Key::Text(it.id.clone()), hot: true },
                Order { name: "name", column: "name", key: |it| Key::Text(it.name.clone()), hot: false },
            ];
        }

        pub async fn $get(conn: &mut AsyncPgConnection, scope: Scope<'_>, id: &str) -> QueryResult<Option<$row>> {
            let found: Option<$row> =
                list::one(conn, scope.tenant_id, [sql!["id = ", Bind::Text(id.to_owned())]]).await?;
            Ok(found.filter(|$it| $shown && scope.audience.sees_internal(&$it.app_id)))
        }

        pub async fn $list(
            conn: &mut AsyncPgConnection,
            scope: Scope<'_>,
            filter: Option<&Condition>,
            paging: &Paging<'_, $row>,
        ) -> QueryResult<Page<$row>> {
            let mut conditions: Vec<Sql> = vec![sql![$only]];
            conditions.extend(scope.audience.internal());
            list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
        }
    )+ };
}

directory! {
    Organization { get_organization list_organizations } only "deleted_at IS NULL", |it| it.deleted_at.is_none();
    Contact { get_contact list_contacts } only "deleted_at IS NULL", |it| it.deleted_at.is_none();
    Team { get_team list_teams } only "deleted_at IS NULL", |it| it.deleted_at.is_none();
    // What only assignments named is counted, and is no agent yet.
    Agent { get_agent list_agents } only "known AND deleted_at IS NULL", |it| it.known && it.deleted_at.is_none();
}
