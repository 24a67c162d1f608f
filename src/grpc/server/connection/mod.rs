//! HTTP/2 on connections that were let in, and how they end: when nobody uses them, or when the server stops.

mod calls;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming as Received;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tonic::body::Body;
use tower::{Service, ServiceExt};

use self::calls::Calls;
use super::HttpLimits;
use super::accept::{Connection, Incoming};

/// Bytes of requests that a client may send before the server has taken them: by call, and by connection. Unfinished messages
/// are taken at once and counted on their own.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// What has so many times as much metadata as it may have is cut off by HTTP/2, which says no more than 431; less is told why.
const CUT_OFF: u32 = 4;

/// How long an idle client may take to go after it was told to.
const LEAVING: Duration = Duration::from_secs(10);

/// Serves connections until `stop` returns; then clients get GOAWAY, and it returns when all of them have gone.
pub async fn serve<S>(mut incoming: Incoming, service: S, limits: HttpLimits, stop: impl Future<Output = ()>)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let (stopping, stopped) = watch::channel(());
    let limits = Arc::new(limits);
    let mut stop = pin!(stop);
    loop {
        let connection = tokio::select! {
            () = &mut stop => break,
            Some(connection) = incoming.next() => connection,
            else => break,
        };
        tokio::spawn(serve_one(connection, service.clone(), limits.clone(), stopped.clone()));
    }
    // Nobody new is let in.
    drop((incoming, stopped));
    stopping.send_replace(());
    stopping.closed().await;
}

async fn serve_one<S>(connection: Connection, service: S, limits: Arc<HttpLimits>, mut stopped: watch::Receiver<()>)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let held = connection.held();
    let calls = Calls::new(limits.slow_after);
    let answer = service_fn(move |request: Request<Received>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(held.clone());
        service.clone().oneshot(request)
    });
    let mut serving = pin!(protocol(&limits, calls.clone()).serve_connection(TokioIo::new(connection), answer));
    let idle = tokio::select! {
        // What broke a connection is its client's affair.
        _ = &mut serving => return,
        _ = stopped.changed() => false,
        () = calls.unused_for(limits.idle_timeout) => true,
    };
    serving.as_mut().graceful_shutdown();
    let gone = async {
        if !idle {
            return std::future::pending().await;
        }
        // A call that was on its way is answered yet.
        tokio::time::sleep(LEAVING).await;
        calls.unused_for(LEAVING).await;
    };
    tokio::select! {
        _ = serving => {}
        () = gone => {}
    }
}

fn protocol(limits: &HttpLimits, calls: Calls) -> http2::Builder<Calls> {
    let mut protocol = http2::Builder::new(calls);
    protocol
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_pending_accept_reset_streams(limits.max_pending_accept_reset_streams)
        .max_header_list_size(limits.max_header_list_bytes.saturating_mul(CUT_OFF))
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout);
    protocol
}
