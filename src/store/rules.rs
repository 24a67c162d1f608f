//! Rule sets by content hash, and the activation of one.

use std::collections::BTreeMap;

use diesel::prelude::{ExpressionMethods, QueryDsl};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::head;
use super::sql::{Bind, sql};
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

/// Keeps the sources under their hash and makes them the active set, in one transaction.
pub async fn activate(conn: &mut AsyncPgConnection, set: &RuleSet) -> QueryResult<()> {
    let json = serde_json::json!(set.sources());
    conn.transaction(async |conn| {
        let now = head::clock(conn).await?;
        let row = (rule_set::hash.eq(set.hash()), rule_set::sources.eq(&json), rule_set::created_at.eq(now));
        let insert = diesel::insert_into(rule_set::table).values(row).on_conflict_do_nothing();
        RunQueryDsl::execute(insert, conn).await?;
        let text = |text: &str| Bind::Text(text.to_owned());
        let plain = |plain: bool| if plain { "true" } else { "false" };
        let timers: serde_json::Map<String, serde_json::Value> =
            set.timed_ids().map(|id| (id.to_owned(), now.0.into())).collect();
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
