//! Connection of a lane: session settings, plan settings, every statement prepared and tried before the first batch;
//! and which errors are retried.

use diesel::result::{ConnectionError, Error, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

use crate::store;
use crate::store::sqlstate::Condition;

/// Timeouts release the heads that a hanging or lost process holds, and bound how long a lane waits for others.
const TIMEOUTS: &str = "
    SET idle_in_transaction_session_timeout = '5s';
    SET statement_timeout = '10s';
    SET lock_timeout = '2s';
    SET tcp_user_timeout = '10s';
";

/// What is acknowledged is on disk, whatever the database or the role has set; stronger settings stay.
const DURABLE: &str =
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    #[error("the schema does not match this version: {0}")]
    Prepare(#[from] Error),
}

pub async fn connect(url: &str) -> Result<AsyncPgConnection, ConnectError> {
    let mut conn = store::pool::connect(url).await?;
    conn.set_prepared_statement_cache_size(diesel::connection::CacheSize::Unbounded);
    conn.batch_execute(TIMEOUTS).await?;
    conn.batch_execute(DURABLE).await?;
    conn.batch_execute(store::plan::BY_KEY).await?;
    conn.batch_execute("BEGIN").await?;
    store::save::warm_all(&conn).await?;
    conn.batch_execute("ROLLBACK").await?;
    Ok(conn)
}

/// How to recover from an error of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The connection is lost or its state unknown: reconnect, then retry the batch.
    Reconnect,
    /// Contention: retry the batch.
    Retry,
    /// Caused by one of the commands: split the batch in half.
    Halve,
}

/// Classifies an error of a batch whose transaction can be rolled back, unless the connection is lost.
pub fn remedy(error: &Error) -> Remedy {
    match Condition::of(error) {
        Condition::Contention => Remedy::Retry,
        Condition::Lost | Condition::Timeout | Condition::Aborted => Remedy::Reconnect,
        // On a healthy connection, these come from a value that could not be sent or stored.
        Condition::Unanswered | Condition::Failed => Remedy::Halve,
    }
}

/// Rolls back the transaction of a batch.
pub async fn roll_back(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK").await
}
