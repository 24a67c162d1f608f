//! The gRPC server: limits, the call layer, services, health, reflection, and graceful shutdown.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::{Layer, Service};

mod accept;
mod certificate;
mod client_identities;
mod connection;
pub mod gate;
pub mod layers;
pub mod methods;
#[cfg(test)]
mod roles_page;
mod tls;

use accept::Incoming;
pub use client_identities::ClientIdentities;
pub use tls::{Tls, TlsError};

use crate::grpc::pb;
use crate::grpc::server::gate::Gate;
use crate::grpc::server::layers::{CallLayer, QuotaLimits};
use crate::telemetry::{Metrics, Phase, Traces, Troubles};

/// Health watchers hear NOT_SERVING at once; after this they are told to go.
const HEALTH_LINGER: Duration = Duration::from_secs(1);

/// What one connection may ask for. The defaults are what `docket serve` uses.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Connections at once, in all and of one address (of IPv6, one network of 64 bits).
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    /// How long TLS and HTTP/2's preface may take together.
    pub handshake_timeout: Duration,
    /// A connection without calls is closed after so long.
    pub idle_timeout: Duration,
    /// A call ends when its client took no part of the answer for so long.
    pub slow_after: Duration,
    /// Calls at once on one connection.
    pub max_concurrent_streams: u32,
    /// Streams that a client opened and reset before they were accepted; beyond it the connection ends (rapid reset).
    pub max_pending_accept_reset_streams: usize,
    /// All metadata of a request, in bytes, as HTTP/2 counts them.
    pub max_header_list_bytes: u32,
    /// A silent connection is asked for a sign of life this often, and ends when none comes in `keepalive_timeout`.
    pub keepalive_interval: Duration,
    pub keepalive_timeout: Duration,
    /// How long running calls may take to end when the server stops.
    pub drain: Duration,
}

impl Default for HttpLimits {
    fn default() -> HttpLimits {
        HttpLimits {
            max_connections: 4096,
            max_connections_per_address: 1024,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(600),
            slow_after: Duration::from_secs(30),
            max_concurrent_streams: 200,
            max_pending_accept_reset_streams: 20,
            max_header_list_bytes: 8 * 1024,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            drain: Duration::from_secs(20),
        }
    }
}

/// The services of docket.v1 that this server answers.
#[derive(Default)]
pub struct Services {
    routes: Routes,
    names: Vec<&'static str>,
}

impl Services {
    /// Adds one.
    pub fn with<S>(mut self, service: S) -> Services
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }
}

/// All that a server is made of, but its socket.
pub struct Server {
    pub services: Services,
    pub gate: Gate,
    pub metrics: Arc<Metrics>,
    pub traces: Traces,
    pub limits: HttpLimits,
    pub quotas: QuotaLimits,
    /// Absent: calls are taken in plain text.
    pub tls: Option<Tls>,
    /// Whether clients may ask for the descriptors.
    pub reflection: bool,
    /// While there is any, health says NOT_SERVING.
    pub troubles: Troubles,
    /// Set to Ready when calls are taken, to Draining when the server is told to stop. Streams watch it.
    pub phase: watch::Sender<Phase>,
}

impl Server {
    /// Serves until `shutdown` returns, then drains: health says NOT_SERVING, streams are told to end, clients get
    /// GOAWAY, running calls end. Returns when all connections are closed, or when `limits.drain` is over.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let Server { services, gate, metrics, traces, limits, quotas, tls, reflection, troubles, phase } = self;
        let Services { routes, names } = services;
        let health = HealthReporter::new();
        let routes = if reflection { described(routes, &names)? } else { routes };
        let routes = routes.add_service(health_service(&health));

        let (stop, stopped) = oneshot::channel::<()>();
        let incoming = Incoming::start(listener, tls, &limits, &metrics);
        // Its type holds those of all layers and services, which the compiler would look through at each use.
        let calls = CallLayer::new(gate, &metrics, traces, limits.max_header_list_bytes, quotas);
        let mut serving: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(connection::serve(incoming, calls.layer(routes.prepare()), limits.clone(), async {
                stopped.await.unwrap_or(())
            }));

        let names: Vec<&str> = names.into_iter().chain([""]).collect();
        tell(&health, &names, status(&troubles)).await;
        phase.send_replace(Phase::Ready);
        tokio::select! {
            () = &mut serving => return Ok(()),
            () = shutdown => {}
            () = show(&health, &names, &troubles) => {}
        }
        phase.send_replace(Phase::Draining);
        tell(&health, &names, ServingStatus::NotServing).await;
        // The receiver lives in `serving`, so this arrives; were it gone, the server would have ended already.
        let _ = stop.send(());
        if tokio::time::timeout(HEALTH_LINGER.min(limits.drain), &mut serving).await.is_ok() {
            return Ok(());
        }
        end_watchers(health, &names).await;
        if tokio::time::timeout(limits.drain.saturating_sub(HEALTH_LINGER), &mut serving).await.is_err() {
            tracing::warn!("Calls still run {:?} after the stop; they are cut off", limits.drain);
        }
        Ok(())
    }
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the descriptors for reflection cannot be read: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

fn health_service(
    health: &HealthReporter,
) -> tonic_health::pb::health_server::HealthServer<tonic_health::server::HealthService> {
    let service = tonic_health::server::HealthService::from_health_reporter(health.clone());
    tonic_health::pb::health_server::HealthServer::new(service)
}

/// Both versions: Python's grpcio-reflection and older grpcurl speak v1alpha only. Names what is served, nothing else.
fn described(routes: Routes, names: &[&'static str]) -> Result<Routes, ServeError> {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        names.iter().fold(builder, |builder, name| builder.with_service_name(*name))
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

/// Health follows the troubles, for ever.
async fn show(health: &HealthReporter, names: &[&str], troubles: &Troubles) {
    let mut watched = troubles.watch();
    loop {
        tell(health, names, status(troubles)).await;
        if watched.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

fn status(troubles: &Troubles) -> ServingStatus {
    if troubles.any() { ServingStatus::NotServing } else { ServingStatus::Serving }
}

async fn tell(health: &HealthReporter, names: &[&str], status: ServingStatus) {
    for name in names {
        health.set_service_status(name, status).await;
    }
}

/// A watcher's stream ends when its status is gone; without this it would hold its connection open for ever.
async fn end_watchers(mut health: HealthReporter, names: &[&str]) {
    for name in names {
        health.clear_service_status(name).await;
    }
}

#[cfg(test)]
mod tests;
