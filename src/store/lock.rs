//! Advisory locks: work that one session of a database does at a time.

use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql::{Bind, Select, sql};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sole {
    /// Keeping projections near the head.
    Projections,
    /// Looking for timers that are due.
    Timers,
}

/// Takes the lock until the session ends. `false`: another has it.
pub async fn lock(conn: &mut AsyncPgConnection, sole: Sole) -> QueryResult<bool> {
    let key = match sole {
        // "fold" and "time" in ASCII.
        Sole::Projections => 1_718_578_276,
        Sole::Timers => 1_953_066_341,
    };
    RunQueryDsl::get_result(Select::<Bool>::new(sql!["SELECT pg_try_advisory_lock(", Bind::Int(key), ")"], true), conn)
        .await
}
