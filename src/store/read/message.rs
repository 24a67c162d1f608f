//! SQL that reads the messages of a ticket. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::message::Message;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

impl Listed for Message {
    const DEFAULT_ORDER: &'static str = "created_at";
    // Ids rise with time, and the thread's index has them.
    const ORDERS: &'static [Order<Message>] =
        &[Order { name: "created_at", column: "id", key: |m| Key::Id(m.id), hot: true }];
}

/// One message of a ticket, deleted or not. That the caller sees the ticket is for [`super::ticket::get`] to say.
pub async fn get(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    ticket_id: Uuid,
    id: Uuid,
) -> QueryResult<Option<Message>> {
    let found: Option<Message> = list::one(conn, scope.tenant_id, [sql!["id = ", Bind::Id(id)]]).await?;
    Ok(found.filter(|m| m.ticket_id == ticket_id && scope.audience.sees_message(m)))
}

/// One page of a ticket's thread. That the caller sees the ticket is for [`super::ticket::get`] to say.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    ticket_id: Uuid,
    filter: Option<&Condition>,
    paging: &Paging<'_, Message>,
) -> QueryResult<Page<Message>> {
    list::load(conn, listing(scope, ticket_id, filter, paging), paging).await
}

/// The statement of [`list()`].
pub fn listing(
    scope: Scope<'_>,
    ticket_id: Uuid,
    filter: Option<&Condition>,
    paging: &Paging<'_, Message>,
) -> Listing<Message> {
    let mut conditions = vec![sql!["ticket_id = ", Bind::Id(ticket_id)], sql!["deleted_at IS NULL"]];
    conditions.extend(scope.audience.messages());
    Listing::page(scope, conditions, filter, paging, None)
}
