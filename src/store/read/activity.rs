//! SQL that reads the log. No decisions.

use diesel::result::{OptionalExtension, QueryResult};
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::image::ActivityRow;
use crate::model::schema::activity;
use crate::model::time::Instant;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

pub const DEFAULT_ORDER: &str = "position";

impl Listed for ActivityRow {
    const ORDERS: &'static [Order<ActivityRow>] =
        &[Order { name: "position", column: "position", key: |a| Key::Int(a.position), hot: true }];
}

/// How much of each activity is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Without the ticket as it was: the image is empty.
    Basic,
    Full,
}

impl View {
    fn without(self) -> Option<&'static str> {
        match self {
            View::Basic => Some("image"),
            View::Full => None,
        }
    }
}

/// Which activities.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Only those of this ticket.
    pub ticket_id: Option<Uuid>,
    pub filter: Option<&'a Condition>,
    pub view: View,
}

/// One page of the log, or of one ticket's part of it.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    wanted: Wanted<'_>,
    paging: &Paging<'_, ActivityRow>,
) -> QueryResult<Page<ActivityRow>> {
    list::load(conn, listing(scope, wanted, paging), paging).await
}

/// The statement of [`list()`].
pub fn listing(scope: Scope<'_>, wanted: Wanted<'_>, paging: &Paging<'_, ActivityRow>) -> Listing<ActivityRow> {
    let mut conditions = scope.audience.activities();
    conditions.extend(wanted.ticket_id.map(|ticket| sql!["ticket_id = ", Bind::Id(ticket)]));
    Listing::page(scope, conditions, wanted.filter, paging, wanted.view.without())
}

/// The positions `after + 1 ..= up_to`, in order, whoever may see them. Fewer rows than positions: some are not committed,
/// or no longer kept.
pub async fn range(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    after: i64,
    up_to: i64,
    view: View,
) -> QueryResult<Vec<ActivityRow>> {
    let conditions = vec![
        sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())],
        sql!["position > ", Bind::Int(after)],
        sql!["position <= ", Bind::Int(up_to)],
    ];
    let listing = Listing::<ActivityRow>::all(conditions, " ORDER BY position", view.without());
    RunQueryDsl::load(listing, conn).await
}

/// The ticket's last activity up to a position, whoever may see it.
pub async fn last_of(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    ticket_id: Uuid,
    up_to: i64,
) -> QueryResult<Option<ActivityRow>> {
    let conditions = vec![
        sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())],
        sql!["ticket_id = ", Bind::Id(ticket_id)],
        sql!["position <= ", Bind::Int(up_to)],
    ];
    let listing = Listing::<ActivityRow>::all(conditions, " ORDER BY position DESC LIMIT 1", None);
    RunQueryDsl::get_result(listing, conn).await.optional()
}

/// The first position at or after `time`, among those still kept; one above the head where there is none.
/// Time rises with the position, so a few look-ups in the primary key find it.
pub async fn first_at(conn: &mut AsyncPgConnection, tenant_id: &str, time: Instant) -> QueryResult<i64> {
    let Some(head) = super::head::get(conn, tenant_id).await? else { return Ok(1) };
    let (mut low, mut high) = (head.floor + 1, head.position + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let at: Option<Instant> = activity::table
            .filter(activity::tenant_id.eq(tenant_id))
            .filter(activity::position.eq(middle))
            .select(activity::occurred_at)
            .get_result(conn)
            .await
            .optional()?;
        // A position that retention took meanwhile was before those that are left.
        match at {
            Some(at) if at >= time => high = middle,
            _ => low = middle + 1,
        }
    }
    Ok(low)
}
