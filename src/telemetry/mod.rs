//! Logs, metrics, traces and the port that shows them. Floor 0: it knows nothing of tickets and nothing of gRPC.

mod http;
mod logs;
mod metrics;
mod otlp;
mod phase;
mod trace;
mod trouble;

pub use http::serve_metrics;
pub use logs::{LogFormat, check_filter, init_logs};
pub use metrics::{CallSeries, LaneSeries, Metrics};
pub use phase::Phase;
pub use trace::{CallSpan, Did, Trace, Traces, on_the_wall};
pub use trouble::Troubles;

/// What kept logs or metrics from starting, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("{variable} is not a log filter: {problem} (an example: info,docket::journal=debug)")]
    BadFilter { variable: &'static str, problem: String },
    #[error("logging was started twice")]
    LogsTwice,
    #[error("traces cannot be sent: {0}")]
    Traces(String),
    #[error("metrics cannot start: {0}")]
    Metrics(String),
}
