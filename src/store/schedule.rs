//! SQL of schedules of rules: which tenants have them still to come, and how far each has got.

use std::collections::BTreeMap;

use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::sql::{Bind, Select, sql};
use crate::model::time::Instant;

/// An instant of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Came<'a> {
    /// The schedule's id.
    pub schedule: &'a str,
    pub at: Instant,
}

/// Tenants that it has still to be carried out for, and the ticket up to which it was.
pub async fn waiting(conn: &mut AsyncPgConnection, came: Came<'_>, most: i64) -> QueryResult<Vec<(String, Uuid)>> {
    let sql = sql![
        "SELECT tenant_id, after_id FROM docket_scheduled(",
        Bind::Text(came.schedule.to_owned()),
        ", ",
        Bind::Time(came.at),
        ", ",
        Bind::Int(most),
        ")",
    ];
    RunQueryDsl::load(Select::<(Text, SqlUuid)>::new(sql, true), conn).await
}

/// How far schedules were carried out for a tenant, by their ids: when each came last, and whether that is done.
pub async fn carried_out(
    conn: &mut AsyncPgConnection,
    tenant: &str,
    schedules: &[&str],
) -> QueryResult<BTreeMap<String, (Instant, bool)>> {
    let ids = schedules.iter().map(|id| (*id).to_owned()).collect();
    let sql = sql![
        "SELECT schedule, came_at, done FROM rule_schedule WHERE tenant_id = ",
        Bind::Text(tenant.to_owned()),
        " AND schedule = ANY(",
        Bind::Texts(ids),
        ")",
    ];
    let rows: Vec<(String, Instant, bool)> =
        RunQueryDsl::load(Select::<(Text, Timestamptz, Bool)>::new(sql, true), conn).await?;
    Ok(rows.into_iter().map(|(id, came, done)| (id, (came, done))).collect())
}

/// How far it was carried out for a tenant.
pub async fn went(
    conn: &mut AsyncPgConnection,
    came: Came<'_>,
    tenant: &str,
    after: Uuid,
    done: bool,
) -> QueryResult<()> {
    let sql = sql![
        "INSERT INTO rule_schedule (tenant_id, schedule, came_at, after_id, done) VALUES (",
        Bind::Text(tenant.to_owned()),
        ", ",
        Bind::Text(came.schedule.to_owned()),
        ", ",
        Bind::Time(came.at),
        ", ",
        Bind::Id(after),
        if done { ", true" } else { ", false" },
        ") ON CONFLICT (tenant_id, schedule) DO UPDATE SET came_at = excluded.came_at, after_id = excluded.after_id, \
         done = excluded.done",
    ];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}
