//! Hints between servers over LISTEN and NOTIFY, on a connection of their own and outside every write. They may be lost.

use diesel::ConnectionError;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, Error, Notification};

use super::connect::{Messages, open, words};

/// The one channel of the database, and the advisory lock that says who listens ("hint" in ASCII).
const SET_UP: &str = "
    SET synchronous_commit = off;
    SELECT pg_advisory_lock_shared(1751739508);
    LISTEN docket_log;
";
const SEND: &str = "SELECT pg_notify('docket_log', payload) FROM unnest($1::text[]) AS payload";
const LISTENERS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1751739508 \
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Bytes of a payload that PostgreSQL takes.
pub const MAX_PAYLOAD: usize = 7_999;
/// Hints that wait to be read; more are dropped.
const WAITING: usize = 1_024;

/// One connection that sends and hears hints.
pub struct Line {
    client: Client,
    own: i32,
    heard: mpsc::Receiver<Notification>,
}

impl Line {
    pub async fn open(url: &str) -> Result<Line, ConnectionError> {
        let bad = |e: Error| ConnectionError::BadConnection(words(&e));
        let (sender, heard) = mpsc::channel(WAITING);
        let (client, messages) = open(url).await?;
        tokio::spawn(listen(messages, sender));
        let own = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(bad)?.get(0);
        client.batch_execute(SET_UP).await.map_err(bad)?;
        Ok(Line { client, own, heard })
    }

    /// The next hint of another server; `None` when the connection is gone.
    pub async fn hear(&mut self) -> Option<String> {
        loop {
            let note = self.heard.recv().await?;
            if note.process_id() != self.own {
                return Some(note.payload().to_owned());
            }
        }
    }

    /// Sends payloads of at most [`MAX_PAYLOAD`] bytes each, in one transaction.
    pub async fn send(&self, payloads: &[String]) -> Result<(), Error> {
        self.client.execute(SEND, &[&payloads]).await.map(|_| ())
    }

    /// Whether any other server listens.
    pub async fn is_heard(&self) -> Result<bool, Error> {
        let listeners: i64 = self.client.query_one(LISTENERS, &[]).await?.get(0);
        Ok(listeners > 1)
    }
}

/// Ends with the connection, and takes the sender with it.
async fn listen(mut messages: Messages, sender: mpsc::Sender<Notification>) {
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notification(note) = message {
            // A full channel loses a hint: polling finds out.
            let _ = sender.try_send(note);
        }
    }
}
