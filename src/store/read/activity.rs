//! SQL that reads the log. No decisions.

use std::time::{Duration, Instant as Moment};

use diesel::result::{Error, OptionalExtension, QueryResult};
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::time::Instant;
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, Select, sql};
use crate::workflow::{Filter, TooMuch};

impl Listed for ActivityRow {
    const DEFAULT_ORDER: &'static str = "position";
    // Within a tenant time rises with the position, so that one index has both.
    const ORDERS: &'static [Order<ActivityRow>] = &[
        Order { name: "position", column: "position", key: |a| Key::Int(a.position), hot: true },
        Order { name: "occurred_at", column: "position", key: |a| Key::Int(a.position), hot: true },
    ];
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
    /// What the filter asks of the body and of the ticket as it was; and what `now` is to it.
    pub rest: Option<(&'a Filter, Instant)>,
    pub view: View,
}

/// Activities that one page looks at, at most, where it decides in memory, and for how long it does.
const LOOKED_AT: usize = 10_000;
const LOOKED_FOR: Duration = Duration::from_secs(1);
/// How long it may keep a thread that serves others.
const STRETCH: Duration = Duration::from_millis(1);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum Unlisted {
    #[error(transparent)]
    Query(#[from] Error),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

/// One page of the log, or of one ticket's part of it. Where a filter is decided in memory, a page that has looked at
/// 10,000 activities ends there, with what it found: more may follow, also after one that is empty.
pub async fn list(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    wanted: Wanted<'_>,
    paging: &Paging<'_, ActivityRow>,
) -> Result<Page<ActivityRow>, Unlisted> {
    let Some((filter, now)) = wanted.rest else {
        return Ok(list::load(conn, listing(scope, wanted, paging), paging).await?);
    };
    let began = Moment::now();
    let view = if filter.names_ticket() { View::Full } else { wanted.view };
    let wanted = Wanted { view, ..wanted };
    let (mut rows, mut looked_at, mut after) = (Vec::new(), 0, paging.after.map(<[Key]>::to_vec));
    let mut since = began;
    loop {
        let chunk = Paging { order: paging.order, after: after.as_deref(), size: list::MAX_PAGE };
        let page = list::load(conn, listing(scope, wanted, &chunk), &chunk).await?;
        looked_at += page.rows.len();
        for row in page.rows {
            let activity = row.clone().into_activity().map_err(|what| Error::DeserializationError(what.into()))?;
            if filter.takes(&scope.audience.shown(&activity), now)? {
                if rows.len() == paging.size {
                    return Ok(Page { next: rows.last().map(|row| list::keys(paging.order, row)), rows });
                }
                rows.push(row);
            }
            if since.elapsed() > STRETCH {
                tokio::task::yield_now().await;
                since = Moment::now();
            }
        }
        after = page.next;
        if after.is_none() || looked_at >= LOOKED_AT || began.elapsed() > LOOKED_FOR {
            return Ok(Page { rows, next: after });
        }
    }
}

/// The statement of [`list()`].
pub fn listing(scope: Scope<'_>, wanted: Wanted<'_>, paging: &Paging<'_, ActivityRow>) -> Listing<ActivityRow> {
    let mut conditions = scope.audience.activities();
    // What retention left below the floor, for the tickets of later positions, is no part of the log any more.
    let floor = sql!["(SELECT floor FROM tenant_head WHERE tenant_id = ", Bind::Text(scope.tenant_id.to_owned()), ")"];
    conditions.push(sql!["position > ", floor]);
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

/// What of the log a reader asked for and may see.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub condition: Option<Condition>,
    pub audience: Audience,
}

/// The first `most` of the positions `after + 1 ..= up_to` that are chosen, in order. That all of them are committed, and
/// none is gone, has to be known from elsewhere.
pub async fn chosen(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    after: i64,
    up_to: i64,
    view: View,
    chosen: &Chosen,
    most: usize,
) -> QueryResult<Vec<ActivityRow>> {
    let Chosen { condition, audience } = chosen;
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())],
        sql!["position > ", Bind::Int(after)],
        sql!["position <= ", Bind::Int(up_to)],
    ];
    conditions.extend(audience.activities());
    conditions.extend(condition.iter().map(|condition| condition.sql.clone()));
    let listing = Listing::<ActivityRow>::first(conditions, " ORDER BY position LIMIT ", most, view.without());
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

/// Activities that one command makes at most on one ticket, and those before them in its batch, at most.
const TOGETHER: i64 = 10_000;

/// What happened to a ticket in the same instant as this activity, the thousand next to it, in order.
pub async fn beside(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    activity: &ActivityRow,
) -> QueryResult<Vec<ActivityRow>> {
    let Some(ticket) = activity.ticket_id else { return Ok(vec![activity.clone()]) };
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())],
        sql!["ticket_id = ", Bind::Id(ticket)],
        sql!["position > ", Bind::Int(activity.position - TOGETHER)],
        sql!["position < ", Bind::Int(activity.position + TOGETHER)],
        sql!["occurred_at = ", Bind::Time(activity.occurred_at)],
    ];
    conditions.extend(scope.audience.activities());
    let order = sql![" ORDER BY abs(position - ", Bind::Int(activity.position), ") LIMIT 1000"];
    let mut rows: Vec<ActivityRow> =
        RunQueryDsl::load(Listing::<ActivityRow>::ordered(conditions, order), conn).await?;
    rows.sort_unstable_by_key(|row| row.position);
    Ok(rows)
}

/// The newest activities of a ticket, in order.
pub async fn newest_of(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    ticket: Uuid,
    most: usize,
) -> QueryResult<Vec<ActivityRow>> {
    let floor = sql!["(SELECT floor FROM tenant_head WHERE tenant_id = ", Bind::Text(scope.tenant_id.to_owned()), ")"];
    let mut conditions = vec![
        sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())],
        sql!["ticket_id = ", Bind::Id(ticket)],
        sql!["position > ", floor],
    ];
    conditions.extend(scope.audience.activities());
    let listing = Listing::<ActivityRow>::first(conditions, " ORDER BY position DESC LIMIT ", most, None);
    let mut rows: Vec<ActivityRow> = RunQueryDsl::load(listing, conn).await?;
    rows.reverse();
    Ok(rows)
}

/// The last activity of each of these tickets up to a position, whoever may see it; none for a ticket that has none.
pub async fn last_of_each(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    ticket_ids: Vec<Uuid>,
    up_to: i64,
) -> QueryResult<Vec<ActivityRow>> {
    let ids =
        sql![" FROM (SELECT unnest(", Bind::Ids(ticket_ids), ") AS id) AS k, LATERAL (SELECT * FROM activity AS a"];
    let last = sql![
        " WHERE a.tenant_id = ",
        Bind::Text(tenant_id.to_owned()),
        " AND a.ticket_id = k.id AND a.position <= ",
        Bind::Int(up_to),
        " ORDER BY a.position DESC LIMIT 1) AS r"
    ];
    RunQueryDsl::load(Listing::<ActivityRow>::from("r", sql![ids, last]), conn).await
}

/// Activities that one look at a millisecond reads at most: those of a large batch several times over.
const MADE_TOGETHER: usize = 50_000;

/// The first `most` of the activities of one millisecond that `wanted` takes, in order, without their tickets.
pub async fn made_in(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    millis: u64,
    most: usize,
    wanted: impl Fn(&Activity) -> bool,
) -> QueryResult<Vec<Activity>> {
    let micros = i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000);
    let (from, to) = (Instant(micros), Instant(micros).plus_micros(1_000));
    let mut after = first_at(conn, scope.tenant_id, from).await? - 1;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let seen = Chosen { condition: None, audience: scope.audience.clone() };
    while looked_at < MADE_TOGETHER {
        let rows = chosen(conn, scope.tenant_id, after, i64::MAX, View::Basic, &seen, list::MAX_PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.position;
        let over = last.occurred_at >= to;
        looked_at += rows.len();
        for row in rows.into_iter().filter(|row| row.occurred_at < to) {
            let activity = row.into_activity().map_err(|what| Error::DeserializationError(what.into()))?;
            if wanted(&activity) && found.len() < most {
                found.push(activity);
            }
        }
        if over || found.len() == most {
            break;
        }
    }
    Ok(found)
}

/// The first position at or after `time`, among those still kept; one above the head where there is none.
/// Time rises with the position, so a few look-ups in the primary key find it.
pub async fn first_at(conn: &mut AsyncPgConnection, tenant_id: &str, time: Instant) -> QueryResult<i64> {
    let Some(head) = super::head::get(conn, tenant_id).await? else { return Ok(1) };
    let (mut low, mut high) = (head.floor + 1, head.position + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let sql = sql![
            "SELECT occurred_at FROM activity WHERE tenant_id = ",
            Bind::Text(tenant_id.to_owned()),
            " AND position = ",
            Bind::Int(middle),
        ];
        let at: Option<Instant> =
            RunQueryDsl::get_result(Select::<Timestamptz>::new(sql, true), conn).await.optional()?;
        // A position that retention took meanwhile was before those that are left.
        match at {
            Some(at) if at >= time => high = middle,
            _ => low = middle + 1,
        }
    }
    Ok(low)
}
