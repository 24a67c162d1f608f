//! Connections until they are HTTP/2: how many there may be, and how long their beginning may take.

mod count;
mod descriptors;
mod opening;
mod together;
mod wire;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_stream::StreamExt;
use tonic::transport::server::TcpIncoming;

use self::count::{Connections, Place};
use self::opening::Opened;
use super::{HttpLimits, Tls};
use crate::telemetry::{ConnectionSeries, Metrics};

/// A connection that has shown HTTP/2's preface.
pub type Connection = together::Together<Opened>;

/// How long to wait for a file descriptor when there is none: asking at once would only take the processor.
const NO_DESCRIPTOR: Duration = Duration::from_millis(50);

/// Connections as they become ready to be served. Dropped, it stops listening.
pub struct Incoming {
    ready: mpsc::Receiver<Connection>,
    accepting: AbortHandle,
}

impl Incoming {
    pub fn start(listener: TcpListener, tls: Option<Tls>, limits: &HttpLimits, metrics: &Metrics) -> Incoming {
        // One waits at most: what is ready is taken at once.
        let (sender, ready) = mpsc::channel(1);
        let door = Door {
            connections: Connections::new(
                descriptors::at_most(limits.max_connections),
                limits.max_connections_per_address,
            ),
            tls,
            within: limits.handshake_timeout,
            patience: limits.slow_after,
            series: metrics.connection_series(),
            ready: sender,
        };
        let sockets =
            TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(limits.keepalive_interval));
        Incoming { ready, accepting: tokio::spawn(accept(sockets, Arc::new(door))).abort_handle() }
    }

    pub async fn next(&mut self) -> Option<Connection> {
        self.ready.recv().await
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Door {
    connections: Connections,
    tls: Option<Tls>,
    /// What TLS and the preface may take together.
    within: Duration,
    /// How long a client may take nothing of what is sent to it.
    patience: Duration,
    series: ConnectionSeries,
    ready: mpsc::Sender<Connection>,
}

/// Accepts for ever. No error ends it: a connection that is gone already, or no descriptor for it, is of this moment only.
async fn accept(mut sockets: TcpIncoming, door: Arc<Door>) {
    let mut opening = JoinSet::new();
    loop {
        tokio::select! {
            Some(accepted) = sockets.next() => match accepted {
                Ok(socket) => door.clone().admit(socket, &mut opening),
                Err(error) => {
                    door.series.refused("accept");
                    // What its own client broke is no reason to let the next one wait.
                    if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
                        tracing::debug!("A connection could not be accepted: {error}");
                        tokio::time::sleep(NO_DESCRIPTOR).await;
                    }
                }
            },
            // They end by themselves; what is kept of them is let go.
            Some(_) = opening.join_next() => {}
            else => return,
        }
    }
}

impl Door {
    fn admit(self: Arc<Door>, socket: TcpStream, opening: &mut JoinSet<()>) {
        // Without a peer it is gone already.
        let Ok(peer) = socket.peer_addr() else { return };
        match self.connections.admit(peer.ip(), &self.series) {
            Ok(place) => drop(opening.spawn(self.open(socket, place))),
            Err(full) => self.series.refused(full.word()),
        }
    }

    async fn open(self: Arc<Door>, socket: TcpStream, place: Place) {
        let opened = opening::open(socket, self.tls.as_ref());
        match tokio::time::timeout(self.within, opened).await {
            // The receiver is gone when the server stops; then the connection ends here.
            Ok(Some(mut opened)) => {
                let certified = opened.certified.take();
                drop(self.ready.send(Connection::new(opened, place, certified, self.patience)).await);
            }
            Ok(None) => self.series.refused("protocol"),
            Err(_elapsed) => self.series.refused("handshake"),
        }
    }
}
