//! Positions of projections. No decisions.

use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::search::Rules;
use super::sql::{Bind, Select, Sql, sql};

/// Something that is folded from each tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Projection {
    Statistics,
    /// By certain rules of words.
    Search(Rules),
}

impl Projection {
    /// Those that every tenant has.
    pub const EACH: [Projection; 2] = [Projection::Statistics, Projection::Search(Rules::NEWEST)];

    /// As it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Projection::Statistics => "statistics",
            Projection::Search(Rules::First) => "search",
            Projection::Search(Rules::Second) => "search.2",
        }
    }
}

/// Where a projection of one tenant stands while it is taken away.
pub const LEAVING: i64 = -1;

/// Where a projection of one tenant stands, and where its log does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Absent: it was never begun.
    pub position: Option<i64>,
    /// Tickets up to this number are still to be taken from their table.
    pub remaining: i64,
    /// Of the log; 0 before the first write.
    pub head: i64,
    /// Positions up to this one are no longer kept.
    pub floor: i64,
    /// How many tickets were ever made.
    pub tickets: i64,
}

impl Standing {
    /// It holds everything up to this position, and nothing is left to be taken in.
    pub fn whole(&self) -> Option<i64> {
        self.position.filter(|_| self.remaining == 0)
    }

    /// It is whole, and the log still has what comes after it.
    pub fn serves(&self) -> bool {
        self.whole().is_some_and(|position| position >= self.floor)
    }

    /// It is being taken away: its row only tells how much is left.
    pub fn is_leaving(&self) -> bool {
        self.position == Some(LEAVING)
    }
}

fn text(text: &str) -> Bind {
    Bind::Text(text.to_owned())
}

fn of(tenant_id: &str, projection: Projection) -> Sql {
    sql!["tenant_id = ", text(tenant_id), " AND name = ", text(projection.name())]
}

pub async fn standing(conn: &mut AsyncPgConnection, tenant_id: &str, projection: Projection) -> QueryResult<Standing> {
    type Types = (Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>);
    type Values = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
    let sql = sql![
        "SELECT p.position, p.remaining, h.position, h.floor, h.last_number FROM (SELECT) AS one LEFT JOIN tenant_head AS h \
         ON h.tenant_id = ",
        text(tenant_id),
        " LEFT JOIN projection AS p ON p.tenant_id = ",
        text(tenant_id),
        " AND p.name = ",
        text(projection.name()),
    ];
    let rows: Vec<Values> = RunQueryDsl::load(Select::<Types>::new(sql, true), conn).await?;
    let (position, remaining, head, floor, tickets) = rows.into_iter().next().unwrap_or_default();
    let or_none = |count: Option<i64>| count.unwrap_or(0);
    Ok(Standing {
        position,
        remaining: or_none(remaining),
        head: or_none(head),
        floor: or_none(floor),
        tickets: or_none(tickets),
    })
}

/// Whoever holds a projection's row moves it: little is to be waited for.
const HURRY: &str = "SET LOCAL lock_timeout = '500ms'";

/// Moves a projection from where it was seen to where it will be, and holds its row until the transaction ends. `false`:
/// somebody else moved it.
pub async fn advance(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    projection: Projection,
    from: (i64, i64),
    to: (i64, i64),
) -> QueryResult<bool> {
    conn.batch_execute(HURRY).await?;
    let sql = sql![
        "UPDATE projection SET position = ",
        Bind::Int(to.0),
        ", remaining = ",
        Bind::Int(to.1),
        " WHERE ",
        of(tenant_id, projection),
        " AND position = ",
        Bind::Int(from.0),
        " AND remaining = ",
        Bind::Int(from.1),
    ];
    RunQueryDsl::execute(sql, conn).await.map(|moved| moved == 1)
}

/// Begins a projection anew at the head of the log, as far as this transaction sees it, with all tickets that there are
/// then still to be taken in, or none; `from`: where it was seen, if anywhere. `false`: somebody else moved it.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    projection: Projection,
    from: Option<i64>,
    tickets_remain: bool,
) -> QueryResult<bool> {
    conn.batch_execute(HURRY).await?;
    let sql = sql![
        "INSERT INTO projection (tenant_id, name, position, remaining) SELECT ",
        text(tenant_id),
        ", ",
        text(projection.name()),
        ", coalesce(max(position), 0), ",
        if tickets_remain { "coalesce(max(last_number), 0)" } else { "0" },
        " FROM tenant_head WHERE tenant_id = ",
        text(tenant_id),
        " ON CONFLICT (tenant_id, name) DO UPDATE SET position = excluded.position, remaining = excluded.remaining \
         WHERE projection.position = ",
        Bind::Int(from.unwrap_or(-1)),
    ];
    RunQueryDsl::execute(sql, conn).await.map(|begun| begun == 1)
}

/// Tenants of whose log a projection has not taken everything in, the longest quiet first, at most `most`.
pub async fn behind(conn: &mut AsyncPgConnection, projection: Projection, most: i64) -> QueryResult<Vec<String>> {
    let sql = sql!["SELECT docket_behind(", text(projection.name()), ", ", Bind::Int(most), ")"];
    RunQueryDsl::load(Select::<Text>::new(sql, true), conn).await
}

/// Tenants that have something left of a projection that another takes the place of, at most `most`.
pub async fn superseded(conn: &mut AsyncPgConnection, projection: Projection, most: i64) -> QueryResult<Vec<String>> {
    let sql = sql!["SELECT docket_superseded(", text(projection.name()), ", ", Bind::Int(most), ")"];
    RunQueryDsl::load(Select::<Text>::new(sql, true), conn).await
}

/// The row of a projection that is taken away, when nothing else is left. `false`: somebody else moved it.
pub async fn forget(conn: &mut AsyncPgConnection, tenant_id: &str, projection: Projection) -> QueryResult<bool> {
    let left = sql![" AND position = ", Bind::Int(LEAVING), " AND remaining = 0"];
    let sql = sql!["DELETE FROM projection WHERE ", of(tenant_id, projection), left];
    RunQueryDsl::execute(sql, conn).await.map(|gone| gone == 1)
}
