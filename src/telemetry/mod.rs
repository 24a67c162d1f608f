//! Logs, metrics and the port that shows them. Floor 0: it knows nothing of tickets and nothing of gRPC.

mod http;
mod logs;
mod metrics;
mod phase;

pub use http::serve_metrics;
pub use logs::{LogFormat, init_logs};
pub use metrics::{CallSeries, LaneSeries, Metrics};
pub use phase::Phase;

/// What kept logs or metrics from starting, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("{variable} is not a log filter: {problem} (an example: info,docket::journal=debug)")]
    BadFilter { variable: &'static str, problem: String },
    #[error("logging was started twice")]
    LogsTwice,
    #[error("metrics cannot start: {0}")]
    Metrics(String),
}
