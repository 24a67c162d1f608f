//! Rule sets by content hash, and the activation of one.

use diesel::prelude::{ExpressionMethods, QueryDsl};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::head;
use super::sql::{Bind, sql};
use crate::model::schema::rule_set;

/// The `(file name, source)` pairs of a set.
pub async fn sources(conn: &AsyncPgConnection, hash: &str) -> QueryResult<Vec<(String, String)>> {
    let query = rule_set::table.find(hash).select(rule_set::sources);
    let json: serde_json::Value = RunQueryDsl::get_result(query, &mut &*conn).await?;
    serde_json::from_value(json).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
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
        let now = head::clock(conn).await?;
        let row = (rule_set::hash.eq(hash), rule_set::sources.eq(&json), rule_set::created_at.eq(now));
        let insert = diesel::insert_into(rule_set::table).values(row).on_conflict_do_nothing();
        RunQueryDsl::execute(insert, conn).await?;
        let text = |text: &str| Bind::Text(text.to_owned());
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
