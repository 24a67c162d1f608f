//! Rule sets by content hash, and which of them is active.

use diesel::prelude::{ExpressionMethods, QueryDsl};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::head;
use crate::model::schema::{installation, rule_set};

/// The `(file name, source)` pairs of a set.
pub async fn sources(conn: &AsyncPgConnection, hash: &str) -> QueryResult<Vec<(String, String)>> {
    let query = rule_set::table.find(hash).select(rule_set::sources);
    let json: serde_json::Value = RunQueryDsl::get_result(query, &mut &*conn).await?;
    serde_json::from_value(json).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

/// Keeps the sources under their hash and makes them the active set, in one transaction.
pub async fn activate(conn: &mut AsyncPgConnection, hash: &str, sources: &[(String, String)]) -> QueryResult<()> {
    let json = serde_json::json!(sources);
    conn.transaction(async |conn| {
        let now = head::clock(conn).await?;
        let row = (rule_set::hash.eq(hash), rule_set::sources.eq(&json), rule_set::created_at.eq(now));
        let insert = diesel::insert_into(rule_set::table).values(row).on_conflict_do_nothing();
        RunQueryDsl::execute(insert, conn).await?;
        let update = diesel::update(installation::table).set(installation::rule_set.eq(hash));
        RunQueryDsl::execute(update, conn).await.map(|_| ())
    })
    .await
}
