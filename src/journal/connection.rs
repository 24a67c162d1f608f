//! A lane's connection: settings, plans, and every statement prepared and proven before the first batch.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

use crate::store;

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

pub fn remedy(error: &Error) -> Remedy {
    let Error::DatabaseError(kind, info) = error else {
        return match error {
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => Remedy::Reconnect,
            _ => Remedy::Halve,
        };
    };
    let text = info.message().to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|wanted| text.contains(wanted));
    match kind {
        DatabaseErrorKind::SerializationFailure => Remedy::Retry,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction => Remedy::Reconnect,
        // No answer of the server's: the connection broke, or a value could not even be sent.
        DatabaseErrorKind::UnableToSendCommand if has(&["serializ", "encod"]) => Remedy::Halve,
        DatabaseErrorKind::UnableToSendCommand => Remedy::Reconnect,
        DatabaseErrorKind::Unknown if has(RETRY) => Remedy::Retry,
        DatabaseErrorKind::Unknown if has(RECONNECT) => Remedy::Reconnect,
        _ => Remedy::Halve,
    }
}

/// Diesel keeps no SQLSTATE for these. Where PostgreSQL speaks another language they are halved first, which retries too.
const RETRY: &[&str] = &["deadlock detected", "lock timeout"];
const RECONNECT: &[&str] =
    &["terminating connection", "the database system is", "statement timeout", "current transaction is aborted"];

/// Ends a batch's transaction without a trace.
pub async fn roll_back(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK").await
}
