//! Rule sets by content hash, and the activation of one.

use diesel::prelude::{ExpressionMethods, QueryDsl};
use diesel::result::{OptionalExtension, QueryResult};
use diesel::sql_types::{Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::head;
use super::sql::{Bind, Select, Sql, sql};
use crate::model::schema::rule_set;
use crate::model::time::Instant;

/// The `(file name, source)` pairs of a set.
pub async fn sources(conn: &AsyncPgConnection, hash: &str) -> QueryResult<Vec<(String, String)>> {
    let query = rule_set::table.find(hash).select(rule_set::sources);
    let json: serde_json::Value = RunQueryDsl::get_result(query, &mut &*conn).await?;
    serde_json::from_value(json).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

/// A set that was made active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    pub at: Instant,
    /// '' is no set.
    pub hash: String,
}

/// The set that was active at an instant; `None`: that is from before activations were recorded.
pub async fn active_at(conn: &AsyncPgConnection, at: Instant) -> QueryResult<Option<Activation>> {
    let before = sql![" WHERE activated_at <= ", Bind::Time(at), " ORDER BY activated_at DESC LIMIT 1"];
    activation(conn, before).await
}

/// The next activation after an instant.
pub async fn activated_after(conn: &AsyncPgConnection, at: Instant) -> QueryResult<Option<Activation>> {
    let after = sql![" WHERE activated_at > ", Bind::Time(at), " ORDER BY activated_at LIMIT 1"];
    activation(conn, after).await
}

async fn activation(conn: &AsyncPgConnection, which: Sql) -> QueryResult<Option<Activation>> {
    let sql = sql!["SELECT activated_at, rule_set FROM rule_set_activation", which];
    let found = RunQueryDsl::get_result(Select::<(Timestamptz, Text)>::new(sql, true), &mut &*conn).await;
    let found: Option<(Instant, String)> = found.optional()?;
    Ok(found.map(|(at, hash)| Activation { at, hash }))
}

/// What a set asks of clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockMarks<'a> {
    /// The same for two sets that ask the same; '' where it asks nothing.
    pub marks: &'a str,
    /// Whether it depends on the settings of a tenant.
    pub by_tenant: bool,
}

/// Keeps the sources under their hash and makes them the active set, in one transaction.
pub async fn activate(
    conn: &mut AsyncPgConnection,
    hash: &str,
    sources: &[(String, String)],
    asked: ClockMarks<'_>,
) -> QueryResult<()> {
    let json = serde_json::json!(sources);
    conn.transaction(async |conn| {
        // One after the other: their instants are to rise.
        let lock = sql!["SELECT 1 FROM installation FOR UPDATE"];
        RunQueryDsl::execute(lock, conn).await?;
        let now = head::clock(conn).await?;
        let row = (rule_set::hash.eq(hash), rule_set::sources.eq(&json), rule_set::created_at.eq(now));
        let insert = diesel::insert_into(rule_set::table).values(row).on_conflict_do_nothing();
        RunQueryDsl::execute(insert, conn).await?;
        let text = |text: &str| Bind::Text(text.to_owned());
        let note = sql![
            "INSERT INTO rule_set_activation SELECT ",
            Bind::Time(now),
            ", ",
            text(hash),
            " FROM installation WHERE rule_set <> ",
            text(hash),
            // Of two in one instant the later holds.
            " ON CONFLICT (activated_at) DO UPDATE SET rule_set = EXCLUDED.rule_set",
        ];
        RunQueryDsl::execute(note, conn).await?;
        let update = sql![
            "UPDATE installation SET marks_version = marks_version + (marks_hash <> ",
            text(asked.marks),
            " OR marks_rule_set <> rule_set)::int, marks_hash = ",
            text(asked.marks),
            if asked.by_tenant { ", marks_by_tenant = true" } else { ", marks_by_tenant = false" },
            ", rule_set = ",
            text(hash),
            ", marks_rule_set = ",
            text(hash),
        ];
        RunQueryDsl::execute(update, conn).await.map(|_| ())
    })
    .await
}
