//! The metrics port: Prometheus metrics, liveness and readiness.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Metrics, Phase, Troubles};

#[derive(Clone)]
struct Shown {
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    troubles: Troubles,
}

/// Serves until `shutdown` completes: `/metrics`; `/healthz`, always 200, with `detail`; `/readyz`, 200 if the process is Ready and
/// has no trouble, with a line for each note, otherwise 503 with one line per trouble.
pub async fn serve_metrics(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    troubles: Troubles,
    detail: String,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let alive = format!("ok\n{detail}");
    let router = Router::new()
        .route("/metrics", get(show_metrics))
        .route("/healthz", get(move || std::future::ready(alive.clone())))
        .route("/readyz", get(show_phase))
        .with_state(Shown { metrics, phase, troubles });
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn show_metrics(State(shown): State<Shown>) -> Result<([(HeaderName, &'static str); 1], String), StatusCode> {
    let text = shown.metrics.text().map_err(|error| {
        tracing::error!("Metrics cannot be rendered: {error}");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

async fn show_phase(State(shown): State<Shown>) -> (StatusCode, String) {
    let troubles = shown.troubles.text();
    match *shown.phase.borrow() {
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, format!("starting\n{troubles}")),
        Phase::Ready if troubles.is_empty() => (StatusCode::OK, format!("ready\n{}", shown.troubles.notes())),
        Phase::Ready => (StatusCode::SERVICE_UNAVAILABLE, troubles),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("the port is open");
        let request = format!("GET {path} HTTP/1.1\r\nhost: docket\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    #[tokio::test]
    async fn the_port_shows_metrics_and_every_phase() {
        let metrics = Arc::new(Metrics::new().expect("metrics"));
        metrics.stream_opened();
        let (phase, watched) = watch::channel(Phase::Starting);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let troubles = Troubles::default();
        let stopped = async { stopped.await.unwrap_or(()) };
        let server = tokio::spawn(serve_metrics(
            listener,
            metrics,
            watched,
            troubles.clone(),
            "zone data 2026f\n".into(),
            stopped,
        ));

        assert!(get(address, "/metrics").await.contains("\ndocket_streams_open 1\n"));
        let alive = get(address, "/healthz").await;
        assert!(alive.starts_with("HTTP/1.1 200") && alive.ends_with("\r\n\r\nok\nzone data 2026f\n"), "{alive}");
        phase.send_replace(Phase::Ready);
        troubles.set("schema", Some("it lacks a table".into()));
        let red = get(address, "/readyz").await;
        assert!(red.starts_with("HTTP/1.1 503") && red.ends_with("schema: it lacks a table\n"), "{red}");
        troubles.set("schema", None);
        for (now, status) in [(Phase::Starting, 503), (Phase::Ready, 200), (Phase::Draining, 503)] {
            phase.send_replace(now);
            assert!(get(address, "/readyz").await.starts_with(&format!("HTTP/1.1 {status}")), "{now:?}");
        }
        phase.send_replace(Phase::Ready);
        troubles.note("rules", Some("the newest are refused".into()));
        let noted = get(address, "/readyz").await;
        assert!(
            noted.starts_with("HTTP/1.1 200") && noted.ends_with("ready\nrules: the newest are refused\n"),
            "{noted}"
        );
        assert!(get(address, "/secret").await.starts_with("HTTP/1.1 404"));
        stop.send(()).expect("the server runs");
        server.await.expect("no panic").expect("no error");
    }
}
