//! Assembles and runs a server from journal, feed and services, for `dev`, `serve` and the tests.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::probe::Probe;
use super::revocations::Revocations;
use crate::feed::{self, Feed};
use crate::grpc::call::State;
use crate::grpc::call::filters::Filters;
use crate::grpc::call::rules::RuleFolder;
use crate::grpc::call::ticket_cache::TicketCache;
use crate::grpc::server::gate::Gate;
use crate::grpc::server::layers::QuotaLimits;
use crate::grpc::server::{HttpLimits, ServeError, Server, Tls};
use crate::grpc::services;
use crate::identity::Verifier;
use crate::journal::{self, Journal, Lanes};
use crate::model::sla::zone;
use crate::projection::{self, Projections};
use crate::store;
use crate::telemetry::{self, Metrics, Phase, Traces, Troubles};
use crate::worker;

/// Components and settings of a server.
pub struct Setup {
    pub journal: journal::Config,
    pub feed: feed::Config,
    pub pool: store::pool::Settings,
    /// Whoever changes its keys has it, too.
    pub verifier: Arc<Verifier>,
    /// Authenticates page tokens; all servers of an installation share it.
    pub page_secret: [u8; 32],
    pub rules: Arc<RuleFolder>,
    pub http: HttpLimits,
    pub quotas: QuotaLimits,
    /// Absent for plain text.
    pub tls: Option<Tls>,
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    pub metrics: Arc<Metrics>,
    pub traces: Traces,
    pub troubles: Troubles,
    pub phase: watch::Sender<Phase>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(transparent)]
    Pool(#[from] store::pool::PoolError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(
        "cannot listen on {address}: {error}; is another server running? Addresses are set with listen and metrics-listen"
    )]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Runtime for calls and streams, with `threads` worker threads; 0 = TOKIO_WORKER_THREADS, or else half of the processors,
/// which leaves the rest to the lanes and PostgreSQL.
pub fn runtime(threads: usize) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if threads > 0 {
        builder.worker_threads(threads);
    } else if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
        builder.worker_threads(processors.div_ceil(2));
    }
    builder.enable_all().build()
}

/// Maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Binds a socket and listens on it.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    accept(reserve(address)?, address)
}

/// Binds a socket that refuses connections until [`accept`]. If the port were left free meanwhile, one of our own connections
/// to the database could get it.
pub fn reserve(address: SocketAddr) -> Result<TcpSocket, ServerError> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Otherwise the port of a server that ended a minute ago would still be taken.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    bound().map_err(|error| ServerError::Listen { address, error })
}

pub fn accept(socket: TcpSocket, address: SocketAddr) -> Result<TcpListener, ServerError> {
    socket.listen(BACKLOG).map_err(|error| ServerError::Listen { address, error })
}

/// Completes on SIGTERM or Ctrl-C. The handlers are installed immediately, so a signal during startup is not missed.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("Shutting down: waiting for running calls");
    })
}

/// The metrics port, open from before the database is ready until after the last call.
pub struct Watched {
    end: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Watched {
    pub fn start(
        listener: TcpListener,
        metrics: Arc<Metrics>,
        phase: watch::Receiver<Phase>,
        troubles: Troubles,
    ) -> Watched {
        let (end, ended) = oneshot::channel::<()>();
        let ended = async { ended.await.unwrap_or(()) };
        let (version, zones) = (env!("CARGO_PKG_VERSION"), zone::data_version());
        let detail = format!("version {version}\nzone data {zones}\n");
        let serving = tokio::spawn(telemetry::serve_metrics(listener, metrics, phase, troubles, detail, ended));
        Watched { end, serving }
    }

    pub async fn end(self) {
        // The receiver lives until the task ends.
        let _ = self.end.send(());
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("The metrics port failed: {error}"),
            Err(panicked) => tracing::warn!("The metrics port failed: {panicked}"),
        }
    }
}

/// Serves a migrated database until `shutdown` completes, then drains calls, streams and the queues of the lanes.
pub async fn serve(setup: Setup, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
    let Setup {
        journal,
        feed,
        pool,
        verifier,
        page_secret,
        rules,
        http,
        quotas,
        tls,
        reflection,
        metrics,
        traces,
        troubles,
        phase,
    } = setup;
    tokio::pin!(shutdown);
    let url = journal.database_url.clone();
    let mut revocations = Revocations::new(url.clone(), verifier.clone(), metrics.clone());
    if revocations.first(&troubles, &mut shutdown).await.is_break() {
        return Ok(());
    }
    let mut background = JoinSet::new();
    background.spawn(revocations.keep());
    let pool = store::pool::Pool::new(&url, pool)?;
    background.spawn(projection::keeper::keep(url.clone()));
    let (publish, committed) = mpsc::channel(4096);
    let (journal, lanes) = Journal::start(journal, metrics.clone(), publish)?;
    background.spawn(worker::run(url.clone(), journal.clone()));
    let feed = Feed::new(feed, pool.clone(), metrics.clone(), phase.subscribe());
    background.spawn(feed.clone().run(committed));
    let probe = Probe {
        database_url: url,
        pool: pool.clone(),
        feed: feed.clone(),
        journal: journal.clone(),
        rules: rules.clone(),
        metrics: metrics.clone(),
        troubles: troubles.clone(),
    };
    background.spawn(probe.run());
    let services = services::all(State {
        journal,
        pool,
        tokens: store::page::Tokens::new(&page_secret),
        rules,
        feed,
        projections: Projections::default(),
        filters: Filters::default(),
        tickets: TicketCache::default(),
        verifier: verifier.clone(),
    });
    let (gate, last_metrics, last_traces) = (Gate::new(verifier), metrics.clone(), traces.clone());
    let server = Server { services, gate, metrics, traces, limits: http, quotas, tls, reflection, troubles, phase };
    let served = server.serve(listener, shutdown).await;
    drain(lanes).await;
    drop(background);
    send_last(last_metrics, last_traces).await;
    Ok(served?)
}

async fn drain(lanes: Lanes) {
    if let Err(panicked) = tokio::task::spawn_blocking(move || lanes.drain()).await {
        tracing::error!("Draining the lanes failed: {panicked}");
    }
}

/// What metrics and traces still have to send.
async fn send_last(metrics: Arc<Metrics>, traces: Traces) {
    let sent = tokio::task::spawn_blocking(move || {
        metrics.end();
        traces.end();
    });
    if let Err(panicked) = sent.await {
        tracing::error!("Sending the last spans and metrics failed: {panicked}");
    }
}
