//! A single connection, outside the pool. Its errors carry their SQLSTATE: see [`tagged`](super::tagged).

use std::path::Path;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryFutureExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls};

use super::tagged::{Plaintext, Tagged, Tagging};
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
    let (client, mut messages) = open(url).await?;
    // Notices are nobody's, and how it ended is told to whoever waits for an answer.
    tokio::spawn(async move { while let Some(Ok(_)) = messages.next().await {} });
    AsyncPgConnection::try_from(client).await
}

/// The notices and notifications of a connection, until it ends. It lives while somebody reads them.
pub(super) type Messages = BoxStream<'static, Result<AsyncMessage, Error>>;

/// The same without Diesel.
pub(super) async fn open(url: &str) -> Result<(Client, Messages), ConnectionError> {
    let bad = |error: Error| ConnectionError::BadConnection(words(&error));
    let Target { mut config, tls } = Target::of(url)?;
    if let Some(tls) = tls {
        return config.connect(Tagging(tls)).map_ok(driven).map_err(bad).await;
    }
    if let ([Host::Unix(folder)], []) = (config.get_hosts(), config.get_hostaddrs()) {
        let socket = unix(folder, &config)
            .await
            .map_err(|error| ConnectionError::BadConnection(format!("error connecting to server: {error}")))?;
        return config.connect_raw(Tagged::plaintext(socket), NoTls).map_ok(driven).map_err(bad).await;
    }
    if config.get_hosts().is_empty() {
        // An address needs a name to be connected to that way, and may be its own.
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    config.connect(Plaintext).map_ok(driven).map_err(bad).await
}

/// tokio-postgres hands out the sockets of TCP only.
async fn unix(folder: &Path, config: &Config) -> std::io::Result<UnixStream> {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let connecting = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}")));
    match config.get_connect_timeout() {
        Some(patience) => tokio::time::timeout(*patience, connecting).await?,
        None => connecting.await,
    }
}

fn driven<S, T>((client, mut connection): (Client, Connection<S, T>)) -> (Client, Messages)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    (client, stream::poll_fn(move |cx| connection.poll_message(cx)).boxed())
}

/// The error with what caused it: "error connecting to server" says nothing.
pub(super) fn words(error: &Error) -> String {
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
