//! SQL that reads entries of the directory. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use super::named;
use crate::model::directory::*;
use crate::model::ticket::Ticket;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, Sql, sql};
use crate::workflow::Related;
use crate::workflow::schema::Root;

/// `directory::get::<Team>(…)`.
pub async fn get<E: Entry>(conn: &mut AsyncPgConnection, scope: Scope<'_>, id: &str) -> QueryResult<Option<E>> {
    let found: Option<E> = list::one(conn, scope.tenant_id, [sql!["id = ", Bind::Text(id.to_owned())]]).await?;
    Ok(found.filter(|entry| entry.is_known() && scope.audience.sees_internal(entry.app_id())))
}

/// Those of the ids that an entry has: `directory::which::<Team>(…)`.
pub async fn which<E: Entry>(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    ids: Vec<String>,
) -> QueryResult<Vec<String>> {
    named::among(conn, scope, (E::TABLE, "id", E::KNOWN), ids).await
}

pub async fn list<E: Entry + Listed>(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    filter: Option<&Condition>,
    paging: &Paging<'_, E>,
) -> QueryResult<Page<E>> {
    let mut conditions: Vec<Sql> = vec![sql![E::KNOWN]];
    conditions.extend(scope.audience.internal());
    list::load(conn, Listing::page(scope, conditions, filter, paging, None), paging).await
}

/// All are listed by id, or by name.
macro_rules! listed_entries {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        impl Listed for $row {
            const DEFAULT_ORDER: &'static str = "id";
            const ORDERS: &'static [Order<$row>] = &[
                Order { name: "id", column: "id", key: |it| Key::Text(it.id.clone()), hot: true },
                Order { name: "name", column: "name", key: |it| Key::Text(it.name.clone()), hot: false },
            ];
        }
    )+ };
}
entries! { listed_entries }

/// The line `requester: Contact by requester_id, Requester;` of [`related!`] is the field `requester`.
macro_rules! related_rows {
    ($($place:ident: $row:ident by $id:ident, $root:ident;)+) => {
        /// Entries that a ticket names.
        #[derive(Debug)]
        pub struct RelatedRows {
            $($place: Option<$row>,)+
        }

        /// Those of the roots that are `needed`.
        pub async fn related(
            conn: &mut AsyncPgConnection,
            scope: Scope<'_>,
            ticket: &Ticket,
            needed: impl Fn(Root) -> bool,
        ) -> QueryResult<RelatedRows> {
            Ok(RelatedRows { $(
                $place: match !ticket.$id.is_empty() && needed(Root::$root) {
                    true => get(conn, scope, &ticket.$id).await?,
                    false => None,
                },
            )+ })
        }

        impl RelatedRows {
            pub fn facts(&self) -> Related<'_> {
                Related { $($place: self.$place.as_ref(),)+ }
            }
        }
    };
}
related! { related_rows }
