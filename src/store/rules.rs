//! Rule sets by content hash, and the activation of one.

use std::collections::BTreeMap;

use diesel::prelude::{ExpressionMethods, QueryDsl};
use diesel::result::{OptionalExtension, QueryResult};
use diesel::sql_types::{Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::head;
use super::sql::{Bind, Select, Sql, sql};
use crate::model::schema::{installation, rule_set};
use crate::model::time::Instant;
use crate::workflow::RuleSet;

/// The `(file name, source)` pairs of a set.
pub async fn sources(conn: &AsyncPgConnection, hash: &str) -> QueryResult<Vec<(String, String)>> {
    let query = rule_set::table.find(hash).select(rule_set::sources);
    let json: serde_json::Value = RunQueryDsl::get_result(query, &mut &*conn).await?;
    serde_json::from_value(json).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

/// Since when the active set has its timers and schedules, by their ids.
pub async fn active_since(conn: &AsyncPgConnection) -> QueryResult<BTreeMap<String, Instant>> {
    let query = installation::table.select(installation::timers);
    let json: serde_json::Value = RunQueryDsl::get_result(query, &mut &*conn).await?;
    let all: BTreeMap<String, i64> =
        serde_json::from_value(json).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(all.into_iter().map(|(id, at)| (id, Instant(at))).collect())
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

/// Keeps the sources under their hash and makes them the active set, in one transaction.
pub async fn activate(conn: &mut AsyncPgConnection, set: &RuleSet) -> QueryResult<()> {
    let json = serde_json::json!(set.sources());
    conn.transaction(async |conn| {
        // One after the other: their instants are to rise.
        let lock = sql!["SELECT 1 FROM installation FOR UPDATE"];
        RunQueryDsl::execute(lock, conn).await?;
        let now = head::clock(conn).await?;
        let row = (rule_set::hash.eq(set.hash()), rule_set::sources.eq(&json), rule_set::created_at.eq(now));
        let insert = diesel::insert_into(rule_set::table).values(row).on_conflict_do_nothing();
        RunQueryDsl::execute(insert, conn).await?;
        let text = |text: &str| Bind::Text(text.to_owned());
        let plain = |plain: bool| if plain { "true" } else { "false" };
        let timers: serde_json::Map<String, serde_json::Value> =
            set.timed_ids().map(|id| (id.to_owned(), now.0.into())).collect();
        let note = sql![
            "INSERT INTO rule_set_activation SELECT ",
            Bind::Time(now),
            ", ",
            text(set.hash()),
            " FROM installation WHERE rule_set <> ",
            text(set.hash()),
            // Of two in one instant the later holds.
            " ON CONFLICT (activated_at) DO UPDATE SET rule_set = EXCLUDED.rule_set",
        ];
        RunQueryDsl::execute(note, conn).await?;
        let update = sql![
            "UPDATE installation SET activation = activation + 1, marks_version = marks_version + (marks_hash <> ",
            text(set.marks_hash()),
            " OR marks_rule_set <> rule_set)::int, marks_hash = ",
            text(set.marks_hash()),
            ", marks_by_tenant = ",
            plain(set.marks_by_tenant()),
            ", timed = ",
            plain(set.has_timers()),
            // What was active before stays so from when it was.
            ", timers = (SELECT coalesce(jsonb_object_agg(key, coalesce(timers -> key, value)), '{}') FROM jsonb_each(",
            Bind::Json(timers.into()),
            ")), rule_set = ",
            text(set.hash()),
            ", marks_rule_set = ",
            text(set.hash()),
        ];
        RunQueryDsl::execute(update, conn).await.map(|_| ())
    })
    .await
}
