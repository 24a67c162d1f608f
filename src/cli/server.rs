//! A server put together from its parts: the journal, the feed, the services. `dev` runs one, and so do the tests.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

use crate::docket_service;
use crate::feed::{self, Feed};
use crate::grpc::auth::Gate;
use crate::grpc::pb::activity_service_server::ActivityServiceServer;
use crate::grpc::pb::directory_service_server::DirectoryServiceServer;
use crate::grpc::pb::issue_service_server::IssueServiceServer;
use crate::grpc::pb::tenant_service_server::TenantServiceServer;
use crate::grpc::pb::ticket_service_server::TicketServiceServer;
use crate::grpc::pb::workflow_service_server::WorkflowServiceServer;
use crate::grpc::rules::ActiveRules;
use crate::grpc::serve::{HttpLimits, ServeError, Server, Services};
use crate::grpc::state::State;
use crate::grpc::{activity, directory, issue, tenant, ticket, workflow};
use crate::identity::Verifier;
use crate::journal::{self, Journal};
use crate::projection::{self, Projections};
use crate::store;
use crate::telemetry::{Metrics, Phase};

/// What a server is given.
pub struct Setup {
    pub journal: journal::Config,
    pub feed: feed::Config,
    pub pool: store::pool::Settings,
    pub verifier: Verifier,
    /// Page tokens are authenticated with it; servers of one installation share it.
    pub page_secret: [u8; 32],
    pub rules: Arc<ActiveRules>,
    pub metrics: Arc<Metrics>,
    pub phase: watch::Sender<Phase>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(transparent)]
    Pool(#[from] store::pool::PoolError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The runtime that calls and streams are served on: by half of the processors, for the lanes and PostgreSQL want the rest.
/// TOKIO_WORKER_THREADS says otherwise.
pub fn runtime() -> std::io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
        builder.worker_threads(processors.div_ceil(2));
    }
    builder.enable_all().build()
}

/// Serves a migrated database until `shutdown` returns, then drains: calls, streams, and what waits in the lanes.
pub async fn serve(setup: Setup, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
    let Setup { journal, feed, pool, verifier, page_secret, rules, metrics, phase } = setup;
    let pool = store::pool::Pool::new(&journal.database_url, pool)?;
    let keeping = tokio::spawn(projection::keeper::keep(journal.database_url.clone()));
    let (publish, committed) = mpsc::channel(4096);
    let (journal, lanes) = Journal::start(journal, metrics.clone(), publish)?;
    let feed = Feed::new(feed, pool.clone(), metrics.clone(), phase.subscribe());
    let feeding = tokio::spawn(feed.clone().run(committed));
    let tokens = store::page::Tokens::new(&page_secret);
    let state = Arc::new(State { journal, pool, tokens, rules, feed, projections: Projections::default() });
    let services = Services::default()
        .with(docket_service!(TicketServiceServer::new(ticket::Tickets(state.clone()))))
        .with(docket_service!(IssueServiceServer::new(issue::Issues(state.clone()))))
        .with(docket_service!(DirectoryServiceServer::new(directory::Directory(state.clone()))))
        .with(docket_service!(TenantServiceServer::new(tenant::Tenants(state.clone()))))
        .with(docket_service!(ActivityServiceServer::new(activity::Activities(state.clone()))))
        .with(docket_service!(WorkflowServiceServer::new(workflow::Workflows(state))));
    let server =
        Server { services, gate: Gate::new(Arc::new(verifier)), metrics, limits: HttpLimits::default(), phase };
    let served = server.serve(listener, shutdown).await;
    if let Err(panicked) = tokio::task::spawn_blocking(move || lanes.drain()).await {
        tracing::error!("The lanes did not end in order: {panicked}");
    }
    feeding.abort();
    keeping.abort();
    Ok(served?)
}
