//! A lane's connection: settings, plans, and every statement prepared and proven before the first batch.

use diesel::result::{ConnectionError, Error, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

use crate::store;
use crate::store::sqlstate::Condition;

/// The time-outs free the heads of a process that hangs or vanishes, and bound how long a lane waits for anybody.
const TIMEOUTS: &str = "
    SET idle_in_transaction_session_timeout = '5s';
    SET statement_timeout = '10s';
    SET lock_timeout = '2s';
    SET tcp_user_timeout = '10s';
";

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    #[error("the database is not as this build expects it: {0}")]
    Prepare(#[from] Error),
}

pub async fn connect(url: &str) -> Result<AsyncPgConnection, ConnectError> {
    let mut conn = store::pool::connect(url).await?;
    conn.set_prepared_statement_cache_size(diesel::connection::CacheSize::Unbounded);
    conn.batch_execute(TIMEOUTS).await?;
    conn.batch_execute(store::plan::BY_KEY).await?;
    conn.batch_execute("BEGIN").await?;
    store::save::warm_all(&conn).await?;
    conn.batch_execute("ROLLBACK").await?;
    Ok(conn)
}

/// What an error of a batch asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The connection is gone or its state unknown: a new one, and the batch again.
    Reconnect,
    /// Contention: the batch again.
    Retry,
    /// Some command's doing: the batch in halves.
    Halve,
}

/// For a connection on which a transaction can still be rolled back; one that is gone asks for another.
pub fn remedy(error: &Error) -> Remedy {
    match Condition::of(error) {
        Condition::Contention => Remedy::Retry,
        Condition::Lost | Condition::Timeout | Condition::Aborted => Remedy::Reconnect,
        // On a connection that lives, a value could not even be sent.
        Condition::Unanswered | Condition::Failed => Remedy::Halve,
    }
}

/// Ends a batch's transaction without a trace.
pub async fn roll_back(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK").await
}
