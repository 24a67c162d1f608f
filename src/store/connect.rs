//! One connection, for those who keep theirs.

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use tokio_postgres::NoTls;

use super::target::Target;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    #[error("no database connection became free in time")]
    Busy,
    #[error("no database connection: {0}")]
    NoConnection(String),
}

/// Connects to what `url` names: see [`Target::of`].
pub async fn connect(url: &str) -> Result<AsyncPgConnection, ConnectionError> {
    let bad = |e: tokio_postgres::Error| ConnectionError::BadConnection(words(&e));
    let Target { config, tls } = Target::of(url)?;
    match tls {
        None => {
            let (client, connection) = config.connect(NoTls).await.map_err(bad)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
        Some(tls) => {
            let (client, connection) = config.connect(tls).await.map_err(bad)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
    }
}

/// The error with what caused it: "error connecting to server" says nothing.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
