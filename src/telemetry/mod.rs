//! Logs, metrics, traces, and the metrics port. Layer 0: depends on neither tickets nor gRPC.

mod custom;
mod http;
mod logs;
mod metrics;
mod otlp;
mod phase;
mod rules;
mod series;
mod trace;
mod trouble;

pub use http::serve_metrics;
pub use logs::{LogFormat, check_filter, init_logs};
pub use metrics::Metrics;
pub use phase::Phase;
pub use series::{CallSeries, ConnectionSeries, DenialSeries, LaneSeries};
pub use trace::{CallSpan, FinishedSpan, Trace, Traces, on_the_wall};
pub use trouble::Troubles;

/// Why logs, metrics or traces could not be started, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("{variable} is not a valid log filter: {problem} (example: info,docket::journal=debug)")]
    BadFilter { variable: &'static str, problem: String },
    #[error("logging is already started")]
    LogsTwice,
    #[error("traces cannot be exported: {0}")]
    Traces(String),
    #[error("metrics cannot be started: {0}")]
    Metrics(String),
}
