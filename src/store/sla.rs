//! SQL of SLA clocks and timers of rules: due clocks, tickets to follow a changed configuration, the ledger. No decisions.

use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bytea, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::read::list::Listing;
use super::sql::{Bind, Select, Sql, sql};
use crate::model::ticket::Ticket;
use crate::model::time::Instant;

fn text(text: &str) -> Bind {
    Bind::Text(text.to_owned())
}

/// Tickets of which a warning or a breach was due so many microseconds ago by the database's clock, the longest first.
pub async fn due(conn: &mut AsyncPgConnection, ago: i64, most: i64) -> QueryResult<Vec<(String, Uuid)>> {
    let sql = sql![
        "SELECT tenant_id, id FROM docket_due(clock_timestamp() - ",
        Bind::Int(ago),
        " * interval '1 microsecond', ",
        Bind::Int(most),
        ")",
    ];
    RunQueryDsl::load(Select::<(Text, SqlUuid)>::new(sql, true), conn).await
}

/// Whose clocks have to follow, and from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub tenant_id: String,
    /// Of the newest change of a policy or a calendar.
    pub config_position: i64,
    /// Of what tells which marks its clocks have for rules: the active set, and the tenant's settings where they matter.
    pub marks: String,
    /// Tickets up to this one have followed it; nil: none yet.
    pub after_id: Uuid,
}

/// Tenants of which a policy or a calendar changed, or the marks of rules, or the zone data, and not all open tickets have followed.
pub async fn moves(conn: &mut AsyncPgConnection, zones: &str, most: i64) -> QueryResult<Vec<Move>> {
    let sql = sql![
        "SELECT tenant_id, config_position, marks, after_id FROM docket_moves(",
        text(zones),
        ", ",
        Bind::Int(most),
        ")",
    ];
    let rows: Vec<(String, i64, String, Uuid)> =
        RunQueryDsl::load(Select::<(Text, BigInt, Text, SqlUuid)>::new(sql, true), conn).await?;
    let all = rows.into_iter();
    Ok(all
        .map(|(tenant_id, config_position, marks, after_id)| Move { tenant_id, config_position, marks, after_id })
        .collect())
}

/// The next tickets that may have clocks that run, in the order of their ids; with timers of rules, all of them.
pub async fn open_tickets(conn: &mut AsyncPgConnection, at: &Move, most: i64) -> QueryResult<Vec<Uuid>> {
    let sql = sql![
        "SELECT id FROM ticket WHERE tenant_id = ",
        text(&at.tenant_id),
        " AND id > ",
        Bind::Id(at.after_id),
        " AND (status NOT IN ('RESOLVED', 'CLOSED') OR (SELECT timed FROM installation)) AND deleted_at IS NULL \
         ORDER BY id LIMIT ",
        Bind::Int(most),
    ];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, true), conn).await
}

/// As [`open_tickets`], whole, and of one app where there is one.
pub async fn open_rows(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    app_id: Option<&str>,
    after: Uuid,
    most: usize,
) -> QueryResult<Vec<Ticket>> {
    let mut conditions = vec![
        sql!["tenant_id = ", text(tenant_id)],
        sql!["id > ", Bind::Id(after)],
        sql!["status NOT IN ('RESOLVED', 'CLOSED') AND deleted_at IS NULL"],
    ];
    conditions.extend(app_id.map(|app| sql!["app_id = ", text(app)]));
    RunQueryDsl::load(Listing::<Ticket>::first(conditions, " ORDER BY id LIMIT ", most, None), conn).await
}

/// How far a tenant's tickets have followed.
pub async fn moved(conn: &mut AsyncPgConnection, at: &Move, zones: &str, done: bool) -> QueryResult<()> {
    let sql: Sql = sql![
        "INSERT INTO sla_move (tenant_id, config_position, zones, marks, after_id, done) VALUES (",
        text(&at.tenant_id),
        ", ",
        Bind::Int(at.config_position),
        ", ",
        text(zones),
        ", ",
        text(&at.marks),
        ", ",
        Bind::Id(at.after_id),
        if done { ", true" } else { ", false" },
        ") ON CONFLICT (tenant_id) DO UPDATE SET config_position = excluded.config_position, zones = excluded.zones, \
         marks = excluded.marks, after_id = excluded.after_id, done = excluded.done",
    ];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}

/// Whose tickets have to follow changes of their organizations: those behind `since`, up to `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationMove {
    pub tenant_id: String,
    pub since: i64,
    pub until: i64,
    /// Tickets up to this one have followed them; nil: none yet.
    pub after_id: Uuid,
}

/// Tenants of which organizations changed that their policies read, and not all open tickets of those have followed; of so many
/// changes `together`.
pub async fn organization_moves(
    conn: &mut AsyncPgConnection,
    most: i64,
    together: i64,
) -> QueryResult<Vec<OrganizationMove>> {
    let sql = sql![
        "SELECT tenant_id, since, until, after_id FROM docket_organizations(",
        Bind::Int(most),
        ", ",
        Bind::Int(together),
        ")",
    ];
    let rows: Vec<(String, i64, i64, Uuid)> =
        RunQueryDsl::load(Select::<(Text, BigInt, BigInt, SqlUuid)>::new(sql, true), conn).await?;
    let all = rows.into_iter();
    Ok(all.map(|(tenant_id, since, until, after_id)| OrganizationMove { tenant_id, since, until, after_id }).collect())
}

/// The next open tickets of the organizations that changed, in the order of their ids.
pub async fn tickets_of_organizations(
    conn: &mut AsyncPgConnection,
    at: &OrganizationMove,
    most: i64,
) -> QueryResult<Vec<Uuid>> {
    let sql = sql![
        "SELECT id FROM ticket WHERE tenant_id = ",
        text(&at.tenant_id),
        " AND organization_id <> '' AND organization_id IN (SELECT o.id FROM organization AS o WHERE o.tenant_id = ",
        text(&at.tenant_id),
        " AND o.position > ",
        Bind::Int(at.since),
        " AND o.position <= ",
        Bind::Int(at.until),
        ") AND id > ",
        Bind::Id(at.after_id),
        " AND status NOT IN ('RESOLVED', 'CLOSED') AND deleted_at IS NULL ORDER BY id LIMIT ",
        Bind::Int(most),
    ];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, true), conn).await
}

/// How far the tickets of organizations have followed.
pub async fn organizations_moved(conn: &mut AsyncPgConnection, at: &OrganizationMove, done: bool) -> QueryResult<()> {
    let position = if done { at.until } else { at.since };
    let sql: Sql = sql![
        "UPDATE sla_move SET organization_position = ",
        Bind::Int(position),
        ", organization_until = ",
        Bind::Int(at.until),
        ", organization_after = ",
        Bind::Id(at.after_id),
        " WHERE tenant_id = ",
        text(&at.tenant_id),
    ];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}

/// The ledger of a ticket, in order: the positions of its activities, and their rows as they are stored.
pub async fn ledger(
    conn: &mut AsyncPgConnection,
    tenant_id: &str,
    ticket_id: Uuid,
) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    let sql = sql![
        "SELECT position, body FROM sla_ledger WHERE tenant_id = ",
        text(tenant_id),
        " AND ticket_id = ",
        Bind::Id(ticket_id),
        " ORDER BY position",
    ];
    RunQueryDsl::load(Select::<(BigInt, Bytea)>::new(sql, true), conn).await
}

/// The database's clock.
pub async fn now(conn: &mut AsyncPgConnection) -> QueryResult<Instant> {
    RunQueryDsl::get_result(Select::<Timestamptz>::new(sql!["SELECT clock_timestamp()"], true), conn).await
}
